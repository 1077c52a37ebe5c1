import { describe, expect, it } from 'vitest';
import { gaussian, newRandom } from '../../../src/kernel/random.ts';
import { ANOMALOUS, episodes, expectations, type RunOptions, run } from './run.ts';

const OPTIONS: RunOptions = { cell: 'gru', seed: 'a', every: 'auto' };
const START_S = Date.UTC(2026, 0, 5) / 1000;
const ROWS = 1500;
/** From here on the level is another one for a while. */
const SHIFT = 1200;
const SHIFT_ROWS = 40;

/** A daily wave in steps of five minutes. */
function lines(): Uint8Array[] {
  const random = newRandom(1);
  return Array.from({ length: ROWS }, (_, row) => {
    const usual = 100 + 10 * Math.sin((2 * Math.PI * row) / 288) + gaussian(random);
    const value = row >= SHIFT && row < SHIFT + SHIFT_ROWS ? usual + 80 : usual;
    return new TextEncoder().encode(`${START_S + 300 * row},${value},0`);
  });
}

describe('a run', () => {
  it('alarms in the row where an episode opens, and not again in each row that it is held open', async () => {
    const { scores, alarms, windows, dropped } = await run(lines(), OPTIONS);
    expect({ windows, dropped }).toEqual({ windows: ROWS, dropped: 0 });
    expect(alarms[SHIFT]).toBeGreaterThanOrEqual(ANOMALOUS);
    expect(alarms[SHIFT]).toBe(scores[SHIFT]);
    for (const [row, alarm] of alarms.entries()) {
      if (alarm >= ANOMALOUS) expect(scores[row]).toBe(alarm);
      else expect(alarm).toBeLessThan(1);
    }
    const alarming = alarms.filter((score) => score >= ANOMALOUS).length;
    expect(alarming).toBeLessThanOrEqual(scores.filter((score) => score >= ANOMALOUS).length);
    expect(alarming).toBeLessThan(10);
  });

  it('scores a row by nothing behind it', async () => {
    const all = await run(lines(), OPTIONS);
    const some = await run(lines().slice(0, SHIFT + 5), OPTIONS);
    expect(some.scores).toEqual(all.scores.slice(0, SHIFT + 5));
    expect(some.alarms).toEqual(all.alarms.slice(0, SHIFT + 5));
  });

  it('scores alike for the same seed, and a little unlike for another', async () => {
    const one = await run(lines(), OPTIONS);
    expect(await run(lines(), OPTIONS)).toEqual(one);
    const other = await run(lines(), { ...OPTIONS, seed: 'b' });
    expect(other.scores).not.toEqual(one.scores);
    const baseline = await run(lines(), { ...OPTIONS, cell: 'last' });
    expect((await run(lines(), { ...OPTIONS, cell: 'last', seed: 'b' })).scores).toEqual(baseline.scores);
  });

  it('drops a row that repeats a time, where every record is a window', async () => {
    const [first = new Uint8Array(), ...rest] = lines();
    const { windows, dropped } = await run([first, first, ...rest], { ...OPTIONS, cell: 'last', every: 'record' });
    expect({ windows, dropped }).toEqual({ windows: ROWS, dropped: 1 });
  });
});

describe('the episodes of a run', () => {
  it('open where openings are scored, and last while scores say that one is open', async () => {
    const { openings, scores } = await run(lines(), OPTIONS);
    const all = await episodes(lines(), OPTIONS);
    expect(all.map(({ first }) => first)).toEqual([...openings.keys()].filter((row) => (openings[row] ?? 0) > 0));
    const open = [...scores.keys()].filter((row) => (scores[row] ?? 0) > 1);
    expect(all.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, i) => first + i))).toEqual(open);
    const shift = all.find(({ first }) => first === SHIFT);
    expect(shift).toMatchObject({ kind: 'shift' });
    expect(['level', 'residual']).toContain(shift?.evidence);
  });

  it('end with the file where they are open', async () => {
    const all = await episodes(lines().slice(0, SHIFT + 3), OPTIONS);
    expect(all.at(-1)).toMatchObject({ first: SHIFT, end: SHIFT + 3, kind: 'spike' });
  });
});

describe('a run of several fields', () => {
  /** Two fields that shift, one 20 rows after the other. */
  const entity = (): Uint8Array[] => {
    const [a, b] = [newRandom(1), newRandom(2)];
    return Array.from({ length: ROWS }, (_, row) => {
      const usual = 100 + 10 * Math.sin((2 * Math.PI * row) / 288);
      const shift = (from: number): number => (row >= from && row < from + SHIFT_ROWS ? 80 : 0);
      const values = [usual + gaussian(a) + shift(SHIFT), usual + gaussian(b) + shift(SHIFT + 20)];
      return new TextEncoder().encode(`${START_S + 300 * row},${values.join(',')}`);
    });
  };

  it('is as anomalous as its worst field, and tells what shifts in both but once', async () => {
    const both = await run(entity(), { ...OPTIONS, cell: 'last', fields: 2 });
    expect(both.windows).toBe(2 * ROWS);
    expect(both.dropped).toBe(0);
    expect(both.scores[SHIFT]).toBeGreaterThan(1);
    expect(both.scores[SHIFT - 1]).toBeLessThan(1);
    const alarms = Array.from(both.alarms.subarray(SHIFT, SHIFT + SHIFT_ROWS));
    expect(alarms.filter((score) => score > 1).length).toBeLessThanOrEqual(2);
  });
});

describe('what was expected', () => {
  it('comes with a band, field by field, and is a forecast: no row changes it that comes later', async () => {
    const lines = Array.from({ length: 300 }, (_, row) =>
      new TextEncoder().encode(`${START_S + 300 * row},${row % 7},${100 * (row % 5)}`),
    );
    const options = { ...OPTIONS, cell: 'last', fields: 2 } as const;
    const all = await expectations(lines, options);
    expect(all.length).toBe(2);
    for (const [field, { expected, lower, upper }] of all.entries()) {
      expect(expected[0]).toBeNaN();
      for (let row = 1; row < lines.length; row++) {
        expect(expected[row]).toBeCloseTo(field === 0 ? (row - 1) % 7 : 100 * ((row - 1) % 5), 9);
        expect(lower[row]).toBeLessThan(expected[row] ?? 0);
        expect(upper[row]).toBeGreaterThan(expected[row] ?? 0);
      }
    }
    const some = await expectations(lines.slice(0, 200), options);
    expect(some[0]?.upper).toEqual(all[0]?.upper.slice(0, 200));
  });
});
