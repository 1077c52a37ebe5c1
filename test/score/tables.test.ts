import { describe, expect, it } from 'vitest';
import { SURPRISES, WATCHED } from '../../src/domain.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { AT, AXES, PAIRS, SIGNALS } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { addAll, leastScale, placeAll, rootsOf, scaleStill } from '../../src/score/tables.ts';
import { oneSeries } from '../support/slabs.ts';

const ALL = SIGNALS + PAIRS;

function filled(windows: number) {
  const one = oneSeries('last');
  const { lane, layout } = one.bank;
  const kernel = newFloat32Kernel(lane);
  lane.f64.fill(1, one.at + AT.scale, one.at + AT.scale + AXES);
  const random = newRandom(3);
  const placesOf = (x: number): Float64Array => {
    const axes = new Float64Array(AXES).fill(x);
    placeAll(lane.f64, one.at, axes, axes);
    return axes;
  };
  for (let n = 0; n < windows; n++) addAll(lane, layout, one.evidence, placesOf(gaussian(random)));
  const roots = new Float64Array(ALL);
  const mean = (x: number): number => rootsOf(lane, kernel, layout, one.evidence, placesOf(x), roots);
  return { one, roots, mean };
}

it('finds as many numbers in a wave as tables have axes', () => {
  expect([SURPRISES, WATCHED]).toEqual([SIGNALS + PAIRS, AXES]);
});

describe('the tables of a series', () => {
  it('count a window once in each', () => {
    const { one } = filled(20);
    expect([...one.bank.lane.f64.subarray(one.at + AT.stored, one.at + AT.stored + ALL)]).toEqual(
      new Array(ALL).fill(20),
    );
  });

  it('are surprised by what is new in all of them, and say so for each and in the mean', () => {
    const { roots, mean } = filled(300);
    expect(mean(1000)).toBeCloseTo(Math.sqrt(301), 9);
    expect([...roots]).toEqual(new Array(ALL).fill(expect.closeTo(Math.sqrt(301), 9)));
    expect(mean(0)).toBeLessThan(2);
  });

  it('that never moved take a tenth of the first departure as their scale, and keep it', () => {
    const { one, mean } = filled(0);
    const { f64 } = one.bank.lane;
    const still = (x: number): void => {
      const axes = new Float64Array(AXES).fill(x);
      const places = new Float64Array(AXES);
      placeAll(f64, one.at, axes, places);
      scaleStill(f64, one.at, axes, places);
      addAll(one.bank.lane, one.bank.layout, one.evidence, places);
    };
    f64.fill(leastScale(0), one.at + AT.scale, one.at + AT.scale + AXES);
    for (let n = 0; n < 200; n++) still(0);
    // Before, a departure of next to nothing is surprising, too.
    expect(mean(1e-6)).toBeGreaterThan(3);
    still(5);
    expect([...f64.subarray(one.at + AT.scale, one.at + AT.scale + AXES)]).toEqual(new Array(AXES).fill(0.5));
    expect(mean(0.01)).toBeLessThan(1.5);
    expect(mean(50)).toBeGreaterThan(10);
    still(1000);
    expect(f64[one.at + AT.scale]).toBe(0.5);
  });
});
