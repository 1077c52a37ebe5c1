import { describe, expect, it } from 'vitest';
import { farLevel, isOutdone, LEADER, learnMixture, mixed } from '../../src/forecast/mixture.ts';
import { evidenceAddress, makeRoom, newBank, takeSlot } from '../../src/kernel/bank.ts';
import { AT, layoutOf, WARMUP_LOG } from '../../src/kernel/layout.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { shapeOf } from '../../src/kernel/shape.ts';

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

  it('is scored with a baseline once the network was outdone for 288 windows, until it is no longer worse', () => {
    const f64 = fresh();
    const random = newRandom(7);
    const daily = (n: number): number => 20 * (n % 2);
    const noisy = (n: number): number => daily(n) + gaussian(random);
    const worse = (n: number): number => daily(n) + 3;
    // Not before the tables are fitted for the last time, and not at once.
    run(f64, WARMUP_LOG + 287, noisy, worse, daily);
    expect(f64[AT.leader]).toBe(LEADER.seasonal);
    expect(isOutdone(f64, 0)).toBe(false);
    run(f64, 1, noisy, worse, daily);
    expect(isOutdone(f64, 0)).toBe(true);
    // A little better is not enough.
    run(f64, 300, noisy, (n) => daily(n) + 1, daily);
    expect(isOutdone(f64, 0)).toBe(true);
    run(f64, 2000, daily, daily, () => 0);
    expect(isOutdone(f64, 0)).toBe(false);
  });

  it('outdoes no network that is a fifth worse, or clearly worse for shorter than 288 windows', () => {
    const close = fresh();
    const sign = (n: number): number => (n % 2 === 0 ? 1 : -1);
    const by = (error: number) => (n: number) => 100 * sign(n) + error;
    // An error that the level beside the profile cannot learn.
    const turning = (n: number): number => 110 * sign(n);
    run(close, 3000, by(0), by(12), turning);
    expect(close[AT.outdone]).toBe(0);
    const brief = fresh();
    run(brief, 1000, by(0), by(0), turning);
    run(brief, 280, by(0), by(500), turning);
    expect(brief[AT.outdone]).toBeGreaterThan(200);
    run(brief, 800, by(0), by(0), turning);
    expect(brief[AT.outdone]).toBe(0);
    expect(isOutdone(brief, 0)).toBe(false);
  });

  it('expects the far level of the leading baseline', () => {
    const bank = newBank(newLaneMemory(), layoutOf(shapeOf({ cell: 'gru', hidden: 4, layers: 1, lookback: 8 }, 2)));
    expect(makeRoom(bank, 1)).toBe(true);
    const evidence = evidenceAddress(bank, takeSlot(bank));
    const { f64, f32 } = bank.lane;
    const at = evidence / 8;
    f64[at + AT.everyMs] = 300_000;
    f64[at + AT.learned] = 1000;
    f64[at + AT.variance] = 4;
    f64[at + AT.dayLevel] = 1;
    const fourInTheMorning = 8;
    f32[(evidence + bank.layout.halfHourAt) / 4 + fourInTheMorning] = 0.75;
    bank.lane.u8[evidence + bank.layout.visitsAt + fourInTheMorning] = 1;
    const two = Date.UTC(2026, 0, 5, 2);
    f64[at + AT.leader] = LEADER.last;
    expect(farLevel(bank, evidence, two, 0.3)).toBe(0.3);
    f64[at + AT.leader] = LEADER.seasonal;
    // 24 windows of five minutes later; one raw unit of level is half a deviation.
    expect(farLevel(bank, evidence, two, 0.3)).toBeCloseTo(0.75 + 0.5, 12);
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
