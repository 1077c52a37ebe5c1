// Runs of abnormal windows: the slow evidence that opens episodes.

import { describe, expect, it } from 'vitest';
import { detect, QUIET, type Window } from '../support/detection.ts';

describe('a run of abnormal windows', () => {
  it.each([
    { run: [4, 4, 4, 4], kinds: [] },
    { run: [4, 4, 4, 4, 4], kinds: ['5 opened spike', '6 closed spike'] },
    { run: [4.6, 4.6, 4.6, 4.6], kinds: ['4 opened spike', '5 closed spike'] },
    { run: [7, 7], kinds: ['2 opened spike', '3 closed spike'] },
    { run: [7, 3.9, 7], kinds: [] },
    { run: [11], kinds: [] },
  ])('opens at a run of abnormal windows that gathers ten decades: $run', ({ run, kinds }) => {
    const windows = [QUIET, ...run.map((point) => ({ point, pooled: 3 })), QUIET];
    expect(detect(windows, {}, 3000).kinds).toEqual(kinds);
    expect(detect(windows, {}, 1000).kinds, 'in its first week').toEqual([]);
  });

  it('ends a run at a window that the policies do not count', () => {
    const run = (value: number): Window[] =>
      [4, 4, 4, 4, 4].map((point, i) => ({ point, pooled: 3, value: i < 2 ? value : 150 }));
    expect(detect([QUIET, ...run(150)], { direction: 'above' }, 3000).kinds).toEqual(['5 opened spike']);
    expect(detect([QUIET, ...run(50)], { direction: 'above' }, 3000).kinds).toEqual([]);
  });

  it('opens nothing more for a run that goes on when its episode ended in a new regime', () => {
    const abnormal = { point: 4.5, pooled: 3 };
    const long = new Array<Window>(400).fill(abnormal);
    const { kinds } = detect([QUIET, ...long, QUIET, ...long.slice(0, 4), QUIET], {}, 3000);
    expect(kinds.filter((kind) => !kind.includes('continuing'))).toEqual([
      '4 opened spike',
      '162 closed shift',
      '405 opened spike',
      '406 closed spike',
    ]);
  });
});
