import { describe, expect, it } from 'vitest';
import {
  halfHourProfile,
  hourOfWeekProfile,
  learnProfile,
  profileAt,
  yesterdayProfile,
} from '../../src/forecast/profiles.ts';
import { oneSeries } from '../support/slabs.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

describe('profiles', () => {
  it('learns the mean of a visit when event time leaves the bucket, not before', () => {
    const { bank, at, evidence } = oneSeries('gru');
    const profile = halfHourProfile(bank.layout, evidence);
    learnProfile(bank.lane, at, profile, 0, 1);
    learnProfile(bank.lane, at, profile, 10 * MINUTE, 3);
    expect(profileAt(bank.lane, profile, DAY, -1)).toBe(-1);
    learnProfile(bank.lane, at, profile, 30 * MINUTE, 100);
    expect(profileAt(bank.lane, profile, DAY, -1)).toBe(2);
    expect(profileAt(bank.lane, profile, DAY + 29 * MINUTE, -1)).toBe(2);
    expect(profileAt(bank.lane, profile, DAY + 30 * MINUTE, -1)).toBe(-1);
  });

  it('averages its first visits and then forgets the oldest slowly', () => {
    const { bank, at, evidence } = oneSeries('gru');
    const profile = hourOfWeekProfile(bank.layout, evidence);
    const week = 7 * DAY;
    for (let visit = 0; visit < 4; visit++) {
      learnProfile(bank.lane, at, profile, visit * week, visit < 2 ? 0 : 4);
      learnProfile(bank.lane, at, profile, visit * week + 60 * MINUTE, 0);
    }
    expect(profileAt(bank.lane, profile, 4 * week, -1)).toBeCloseTo(2, 6);
    for (let visit = 4; visit < 60; visit++) {
      learnProfile(bank.lane, at, profile, visit * week, 10);
      learnProfile(bank.lane, at, profile, visit * week + 60 * MINUTE, 0);
    }
    expect(profileAt(bank.lane, profile, 60 * week, -1)).toBeGreaterThan(9.9);
  });

  it('tells days of the week apart where the day profile cannot', () => {
    const { bank, at, evidence } = oneSeries('gru');
    const day = halfHourProfile(bank.layout, evidence);
    const week = hourOfWeekProfile(bank.layout, evidence);
    for (let t = 0; t < 21 * DAY; t += 30 * MINUTE) {
      const x = Math.floor(t / DAY) % 7 < 5 ? 1 : -1;
      learnProfile(bank.lane, at, day, t, x);
      learnProfile(bank.lane, at, week, t, x);
    }
    expect(profileAt(bank.lane, week, 21 * DAY, 0)).toBeCloseTo(1, 6);
    expect(profileAt(bank.lane, week, 26 * DAY, 0)).toBeCloseTo(-1, 6);
    expect(Math.abs(profileAt(bank.lane, day, 21 * DAY, 0))).toBeLessThan(1);
  });

  it('keeps only yesterday for the seasonal baseline, and takes times before 1970', () => {
    const { bank, at, evidence } = oneSeries('seasonal');
    const profile = yesterdayProfile(bank.layout, evidence);
    for (const [day, x] of [
      [-1, 5],
      [0, 9],
    ] as const) {
      learnProfile(bank.lane, at, profile, day * DAY, x);
      learnProfile(bank.lane, at, profile, day * DAY + 5 * MINUTE, 0);
    }
    expect(profileAt(bank.lane, profile, DAY, -1)).toBe(9);
    expect(profileAt(bank.lane, profile, -DAY, -1)).toBe(9);
  });
});
