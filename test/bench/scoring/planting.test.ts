import { describe, expect, it } from 'vitest';
import { gaussian, newRandom } from '../../../src/kernel/random.ts';
import {
  type Background,
  dayToDay,
  echoOf,
  judgedFrom,
  PLANTED_KINDS,
  PLANTED_SIZES,
  type Planted,
  plant,
  UNITS,
} from './planting.ts';

/** Noise of deviation 1 on a daily wave, with excluded rows in its second half. */
function background(everyS: number, days: number): Background {
  const random = newRandom(1);
  const perDay = 86_400 / everyS;
  const rows = days * perDay;
  const values = Float64Array.from({ length: rows }, (_, row) =>
    Number((200 + 20 * Math.sin((2 * Math.PI * row) / perDay) + gaussian(random)).toFixed(2)),
  );
  const excluded = new Uint8Array(rows);
  for (let row = 0; row < rows; row += Math.floor(4.4 * perDay)) excluded.fill(1, row, row + perDay / 2);
  return { name: 'wave', startS: 0, everyS, values, excluded };
}

const BACKGROUNDS = [background(60, 18), background(300, 60), background(3600, 200)];

function plantedIn(of: Background, seed: number): Planted {
  const planted = plant(of, seed, 0);
  expect(planted.plantings.length).toBeGreaterThan(2);
  return planted;
}

describe.each(BACKGROUNDS)('what is planted every $everyS s', (of) => {
  const perDay = 86_400 / of.everyS;

  it('lies in the second half, days apart, and with its echo outside of what is excluded', () => {
    for (let seed = 1; seed <= 6; seed++) {
      let before = judgedFrom(of) - 2 * perDay - 1;
      for (const { first, last } of plantedIn(of, seed).plantings) {
        expect(first - before).toBeGreaterThan(2 * perDay);
        expect(last).toBeGreaterThanOrEqual(first);
        const end = last + 1 + echoOf(of.everyS);
        expect(end).toBeLessThanOrEqual(of.values.length);
        expect(of.excluded.subarray(first, end).includes(1)).toBe(false);
        before = last;
      }
    }
    expect(judgedFrom(of)).toBeGreaterThanOrEqual(Math.max(of.values.length / 2, 7 * perDay));
  });

  it('leaves all other values, and the background, as they were', () => {
    const before = of.values.slice();
    const { values, plantings } = plantedIn(of, 3);
    const restored = values.slice();
    for (const { first, last } of plantings) {
      expect(values.slice(first, last + 1)).not.toEqual(before.slice(first, last + 1));
      restored.set(before.subarray(first, last + 1), first);
    }
    expect(restored).toEqual(before);
    expect(of.values).toEqual(before);
  });

  it('is the same for the same seed, and lies elsewhere for another', () => {
    expect(plantedIn(of, 4)).toEqual(plantedIn(of, 4));
    expect(plantedIn(of, 4).plantings[0]?.first).not.toBe(plantedIn(of, 5).plantings[0]?.first);
  });
});

