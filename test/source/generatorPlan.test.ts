import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anomalyPlan, type PlantedAnomaly, STEP_MS } from '../../src/source/generatorPlan.ts';

const START_MS = Date.UTC(2026, 10, 23, 17);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const month = (seed: number): readonly PlantedAnomaly[] => anomalyPlan(seed, START_MS, START_MS + 30 * DAY_MS);
const seeds = fc.integer();

describe('anomalyPlan', () => {
  it('begins with a spike between 3 and 4 hours after the start', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const [first] = month(seed);
        expect(first?.kind).toBe('spike');
        expect(first?.startMs).toBeGreaterThanOrEqual(START_MS + 3 * HOUR_MS);
        expect(first?.startMs).toBeLessThanOrEqual(START_MS + 4 * HOUR_MS);
      }),
    );
  });

  it('shows all six kinds on six series within the first day, one every 2 to 4 hours', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const day = anomalyPlan(seed, START_MS, START_MS + DAY_MS);
        expect(day.map(({ kind }) => kind).sort()).toEqual(['flat', 'missing', 'season', 'shift', 'spike', 'variance']);
        expect(new Set(day.map(({ topic, series }) => `${topic} ${series}`)).size).toBe(6);
        day.slice(1).forEach(({ startMs }, i) => {
          const pauseMs = startMs - (day[i]?.startMs ?? 0);
          expect(pauseMs).toBeGreaterThanOrEqual(2 * HOUR_MS - STEP_MS);
          expect(pauseMs).toBeLessThanOrEqual(4 * HOUR_MS);
        });
      }),
    );
  });

  it('goes on for ever, more rarely, with every kind at more than one place', () => {
    const year = anomalyPlan(1, START_MS, START_MS + 365 * DAY_MS);
    expect(year.length).toBeGreaterThan(365);
    expect(year.length).toBeLessThan(3 * 365);
    for (const kind of ['flat', 'missing', 'season', 'shift', 'spike', 'variance']) {
      const places = year.filter((one) => one.kind === kind).map(({ topic, series }) => `${topic} ${series}`);
      expect(new Set(places).size).toBeGreaterThan(1);
    }
  });

  it('never plants two anomalies on one series at the same time', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const plan = month(seed);
        for (const one of plan) {
          const others = plan.filter(
            (other) => other !== one && other.series === one.series && other.topic === one.topic,
          );
          expect(others.some((other) => other.startMs < one.endMs + DAY_MS / 2 && one.startMs < other.endMs)).toBe(
            false,
          );
        }
      }),
    );
  });

  it('keeps to whole steps, in order', () => {
    const plan = month(7);
    for (const { startMs, endMs } of plan) {
      expect([(startMs - START_MS) % STEP_MS, (endMs - startMs) % STEP_MS]).toEqual([0, 0]);
      expect(endMs).toBeGreaterThan(startMs);
    }
    expect(plan.map(({ startMs }) => startMs)).toEqual(plan.map(({ startMs }) => startMs).sort((a, b) => a - b));
  });

  it('depends on seed and start alone: a longer plan begins with the shorter one', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 60 * 24 }), (seed, hours) => {
        const short = anomalyPlan(seed, START_MS, START_MS + hours * HOUR_MS);
        const long = anomalyPlan(seed, START_MS, START_MS + 60 * DAY_MS);
        expect(long.slice(0, short.length)).toEqual(short);
        expect(long[short.length]?.startMs ?? Infinity).toBeGreaterThanOrEqual(START_MS + hours * HOUR_MS);
      }),
    );
    expect(month(1)).not.toEqual(month(2));
  });
});
