import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { Config, generatedJsonSchema } from '../../src/config/schema.ts';

const read = (name: string): string => readFileSync(new URL(`../../config/${name}`, import.meta.url), 'utf8');
const text = read('default.yaml');
const written = parseYaml(text);

interface Node {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
  readonly additionalProperties?: Node | false;
}

interface Key {
  readonly path: readonly string[];
  readonly node: Node;
}

/** All keys of the schema. Those that stand in `defaults` are not repeated for the stream. */
function keysBelow(node: Node, path: readonly string[]): readonly Key[] {
  return [node, ...(node.anyOf ?? [])].flatMap(({ properties = {}, additionalProperties }) => [
    ...Object.entries(properties)
      .filter(([key]) => path.length !== 2 || path[0] !== 'streams' || !(key in defaultKeys))
      .flatMap(([key, child]) => [{ path: [...path, key], node: child }, ...keysBelow(child, [...path, key])]),
    ...(path.length === 1 && path[0] === 'streams' && additionalProperties
      ? keysBelow(additionalProperties, [...path, 'example'])
      : []),
  ]);
}

const schema = generatedJsonSchema() as Node;
const defaultKeys = schema.properties?.['defaults']?.properties ?? {};
const keys = keysBelow(schema, []);
const isGroup = ({ node }: Key): boolean => node.properties !== undefined && Object.keys(node.properties).length > 0;

function at(path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], written);
}

/** The path of every value in the file, down to what the schema calls a value. */
function writtenPaths(value: unknown, path: readonly string[]): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path.join('.')];
  const entries = Object.entries(value);
  if (entries.length === 0) return [path.join('.')];
  return entries.flatMap(([key, child]) => writtenPaths(child, [...path, key]));
}

describe('the documented default configuration', () => {
  it('was read', () => {
    expect(keys.length).toBeGreaterThan(70);
  });

  it.each(
    keys.filter((key) => !isGroup(key) && key.node.default !== undefined).map((key) => [key.path.join('.'), key]),
  )('has the default of %s', (_name, key) => {
    if (at(key.path.slice(0, -1)) === undefined || at(key.path.slice(0, -1)) === false) {
      // Belongs to something that is off, and is shown in a comment.
      expect(text).toMatch(new RegExp(`^ *#.*\\b${key.path.at(-1)}: ${String(key.node.default)}\\b`, 'm'));
    } else {
      expect(at(key.path)).toEqual(key.node.default);
    }
  });

  it.each(keys.filter((key) => key.node.default === undefined).map((key) => [key.path.join('.'), key]))(
    'tells of %s, which has none',
    (_name, key) => {
      if (at(key.path) === undefined) expect(text).toMatch(new RegExp(`^ *#.*\\b${key.path.at(-1)}:(?= |$)`, 'm'));
    },
  );

  it('has nothing that the schema does not know', () => {
    const known = new Set(keys.map(({ path }) => path.join('.')));
    for (const path of writtenPaths(written, [])) expect(known).toContain(path);
    expect(Config.safeParse(written).success).toBe(true);
  });

  it('means the same as nothing at all', () => {
    const bare = { streams: { example: { topic: 'example', value: '$.value' } } };
    expect(Config.parse(written)).toEqual(Config.parse(bare));
  });
});

describe('the JSON Schema', () => {
  // npm run --silent gruard -- config schema > config/gruard.schema.json && npm run format
  it('in config/gruard.schema.json is current', () => {
    expect(JSON.parse(read('gruard.schema.json'))).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  it.each(keys.map((key) => [key.path.join('.'), key]))('explains %s', (_name, key) => {
    expect(key.node.description).toMatch(/\w/);
  });

  it('is named by the shipped files', () => {
    for (const name of ['default.yaml', 'demo.yaml', 'kafka.yaml']) {
      expect(read(name).split('\n')[0]).toBe('# yaml-language-server: $schema=./gruard.schema.json');
    }
  });
});
