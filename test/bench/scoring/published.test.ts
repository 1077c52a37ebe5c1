// The scorer against what NAB publishes of a detector that is simple enough to be run again.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { present } from '../../support/required.ts';
import { windowedGaussian } from './baselines.ts';
import { DATA, nabWindows, readTable } from './dataFiles.ts';
import { bestPoints, NAB_PROFILES, normalised, placesOf, pointsAt } from './nabScore.ts';

const nab = join(DATA, 'nab');
const there = present(nab, 'set GRUARD_DATA to a folder with a checkout of it as `nab`', 'published scores of NAB');

describe.runIf(there)('the scores of the windowed Gaussian', () => {
  it('are those of the scoreboard of NAB, in all three profiles, at the published threshold', () => {
    const files = [...nabWindows(nab)].map(([name, windows]) => {
      const { timesMs, values } = readTable(join(nab, name), name);
      return { places: placesOf(timesMs, windows), scores: windowedGaussian(values) };
    });
    const windows = files.reduce((sum, { places }) => sum + places.windows, 0);
    const score = (profile: keyof typeof NAB_PROFILES): string => {
      const { points, threshold } = bestPoints(files, NAB_PROFILES[profile]);
      expect(threshold).toBe(1);
      expect(pointsAt(files, NAB_PROFILES[profile], threshold)).toBeCloseTo(points, 9);
      return normalised(points, windows, NAB_PROFILES[profile]).toFixed(2);
    };
    expect([files.length, windows]).toEqual([58, 116]);
    expect([score('standard'), score('reward_low_FP'), score('reward_low_FN')]).toEqual(['39.65', '20.87', '47.41']);
  }, 60_000);
});