describe('kinds and sizes', () => {
  const of = BACKGROUNDS[1] as Background;

  it('take turns, from one series to the next', () => {
    const all = new Map<string, number>();
    let turn = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { plantings, nextTurn } = plant(of, seed, turn);
      turn = nextTurn;
      for (const { kind, size } of plantings) all.set(`${kind} ${size}`, (all.get(`${kind} ${size}`) ?? 0) + 1);
    }
    expect(all.size).toBe(PLANTED_KINDS.length * PLANTED_SIZES.length);
    // A season that is broken cannot be seen everywhere: then its turn is lost.
    const counts = [...all].filter(([name]) => !name.startsWith('season')).map(([, count]) => count);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it('are as large as told, in units of what is usual from day to day', () => {
    expect(dayToDay(of, 0, of.values.length)).toBeGreaterThan(0.95);
    expect(dayToDay(of, 0, of.values.length)).toBeLessThan(1.05);
    for (const { kind, size, first, last, scale, differences, values } of differencesOf(of)) {
      expect(scale).toBeGreaterThan(0.95);
      expect(scale).toBeLessThan(1.3);
      const units = differences.map((difference) => Math.abs(difference) / scale);
      const most = Math.max(...units);
      const rounding = 0.02;
      const length = last + 1 - first;
      if (kind === 'spike') expect(length).toBeLessThanOrEqual(2);
      if (kind === 'spike' || kind === 'shift') {
        expect(Math.abs(most - UNITS[size])).toBeLessThan(rounding);
        expect(Math.abs(Math.min(...units) - UNITS[size])).toBeLessThan(rounding);
      }
      if (kind === 'drift') {
        const top = units.indexOf(most);
        expect(Math.abs(top - length / 2)).toBeLessThanOrEqual(1);
        expect(most).toBeGreaterThan(0.98 * UNITS[size]);
        expect(most).toBeLessThan(UNITS[size] + rounding);
        expect(units[0]).toBeLessThan(0.1 * most);
        expect(units.at(-1)).toBeLessThan(0.1 * most);
      }
      if (kind === 'burst') {
        const hit = units.filter((unit) => unit > 0);
        expect(Math.abs(Math.min(...hit) - UNITS[size])).toBeLessThan(rounding);
        expect(hit.length).toBeGreaterThanOrEqual(length / 6);
        expect(hit.length).toBeLessThanOrEqual(length / 3);
      }
      if (kind === 'noise') {
        const square = units.reduce((sum, unit) => sum + unit * unit, 0) / length;
        expect(Math.sqrt(square) / UNITS[size]).toBeGreaterThan(0.35);
        expect(Math.sqrt(square) / UNITS[size]).toBeLessThan(0.65);
      }
      if (kind === 'dip') expect([...values].every((value) => value === 0)).toBe(true);
      if (kind === 'flat') expect([...values].every((value) => value === of.values[first - 1])).toBe(true);
      if (kind === 'season') expect(values).toEqual(of.values.slice(first - 144, last + 1 - 144));
    }
  });

  it('become no more exact than the series is, nor negative where it never was', () => {
    const low = { ...of, values: of.values.map((value) => Number((value - 178).toFixed(2))) };
    const floor = Math.min(...low.values);
    expect(floor).toBeLessThan(0);
    const positive = { ...of, values: of.values.map((value) => Number((value - 175).toFixed(2))) };
    expect(Math.min(...positive.values)).toBeGreaterThanOrEqual(0);
    for (let seed = 1; seed <= 4; seed++) {
      const { values } = plant(positive, seed, 0);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(values).toEqual(values.map((value) => Number(value.toFixed(2))));
    }
  });

  it('stand out where the two weeks before had no such difference from the day before', () => {
    for (const { kind, size, standsOut } of differencesOf(of)) {
      // The largest of 4000 differences of two normal values is some five times 1 deviation.
      if (kind === 'dip' || (kind === 'spike' && size === 'large')) expect(standsOut).toBe(true);
    }
    const spiky = { ...of, values: of.values.map((value, row) => (row % 1000 === 0 ? value + 180 : value)) };
    const among = differencesOf(spiky).filter(
      ({ kind, values }) => (kind === 'spike' || kind === 'shift') && Math.max(...values) < 300,
    );
    expect(among.length).toBeGreaterThan(5);
    for (const { standsOut } of among) expect(standsOut).toBe(false);
  });
});

/** Of many seeds: each planting with what it planted, and how that differs from what was there. */
function differencesOf(of: Background) {
  return Array.from({ length: 6 }, (_, seed) => plant(of, seed, 5 * seed)).flatMap(({ plantings, values }) =>
    plantings.map((planting) => {
      const own = values.slice(planting.first, planting.last + 1);
      const differences = [...own].map((value, i) => value - (of.values[planting.first + i] ?? 0));
      return { ...planting, values: own, differences };
    }),
  );
}
