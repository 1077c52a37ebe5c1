// What zod found, in our words and at the place where it stands in the file.

import * as z from 'zod';
import { nearest } from './nearest.ts';
import type { Problem, ProblemCode } from './problems.ts';
import { formIndex, isMapType, keysOf, kindOf, type Type, typeAt, wordsFor, wordsForNames } from './schemaWalk.ts';
import { type KeyPath, keyPlaceAt, keyText, parentPlaceAt, type Tree, treeAt, valuePlaceAt } from './tree.ts';

type Issue = z.core.$ZodIssue;

/** Values as zod wants them. Of a substituted text it takes the first reading that its key accepts. */
export function plain(tree: Tree, type: Type | undefined): unknown {
  switch (tree.kind) {
    case 'map': {
      const map: Record<string, unknown> = Object.create(null);
      // Forms of a union are told apart by their keys, which are known before their values.
      const keys = Object.fromEntries([...tree.entries.keys()].map((key) => [key, null]));
      for (const [key, entry] of tree.entries) {
        map[key] = plain(entry.tree, type === undefined ? undefined : typeAt(type, keys, [key]));
      }
      return map;
    }
    case 'list':
      return tree.items.map((item, index) => plain(item, type === undefined ? undefined : typeAt(type, [], [index])));
    case 'scalar': {
      if (tree.readings === undefined || type === undefined) return tree.value;
      const accepted = tree.readings.find((reading) => z.safeParse(type, reading).success);
      return accepted === undefined ? tree.value : accepted;
    }
  }
}

/** Every issue as one or more problems. `raw` is what was judged by `schema`; `tree` is where it came from. */
export function complaints(schema: Type, raw: unknown, issues: readonly Issue[], tree: Tree): readonly Problem[] {
  return issues.flatMap((issue) => complaint({ schema, raw, tree }, issue, issue.path.map(step)));
}

interface Judged {
  readonly schema: Type;
  readonly raw: unknown;
  readonly tree: Tree;
}

function complaint(judged: Judged, issue: Issue, path: KeyPath): readonly Problem[] {
  const { schema, raw, tree } = judged;
  const value = valueAt(raw, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(judged, path, key));
    case 'invalid_key': {
      const parent = path.slice(0, -1);
      const type = typeAt(schema, raw, parent);
      const words = type === undefined ? undefined : wordsForNames(type, valueAt(raw, parent));
      const what = `the name must ${words?.must ?? 'be another one'}`;
      const place = keyPlaceAt(tree, path) ?? parentPlaceAt(tree, path);
      return [{ code: 'bad_name', place, key: keyText(path), what, fix: words?.fix ?? 'Choose another name.' }];
    }
    case 'invalid_union': {
      if (value === undefined) return [missingKey(judged, path)];
      const type = typeAt(schema, raw, path);
      const index = kindOf(value) === 'scalar' || type === undefined ? undefined : formIndex(optionsOf(type), value);
      const inner = index === undefined ? undefined : issue.errors[index];
      if (inner !== undefined) return inner.flatMap((one) => complaint(judged, one, [...path, ...one.path.map(step)]));
      return [badValue(judged, issue, path, value)];
    }
    default:
      return [value === undefined ? missingKey(judged, path) : badValue(judged, issue, path, value)];
  }
}

function unknownKey({ schema, raw, tree }: Judged, parent: KeyPath, key: string): Problem {
  const path = [...parent, key];
  const type = typeAt(schema, raw, parent);
  const keys = type === undefined ? [] : keysOf(type, valueAt(raw, parent));
  const meant = nearest(key, keys);
  const list = keys.length > 12 ? `${keys.slice(0, 12).join(', ')} …` : keys.join(', ');
  let fix = meant === undefined ? `Remove it; the keys here are ${list}.` : `Rename it to "${meant}".`;
  if (key === '<<') fix = 'Merge keys are not known; put what streams have in common below `defaults:`.';
  const place = keyPlaceAt(tree, path) ?? parentPlaceAt(tree, path);
  return { code: 'unknown_key', place, key: keyText(path), what: 'there is no such key', fix };
}

function missingKey({ schema, raw, tree }: Judged, path: KeyPath): Problem {
  const type = typeAt(schema, raw, path);
  const words = type === undefined ? undefined : wordsFor(type, undefined);
  const place = parentPlaceAt(tree, path);
  return { code: 'missing_key', place, key: keyText(path), what: 'is missing', fix: words?.fix ?? 'Write this key.' };
}

function badValue({ schema, raw, tree }: Judged, issue: Issue, path: KeyPath, value: unknown): Problem {
  const type = typeAt(schema, raw, path);
  const words = type === undefined ? undefined : wordsFor(type, value);
  const wantsKeys = type !== undefined && isMapType(type);
  const must = words?.must ?? (wantsKeys ? 'be a map of keys' : 'be something else');
  const reason = issue.code === 'custom' ? issue.params?.['because'] : undefined;
  const because = typeof reason === 'string' ? `, which ${reason}` : '';
  const here = treeAt(tree, path);
  const meant = typeof value === 'string' ? nearest(value, words?.choices ?? []) : undefined;
  const fix = words?.fix ?? 'Write its keys below it, indented, or remove it.';
  return {
    code: codeOf(issue),
    place: valuePlaceAt(tree, path) ?? parentPlaceAt(tree, path),
    key: keyText(path),
    what: `must ${must}, is ${here === undefined ? 'something else' : shown(here)}${because}`,
    fix: meant === undefined ? fixFor(fix, value, issue) : `Write ${meant}.`,
  };
}

function codeOf(issue: Issue): ProblemCode {
  switch (issue.code) {
    case 'too_small':
    case 'too_big':
    case 'not_multiple_of':
      return 'out_of_range';
    case 'custom':
      return issue.params?.['because'] === undefined ? 'out_of_range' : 'bad_value';
    case 'invalid_type':
      return 'wrong_type';
    default:
      return 'bad_value';
  }
}

/** Mistakes that YAML invites. */
function fixFor(fix: string, value: unknown, issue: Issue): string {
  if (issue.code === 'invalid_type' && typeof value === 'string' && /^\d{1,3}(?:_\d{3})+$/.test(value)) {
    return `Write ${value.replaceAll('_', '')}: in YAML, 1_000 is a text.`;
  }
  if (
    issue.code === 'invalid_type' &&
    issue.expected === 'string' &&
    (typeof value === 'number' || typeof value === 'boolean')
  ) {
    return `${fix} A text that looks like a number or a flag needs quotes.`;
  }
  return fix;
}

/** What stands there, as far as it may be shown. */
function shown(tree: Tree): string {
  if (tree.kind === 'map') return tree.entries.size === 0 ? 'an empty map' : 'a map';
  if (tree.kind === 'list') return tree.items.length === 0 ? 'an empty list' : 'a list';
  if (tree.secret) return '***';
  if (tree.readings !== undefined) return `what ${JSON.stringify(tree.written)} gives`;
  if (tree.value === null) return 'empty';
  const text = typeof tree.value === 'string' ? JSON.stringify(tree.value) : tree.written;
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function optionsOf(type: Type): readonly Type[] {
  let here = (type as z.core.$ZodTypes)._zod.def;
  while (here.type === 'optional' || here.type === 'prefault') here = (here.innerType as z.core.$ZodTypes)._zod.def;
  return here.type === 'union' ? here.options : [];
}

function valueAt(raw: unknown, path: KeyPath): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[key];
  }
  return value;
}

function step(key: PropertyKey): string | number {
  return typeof key === 'symbol' ? String(key) : key;
}
