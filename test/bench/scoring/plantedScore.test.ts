import { describe, expect, it } from 'vitest';
import { plantedReport } from './plantedReport.ts';
import { falseAlarmsADay, judge, naturalRuns, runsAbove, thresholdFor } from './plantedScore.ts';
import type { Background, Planted, Planting } from './planting.ts';
import type { Episode } from './run.ts';

const DAY = 24;
const HALF = 14 * DAY;
const ROWS = 2 * HALF;

/** Hourly, four weeks: judged from row 336 on; rows 600 to 623 are excluded. */
function hourly(values = new Float64Array(ROWS)): Background {
  const excluded = new Uint8Array(ROWS).fill(1, 600, 624);
  return { name: 'hours', startS: 0, everyS: 3600, values, excluded };
}

const planting = (kind: Planting['kind'], first: number, last: number): Planting => ({
  kind,
  size: 'medium',
  first,
  last,
  scale: 1,
  standsOut: kind === 'shift',
});

const PLANTED: Planted = {
  background: hourly(),
  values: new Float64Array(ROWS),
  plantings: [planting('shift', 400, 409), planting('spike', 500, 500)],
  nextTurn: 0,
};

const episode = (first: number, end: number, kind = 'spike', evidence = 'level'): Episode => {
  return { first, end, kind, evidence };
};

describe('a planted stretch', () => {
  it('is found by an episode that opens in it or in its echo, and held while one is open', () => {
    const said = [episode(403, 406, 'spike', 'residual'), episode(408, 420, 'shift'), episode(503, 504)];
    const { outcomes, falseAlarms } = judge(PLANTED, said);
    expect(outcomes).toEqual([
      {
        kind: 'shift',
        size: 'medium',
        standsOut: true,
        before: 0,
        episodes: 2,
        delay: 3,
        held: 0.5,
        wasOpen: false,
        evidence: 'residual',
        episodeKind: 'spike',
      },
      {
        kind: 'spike',
        size: 'medium',
        standsOut: false,
        before: 1,
        episodes: 1,
        delay: 3,
        held: 0,
        wasOpen: false,
        evidence: 'level',
        episodeKind: 'spike',
      },
    ]);
    expect(falseAlarms).toBe(0);
  });

  it('is not found by an episode that was open before, which is told', () => {
    const { outcomes, falseAlarms } = judge(PLANTED, [episode(390, 405)]);
    expect(outcomes[0]).toMatchObject({ episodes: 0, held: 0.5, wasOpen: true, evidence: undefined });
    expect(outcomes[1]).toMatchObject({ episodes: 0, held: 0, wasOpen: false });
    expect(falseAlarms).toBe(1);
  });
});

describe('a false alarm', () => {
  it('is an opening in the judged half that belongs to nothing', () => {
    // Too early, judged, behind the echo of the spike, excluded, judged.
    const said = [episode(HALF - 1, HALF), episode(HALF, HALF + 1), episode(504, 505), episode(610, 611)];
    const judgement = judge(PLANTED, said);
    expect(judgement.falseAlarms).toBe(2);
    // Two weeks without 24 excluded rows and stretches of 10 and 1 with an echo of 3 each.
    expect(judgement.days).toBeCloseTo((HALF - 24 - 13 - 4) / DAY, 9);
    expect(falseAlarmsADay([judgement, judgement])).toBeCloseTo(2 / judgement.days, 9);
  });

  it('comes as often as is wanted at the threshold that is found for it', () => {
    const scores = new Float64Array(ROWS);
    for (const [i, row] of [340, 350, 360, 370, 380, 402, 612].entries()) scores[row] = 10 * (i + 1);
    const all = [{ planted: PLANTED, scores }];
    for (const wanted of [0, 1, 2, 3, 4]) {
      const threshold = thresholdFor(all, wanted);
      expect(judge(PLANTED, runsAbove(scores, threshold)).falseAlarms).toBe(wanted);
      expect(threshold).toBeGreaterThan(10 * (5 - wanted));
      expect(threshold).toBeLessThan(10 * (5 - wanted) * 1.001);
    }
  });

  it('of runs of high scores is one for each run', () => {
    expect(runsAbove(Float64Array.of(3, 0, 2, 3, 1, 2), 2).map(({ first, end }) => [first, end])).toEqual([
      [0, 1],
      [2, 4],
      [5, 6],
    ]);
  });
});

describe('what a series does by itself', () => {
  it('is how often it differs from the day before, where it is judged', () => {
    // Alternates by 1, which is a scale of 1.4826 / √2, and is 20 off once in the first half, three times later.
    const values = Float64Array.from({ length: ROWS }, (_, row) => (Math.floor(row / DAY) + row) % 2);
    for (const row of [200, 400, 500, 610]) values[row] = 20;
    // The day behind differs from such a row, too; one of the five is excluded, the day behind it is not.
    expect(naturalRuns(hourly(values), 6)).toBeCloseTo(5 / ((HALF - 24) / DAY), 9);
    expect(naturalRuns(hourly(values), 60)).toBe(0);
  });
});

describe('a report', () => {
  it('counts by kind and size, and says of what was found how it was', () => {
    const both = [judge(PLANTED, [episode(401, 410, 'shift', 'drift')]), judge(PLANTED, [episode(700 - 80, 700)])];
    const head = { set: 'a', detector: 'b', seeds: 1, threshold: 'shipped', seconds: 1 } as const;
    const { kinds, foundFirst, foundLater, falseAlarms, falseAlarmsClean } = plantedReport(head, both);
    const of = (kind: string, size: string) => kinds.find((one) => one.kind === kind && one.size === size);
    expect(of('shift', 'medium')).toEqual({
      kind: 'shift',
      size: 'medium',
      planted: 2,
      standOut: 2,
      foundOfStandOut: 0.5,
      found: 0.5,
      delayMedian: 1,
      episodesMean: 1,
      heldMean: 0.9,
      evidence: { drift: 1 },
      episodeKinds: { shift: 1 },
    });
    expect(of('spike', 'medium')).toMatchObject({ planted: 2, standOut: 0, found: 0, evidence: {} });
    expect(of('dip', 'medium')).toMatchObject({ planted: 0 });
    expect(kinds.length).toBe(24);
    expect(foundFirst).toBe(0.25);
    expect(foundLater).toBeNaN();
    expect(falseAlarms).toBe(0);
    expect(falseAlarmsClean).toBeUndefined();
  });
});
