import { describe, expect, it } from 'vitest';
import { blanked, functionsIn, sourceOf } from './sourceText.ts';

describe('the reading of sources', () => {
  it('blanks comments, strings, templates and patterns, and leaves the rest in place', () => {
    const cases: readonly (readonly [string, string])[] = [
      ["a('x // y'); // z", "a('      ');     "],
      [`b(\`p $${'{'}q({ r: \`s\` })} t\`);`, `b(\`  $${'{'}q({ r: \` \` })}  \`);`],
      ["c.match(/[/']\\//); d / e / f", 'c.match(/      /); d / e / f'],
      ['/* g\n * h */ i', '    \n        i'],
      ["const j = 'it\\'s'; k", "const j = '     '; k"],
    ];
    for (const [text, code] of cases) expect(blanked(text).code).toBe(code);
  });

  it('finds imports in every form, but not in strings or comments', () => {
    const file = sourceOf('src/a/b.ts', [
      "import type { A } from './c.ts'; // from './no.ts'",
      'import {',
      '  d,',
      "} from '../e.ts';",
      "import 'node:fs';",
      "const f = await import('yaml');",
      'const text = "import \'./no.ts\'";',
    ]);
    expect(file.imports.map(({ target }) => target)).toEqual(['src/a/c.ts', 'src/e.ts', 'node:fs', 'yaml']);
  });

  it('measures functions from their first line to their last', () => {
    const file = sourceOf('src/a.ts', [
      'export async function one(',
      '  a: number,',
      '): Promise<void> {',
      '  if (a > 1) {',
      '    b();',
      '  }',
      '}',
      'const two = (): void => {',
      '  b();',
      '};',
      'const short = () => 1;',
    ]);
    expect(functionsIn(file)).toEqual([
      { name: 'one', line: 1, lines: 7 },
      { name: 'two', line: 8, lines: 3 },
    ]);
  });
});
