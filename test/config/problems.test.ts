import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lineNumber, type Problem, problemsText, problemText } from '../../src/config/problems.ts';

function problem(text: string, start: number, end: number, secrets: (readonly [number, number])[] = []): Problem {
  const place = { file: { name: 'a.yaml', text, secrets }, start, end };
  return { code: 'bad_value', place, key: 'a.b', what: 'must be x, is y', fix: 'Write x.' };
}

it('shows place, line, mark and mend', () => {
  expect(problemText(problem('one: 1\n  two: 2\n', 14, 15), 'error', false)).toBe(
    `a.yaml:2:8: error[bad_value] a.b: must be x, is y.
    2 |   two: 2
      |        ^
      fix: write x.
`,
  );
});

it('sorts by place and counts', () => {
  const text = problemsText(
    [problem('a\nb\n', 2, 3), problem('a\nb\n', 0, 1)].map((one, _, [first]) => ({
      ...one,
      place: { ...one.place, file: first?.place.file ?? one.place.file },
    })),
  );
  expect(text.indexOf('a.yaml:1:1')).toBeLessThan(text.indexOf('a.yaml:2:1'));
  expect(text).toMatch(/\n2 problems in a\.yaml\. Nothing was started\.\n$/);
});

it('shows a hundred problems and counts the rest', () => {
  const text = problemsText(Array.from({ length: 250 }, () => problem('a', 0, 1)));
  expect(text.match(/error\[/g)).toHaveLength(100);
  expect(text).toContain('… and 150 more.\n250 problems in');
});

it('has colours only when asked', () => {
  expect(problemsText([problem('a', 0, 1)])).not.toContain('\u001b');
  expect(problemsText([problem('a', 0, 1)], true)).toContain('\u001b');
});

it('masks secrets and moves the mark with the text', () => {
  const text = 'sasl: { password: hunter2, mechanism: x }\n';
  const at = text.indexOf('x }');
  const from = text.indexOf('hunter2');
  const shown = problemText(problem(text, at, at + 1, [[from, from + 7]]), 'error', false);
  expect(shown).toContain(`
    1 | sasl: { password: ***, mechanism: x }
      |                                   ^
`);
  expect(shown).not.toContain('hunter2');
});

it('masks the lines of a secret that has several', () => {
  const text = 'password: |\n  hunter2\n  hunter3\nx: 1\n';
  const secret = [text.indexOf('|'), text.indexOf('x:')] as const;
  for (const word of ['hunter2', 'hunter3']) {
    const at = text.indexOf(word);
    expect(problemText(problem(text, at, at + 3, [secret]), 'error', false)).not.toContain(word);
  }
});

it('cuts long lines around the mark', () => {
  const text = `a: ${'x'.repeat(5000)}!${'y'.repeat(5000)}`;
  const lines = problemText(problem(text, 5003, 5004), 'error', false).split('\n');
  for (const line of lines) expect(line.length).toBeLessThan(140);
  expect(lines[1]?.charAt(lines[2]?.indexOf('^') ?? -1)).toBe('!');
});

it('shows no control characters', () => {
  expect(problemText(problem('a: \u001b[31m\u202eb\r\n', 0, 1), 'error', false)).toContain(
    '    1 | a: \ufffd[31m\ufffdb\n',
  );
});

it('says nothing of lines where a file could not be read', () => {
  expect(problemText(problem('', 0, 0), 'error', false).split('\n')).toHaveLength(3);
});

it('marks exactly what it was told to, wherever that is', () => {
  const line = fc.stringMatching(/^[a-z:\t ]{0,100}$/);
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.integer({ min: 1, max: 10 }),
      (all, n, m) => {
        const text = all.join('\n');
        const start = n % Math.max(1, text.length);
        const shown = problemText(problem(text, start, start + m), 'error', false);
        const before = text.slice(0, start).split('\n');
        const column = (before.at(-1) ?? '').length + 1;
        if (text !== '') expect(shown).toContain(`a.yaml:${before.length}:${column}:`);
        expect(lineNumber(problem(text, start, start + m).place)).toBe(before.length);
      },
    ),
  );
});
