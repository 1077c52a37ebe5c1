import { expect, it } from 'vitest';
import { lookAhead, takeIn } from '../../src/forecast/inputs.ts';
import { AT, INPUTS } from '../../src/kernel/layout.ts';
import { EVERY_MS, oneSeries } from '../support/slabs.ts';

const DAY_MS = 86_400_000;

/** A series with a value for each hour of some days, of which the profiles know. */
function learned(days: number) {
  const one = oneSeries('gru');
  const { f64 } = one.bank.lane;
  const inputs = new Float32Array(INPUTS);
  const windows = (days * DAY_MS) / EVERY_MS;
  for (let n = 0; n < windows; n++) {
    const value = Math.floor((n * EVERY_MS) / 3_600_000) % 24;
    takeIn(one.bank, one.evidence, n * EVERY_MS, value, inputs, 0);
    f64[one.at + AT.previous] = value;
    f64[one.at + AT.learned]! += 1;
  }
  return { one, inputs, endMs: windows * EVERY_MS };
}

it('sees level, profiles and change of a window', () => {
  const { one, inputs, endMs } = learned(30);
  takeIn(one.bank, one.evidence, endMs, 0, inputs, 0);
  // Midnight: the lowest level, after a leap down. The profiles say so, too.
  expect(inputs[0]).toBeCloseTo(-1.66, 1);
  expect(inputs[INPUTS - 1]).toBe(-3);
  expect(Math.abs(inputs[1]!)).toBeLessThan(0.5);
  // Two hours ahead the level is higher by two of 24 steps.
  expect(inputs[5]! - inputs[1]!).toBeGreaterThan(0.2);
  expect(inputs[5]! - inputs[1]!).toBeLessThan(0.35);
});

it('looks ahead from any level without learning', () => {
  const { one, endMs } = learned(3);
  const before = one.bank.lane.u8.slice(one.evidence, one.evidence + one.bank.layout.evidenceBytes);
  const inputs = new Float32Array(INPUTS).fill(9);
  lookAhead(one.bank, one.evidence, endMs, 0.5, 0, inputs, 0);
  expect(inputs[0]).toBe(0.5);
  expect(inputs[INPUTS - 1]).toBe(9);
  expect(inputs[1]).toBeLessThan(-1);
  expect(one.bank.lane.u8.slice(one.evidence, one.evidence + before.length)).toEqual(before);
});
