import { describe, expect, it } from 'vitest';
import { complaints, plain } from '../../src/config/complaints.ts';
import { parse } from '../../src/config/parse.ts';
import { Config } from '../../src/config/schema.ts';

function judge(text: string, environment: Readonly<Record<string, string>> = {}): readonly string[] {
  const { tree, problems } = parse({ name: 'a.yaml', text, secrets: [] }, environment);
  if (tree === undefined) return problems.map(({ code, key }) => `${code} ${key}`);
  const raw = plain(tree, Config);
  const result = Config.safeParse(raw);
  if (result.success) return [];
  return complaints(Config, raw, result.error.issues, tree).map(({ code, key }) => `${code} ${key}`);
}

const stream = 'streams: { a: { topic: t, value: $.v } }\n';

describe('all problems at once', () => {
  it('of keys, names, values and what is missing', () => {
    const text = `kafkaa: {}\nlanes: 0\nlog: loud\nhttp: { listen: 1 }\nstreams:\n  a: { value: 5 }\n  2b: {}\n`;
    expect([...judge(text)].sort()).toEqual([
      'bad_name streams.2b',
      'missing_key streams.a.topic',
      'out_of_range lanes',
      'unknown_key kafkaa',
      'wrong_type http.listen',
      'wrong_type log',
      'wrong_type streams.a.value',
    ]);
  });

  it('follows the form of a union that was meant', () => {
    expect(judge(`${stream}defaults: { time: { path: $.t, unt: s } }\n`)).toEqual(['unknown_key defaults.time.unt']);
    expect(judge(`${stream}defaults: { time: { start: 2026-01-01 } }\n`)).toEqual(['missing_key defaults.time.every']);
    expect(judge(`${stream}defaults: { time: [] }\n`)).toEqual(['bad_value defaults.time']);
    expect(judge(`${stream}kafka: { tls: { insecure: 1, ca: 2 } }\n`)).toHaveLength(2);
    expect(judge('streams: { a: { topic: [t, 5, "b c"], value: $.v } }\n')).toEqual([
      'wrong_type streams.a.topic[1]',
      'bad_value streams.a.topic[2]',
    ]);
  });

  it('knows no other keys, wherever they are', () => {
    for (const key of ['overload: { a: 1 }', 'limits: { cpu: 1 }', 'state: { fsync: true }', 'log: { file: x }']) {
      expect(judge(`${stream}${key}\n`)).toEqual([expect.stringMatching(/^unknown_key /)]);
    }
    for (const key of ['uid: x', 'topic: t', 'value: $.a', 'series: {}', 'columns: [a]', 'where: {}']) {
      expect(judge(`${stream}defaults: { ${key} }\n`)).toEqual([expect.stringMatching(/^unknown_key /)]);
    }
  });

  it('lets no stream through that has an odd name', () => {
    expect(judge('streams: { constructor: { topic: t, value: $.v } }\n')).toEqual([]);
    expect(judge('streams: { __proto__: { topic: t, value: $.v } }\n')).toEqual(['bad_name streams']);
  });
});

describe('what is put in place of a substitution', () => {
  const environment = { N: '16', T: 'true', W: 'abc' };
  const value = (line: string, path: readonly string[]): unknown => {
    const { tree } = parse({ name: 'a.yaml', text: line, secrets: [] }, environment);
    let found: unknown = tree === undefined ? undefined : plain(tree, Config);
    for (const key of path) found = (found as Record<string, unknown>)[key];
    return found;
  };

  it('is a number or flag where its key wants one, quoted or not', () => {
    const hidden = ['defaults', 'model', 'hidden'];
    expect(value(`defaults: { model: { hidden: "\${env:N}" } }`, hidden)).toBe(16);
    expect(value(`defaults:\n  model:\n    hidden: \${env:N}`, hidden)).toBe(16);
    expect(value(`lanes: "\${env:N}"`, ['lanes'])).toBe(16);
    expect(value(`kafka: { tls: { insecure: "\${env:T}" } }`, ['kafka', 'tls', 'insecure'])).toBe(true);
  });

  it('is a text where its key wants one', () => {
    expect(value(`kafka:\n  group: \${env:N}`, ['kafka', 'group'])).toBe('16');
    expect(value(`kafka:\n  sasl:\n    password: \${env:N}`, ['kafka', 'sasl', 'password'])).toBe('16');
  });

  it('follows YAML where both will do', () => {
    const where = ['streams', 'a', 'where', '$.x'];
    expect(value(`streams: { a: { where: { $.x: "\${env:N}" } } }`, where)).toBe('16');
    expect(value(`streams:\n  a:\n    where:\n      $.x: \${env:N}`, where)).toBe(16);
  });

  it('is refused like any other value', () => {
    expect(judge(`${stream}lanes: "\${env:W}"\n`, environment)).toEqual(['bad_value lanes']);
  });
});
