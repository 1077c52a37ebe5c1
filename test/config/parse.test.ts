import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { plain } from '../../src/config/complaints.ts';
import { parse } from '../../src/config/parse.ts';
import { problemsText } from '../../src/config/problems.ts';

function read(text: string, environment: Readonly<Record<string, string>> = {}) {
  const file = { name: 'a.yaml', text, secrets: [] };
  const { tree, problems } = parse(file, environment);
  return {
    value: tree === undefined ? undefined : JSON.parse(JSON.stringify(plain(tree, undefined))),
    codes: problems.map(({ code }) => code),
    text: problems.length === 0 ? '' : problemsText(problems),
  };
}

describe('a file', () => {
  it('means what YAML 1.2 says', () => {
    const text = 'a: yes\nb: true\nc: 12:30\nd: 0x1F\ne: 1_000\nf: 2026-01-01\ng: ~\nh: [1, 2.5]\n';
    const h = [1, 2.5];
    expect(read(text).value).toEqual({ a: 'yes', b: true, c: '12:30', d: 31, e: '1_000', f: '2026-01-01', g: null, h });
  });

  it('means the same under a directive for an older YAML', () => {
    expect(read('%YAML 1.1\n---\na: yes\nb: 1_000\n').value).toEqual({ a: 'yes', b: '1_000' });
  });

  it.each(['', '\n', '# nothing\n', '---\n'])('may be empty: %j', (text) => {
    expect(read(text)).toEqual({ value: {}, codes: [], text: '' });
  });

  it('may use anchors and aliases', () => {
    expect(read('a: &x { y: 1 }\nb: *x\nc: [*x, *x]\n').value).toEqual({
      a: { y: 1 },
      b: { y: 1 },
      c: [{ y: 1 }, { y: 1 }],
    });
  });

  it('is read as it was written, whatever it holds', () => {
    const key = fc.stringMatching(/^[a-z_.$]{1,8}$/).filter((name) => !/pass|secret|token|credential/.test(name));
    const leaf = fc.oneof(
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.string().map((text) => text.replaceAll('$', '')),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(key, fc.oneof({ maxDepth: 4 }, leaf, fc.array(leaf, { maxLength: 4 }), tie('tree')), {
        noNullPrototype: true,
      }),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(read(stringify(value))).toEqual({ value, codes: [], text: '' });
      }),
    );
  });
});

describe('substitution', () => {
  const environment = { N: '16', S: 'a: [1', Z: '0777', P: '$.x' };

  it('can never become structure', () => {
    expect(read(`x: \${env:S}\ny: "\${env:S}"\n`, environment).value).toEqual({ x: 'a: [1', y: 'a: [1' });
  });

  it('leaves keys, comments and paths alone', () => {
    expect(read(`"\${env:N}": $.a\n# \${env:NONE}\nb: $partition\n`, environment).value).toEqual({
      [`\${env:N}`]: '$.a',
      b: '$partition',
    });
  });

  it('reports all that is unset, each at its place', () => {
    const { codes, text } = read(`a: \${env:A}\nb:\n  - "\${env:B}"\n`);
    expect(codes).toEqual(['unset_variable', 'unset_variable']);
    expect(text).toContain('a.yaml:1:4: ');
    expect(text).toContain('a.yaml:3:5: ');
  });
});

describe('hostile files', () => {
  it.each([
    ['brackets', `a: ${'['.repeat(100_000)}`],
    ['indentation', `${'- '.repeat(100_000)}x`],
    ['an alias of itself', 'a: &a [*a]\n'],
    ['a bomb of aliases', bomb(9, 9)],
    ['long lists under many aliases', `a: &a [${'1,'.repeat(50_000)}]\n${repeat(90, (i) => `b${i}: *a\n`)}`],
  ])('are refused soon: %s', (_name, text) => {
    expect(read(text).codes).toEqual(['yaml_limit']);
  });

  it('with 30 000 keys are read', () => {
    expect(read(repeat(30_000, (i) => `k${i}: 1\n`)).codes).toEqual([]);
  });

  it.each([
    ['__proto__: { a: 1 }\n', ['bad_name']],
    ['a: { __proto__: 1 }\n', ['bad_name']],
    ['? [a]\n: 1\n', ['bad_name']],
    ['? { a: 1 }\n: 1\n', ['bad_name']],
    [': 1\n', ['bad_name']],
  ])('have no odd keys: %j', (text, codes) => {
    expect(read(text).codes).toEqual(codes);
  });

  it('never make it fail', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&a',
      '*a',
      '!t',
      '|',
      '#',
      `\${`,
      '%',
      '\t',
      ',',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const { value, codes } = read(pieces.join(''));
        expect(value === undefined).toBe(codes.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('secrets', () => {
  it.each([
    'password: hunter2\npassword: hunter2\n',
    'kafka: { sasl: { pasword: hunter2, x: 01 } }\n',
    'kafka: { sasl: { unknown: hunter2, x: 01 } }\n',
    'kafka: { sasl: { password: [hunter2, 01] } }\n',
    'kafka: { sasl: hunter2, x: 01 }\n',
    'kafka: { sasl: [hunter2], x: 01 }\n',
    'http: { auth: hunter2, x: 01 }\n',
    'http: { auth: { basic: { hunter: hunter2 } }, x: 01 }\n',
    'http: { bearer: hunter2, x: 01 }\n',
    'http: { auth: { bearer: hunter2, x: [ }\n',
    'a: { api_token: hunter2, x: 01 }\n',
    'a: { password: *b, c: &c hunter2, d: *c, password: *c }\n',
    'a: { password: hunter2, b: [ }\n',
    'a: { password: "hunter2 }\n',
    'a: { password: hunter2: b }\n',
    `password: "pa\${hunter2"\n`,
    `password: "\${hunter2}"\n`,
    'password: 0112233\n',
    'password: |\n  hunter2\n  hunter2\nb: 01\npassword: hunter2\n',
    `{ password: hunter2, a: ${'['.repeat(100)} }\n`,
  ])('are not shown: %j', (text) => {
    const shown = read(text).text;
    expect(shown).toContain('error[');
    expect(shown).not.toMatch(/hunter2|112233/);
  });
});

it('reads the shipped files', () => {
  for (const name of ['default', 'demo', 'kafka']) {
    expect(read(readFileSync(new URL(`../../config/${name}.yaml`, import.meta.url), 'utf8')).codes).toEqual([]);
  }
});

function bomb(levels: number, width: number): string {
  const level = (i: number): string =>
    `a${i + 1}: &a${i + 1} [${Array.from({ length: width }, () => `*a${i}`).join(',')}]\n`;
  return `a0: &a0 [x]\n${repeat(levels, level)}`;
}

function repeat(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join('');
}
