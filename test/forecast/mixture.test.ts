import { describe, expect, it } from 'vitest';
import { LEADER, learnMixture, mixed } from '../../src/forecast/mixture.ts';
import { AT } from '../../src/kernel/layout.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';

type Value = (n: number) => number;

/** Windows with a value; the network says `own` about each of them, the seasonal profile `usual`. */
function run(f64: Float64Array, windows: number, value: Value, own: Value, usual: Value) {
  let error = 0;
  for (let n = 0; n < windows; n++) {
    f64[AT.forecast] = own(n);
    const observed = value(n);
    error += Math.abs(observed - mixed(f64, 0, usual(n)));
    learnMixture(f64, 0, observed, usual(n));
    f64[AT.previous] = observed;
    f64[AT.learned]! += 1;
  }
  return error / windows;
}

const fresh = (): Float64Array => new Float64Array(AT.scalars);
const wave = (n: number): number => 50 * Math.sin(n / 20);

describe('the mixture of forecasts', () => {
  it('is what the network says while that is right, to the last bit', () => {
    const f64 = fresh();
    run(f64, 500, wave, wave, () => 0);
    f64[AT.forecast] = 0.1 + 0.2;
    expect(mixed(f64, 0, 7)).toBeCloseTo(0.1 + 0.2, 3);
    expect(f64[AT.leader]).toBe(LEADER.network);
    const equal = fresh();
    equal[AT.forecast] = 0.1 + 0.2;
    equal[AT.previous] = 0.1 + 0.2;
    equal[AT.dayLevel] = 0;
    expect(mixed(equal, 0, 0.1 + 0.2)).toBe(0.1 + 0.2);
  });

  it('has the seasonal forecast lead when the network is worse, and the network again when it is better', () => {
    const f64 = fresh();
    const random = newRandom(5);
    const noise = (): number => gaussian(random);
    const daily = (n: number): number => 20 * (n % 2);
    const value = (n: number): number => daily(n) + noise();
    const error = run(f64, 600, value, (n) => daily(n) + 30, daily);
    expect(f64[AT.leader]).toBe(LEADER.seasonal);
    expect(error).toBeLessThan(1.2);
    // Right again: it takes about a hundred windows to be forgiven.
    run(f64, 40, value, daily, daily);
    expect(f64[AT.leader]).toBe(LEADER.seasonal);
    run(f64, 2000, daily, daily, () => 0);
    expect(f64[AT.leader]).toBe(LEADER.network);
  });

  it('has the last value lead where only that is of use', () => {
    const f64 = fresh();
    const random = newRandom(6);
    let level = 0;
    run(
      f64,
      1000,
      () => {
        level += gaussian(random);
        return level;
      },
      () => 0,
      () => 500 * gaussian(random),
    );
    expect(f64[AT.leader]).toBe(LEADER.last);
  });

  it('lets no baseline lead in the first 200 windows, nor for less than five per cent', () => {
    const early = fresh();
    run(early, 200, wave, () => 100, wave);
    expect(early[AT.leader]).toBe(LEADER.network);
    run(early, 1, wave, () => 100, wave);
    expect(early[AT.leader]).toBe(LEADER.seasonal);
    const close = fresh();
    const sign = (n: number): number => (n % 2 === 0 ? 1 : -1);
    run(
      close,
      1000,
      (n) => 100 * sign(n),
      (n) => 100 * sign(n) + 11.4,
      (n) => 100 * sign(n) + 10 * sign(n),
    );
    expect(close[AT.seasonError]).toBeLessThan(close[AT.ownError]!);
    expect(close[AT.leader]).toBe(LEADER.network);
  });

  it('is the network alone before the profile knows anything', () => {
    const f64 = fresh();
    f64[AT.forecast] = 3;
    learnMixture(f64, 0, 1e9, Number.NaN);
    expect(mixed(f64, 0, Number.NaN)).toBe(3);
    expect(f64[AT.ownError]).toBe(0);
  });

  it('stays finite for constant and for huge values', () => {
    const f64 = fresh();
    run(
      f64,
      300,
      () => 7,
      () => 7,
      () => 7,
    );
    expect(mixed(f64, 0, 7)).toBe(7);
    run(
      f64,
      300,
      (n) => (n % 2 === 0 ? 1e300 : -1e300),
      () => 0,
      () => 1,
    );
    expect(Number.isFinite(mixed(f64, 0, 1))).toBe(true);
  });
});
