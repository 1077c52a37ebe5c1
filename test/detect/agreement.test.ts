import { describe, expect, it } from 'vitest';
import { agreementOf } from '../../src/detect/agreement.ts';
import { GAP } from '../../src/domain.ts';
import { togetherAddress } from '../../src/kernel/bank.ts';
import type { DetectSettings } from '../../src/settings.ts';
import { DETECT } from '../support/detection.ts';
import { manyFields, stepOf } from '../support/fields.ts';

interface Step {
  readonly points: readonly number[];
  readonly values?: readonly number[];
  /** Correlation of the forecast errors of any two fields. */
  readonly correlation?: number;
  readonly learned?: readonly number[];
  readonly filled?: number;
  readonly settings?: Partial<DetectSettings>;
}

/** What the fields of one step agree on; each is expected to be 100 within ± 10. */
function agreed({ points, values, correlation = 0, learned, filled, settings }: Step) {
  const fields = points.length;
  const many = manyFields(fields, { cell: 'last' });
  const { bank } = many;
  const { residualsAt = 0 } = bank.layout.together ?? {};
  const moments = (togetherAddress(bank, many.first) + residualsAt) / 8;
  for (let row = 0; row < fields; row++) {
    for (let column = 0; column <= row; column++) {
      // Errors of field k are usually as large as k + 1.
      const size = (row + 1) * (column + 1);
      bank.lane.f64[moments + (row * (row + 1)) / 2 + column] = size * (row === column ? 1 : correlation);
    }
  }
  const wave = stepOf(many, 0, values ?? points.map(() => 150));
  wave.expected.fill(100);
  wave.lower.fill(90);
  wave.upper.fill(110);
  wave.learned.fill(1000);
  if (learned !== undefined) wave.learned.set(learned);
  if (filled !== undefined) wave.gap[filled] = GAP.filled;
  wave.point.set(points);
  return agreementOf({ bank, settings: { ...DETECT, ...settings }, warmupWindows: 64 }, wave, 0);
}

describe('fields', () => {
  it('agree on nothing while only one is abnormal, however much', () => {
    expect(agreed({ points: [0, 7, 0, 0] })).toEqual({ lead: 1, decades: 0 });
    expect(agreed({ points: [-2, 7, -1, -3] })).toEqual({ lead: 1, decades: 0 });
  });

  it('agree as signals are pooled: by the mean of the roots, without the leader', () => {
    expect(agreed({ points: [4, 6, 4, 4] }).decades).toBeCloseTo(4, 12);
    expect(agreed({ points: [6, 4, 0, 0] }).decades).toBeCloseTo(2 * Math.log10(1 + 99 / 3), 12);
  });

  it('say nothing when they only repeat the leader', () => {
    expect(agreed({ points: [5, 6, 5], correlation: 1 }).decades).toBeCloseTo(0, 12);
    expect(agreed({ points: [5, 6, 5], correlation: -1 }).decades).toBeCloseTo(0, 12);
    const half = 1 - 0.5 ** 2;
    expect(agreed({ points: [4, 6, 4], correlation: 0.5 }).decades).toBeCloseTo(2 * Math.log10(1 + half * 99), 12);
  });

  it.each<[string, Partial<Step>]>([
    ['that the policies do not count', { values: [150, 150, 50], settings: { direction: 'above' } }],
    ['whose value was made up for a gap', { filled: 2 }],
    ['without a value', { values: [150, 150, Number.NaN] }],
    ['that warm up', { learned: [1000, 1000, 10] }],
  ])('say nothing, and do not lead: those %s', (_what, step) => {
    expect(agreed({ ...step, points: [4, 5, 6] })).toEqual(agreed({ points: [4, 5, 0] }));
  });

  it('without one that counts have no leader', () => {
    expect(agreed({ points: [0, 0] })).toEqual({ lead: -1, decades: 0 });
    expect(agreed({ points: [Number.NaN, Number.NaN] })).toEqual({ lead: -1, decades: 0 });
  });
});
