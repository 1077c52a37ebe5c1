import { beforeAll, describe, expect, it } from 'vitest';
import { anomalyPlan, type PlantedAnomaly, type PlantedKind, STEP_MS } from '../../src/source/generatorPlan.ts';
import { newTopics } from '../../src/source/generatorStreams.ts';

const START_MS = Date.UTC(2026, 10, 23);
const DAY_MS = 86_400_000;
const LABEL: Readonly<Record<string, string>> = {
  'demo.traffic': 'site',
  'demo.latency': 'service',
  'demo.bytes': 'interface',
  'demo.queue': 'queue',
  'demo.host': 'host',
};

interface Row {
  readonly topic: string;
  readonly series: string;
  readonly field: string;
  readonly timeMs: number;
  readonly value: number;
}

/** All values of `days` days, flattened. */
function rowsOf(seed: number, days: number, planted: readonly PlantedAnomaly[] = []): Row[] {
  const rows: Row[] = [];
  for (const topic of newTopics(seed)) {
    for (let timeMs = START_MS; timeMs < START_MS + days * DAY_MS; timeMs += STEP_MS) {
      for (const { series, text } of topic.step(timeMs, planted)) {
        const document: Record<string, number | string> = JSON.parse(text);
        for (const [field, value] of Object.entries(document)) {
          if (field === 'ts' || typeof value !== 'number') continue;
          rows.push({ topic: topic.topic, series, field, timeMs, value });
        }
      }
    }
  }
  return rows;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Coefficient of variation of the steps from value to value. */
function roughness(values: readonly number[]): number {
  const steps = values.slice(1).map((value, i) => value - (values[i] ?? 0));
  return Math.sqrt(mean(steps.map((step) => step * step))) / mean(values);
}

/** What flows in a step: differences for the counter, values elsewhere. */
function amounts(rows: readonly Row[], topic: string): number[] {
  const values = rows.map(({ value }) => value);
  return topic === 'demo.bytes' ? values.slice(1).map((value, i) => value - (values[i] ?? 0)) : values;
}

describe('newTopics', () => {
  it('makes five topics of two series each', () => {
    const topics = newTopics(1);
    expect(topics.map(({ topic }) => topic)).toEqual(Object.keys(LABEL));
    expect(topics.map(({ seriesCount }) => seriesCount)).toEqual([2, 2, 2, 2, 2]);
  });

  it('writes flat JSON: event time, one label, one or three numbers of at most 3 decimals', () => {
    for (const topic of newTopics(1)) {
      const records = topic.step(START_MS, []);
      expect(records.map(({ index }) => index)).toEqual([0, 1]);
      for (const { series, text } of records) {
        const { ts, [LABEL[topic.topic] ?? '']: label, ...fields }: Record<string, unknown> = JSON.parse(text);
        expect([ts, label]).toEqual([START_MS, series]);
        expect(Object.keys(fields)).toEqual(topic.topic === 'demo.host' ? ['cpu', 'memory', 'load'] : ['value']);
        for (const value of Object.values(fields)) {
          expect(Number(Number(value).toFixed(3))).toBe(value);
          expect(value).toBeGreaterThanOrEqual(0);
        }
      }
    }
  });

  it('gives the same values for the same seed and others for another', () => {
    expect(rowsOf(5, 2)).toEqual(rowsOf(5, 2));
    expect(rowsOf(6, 1)).not.toEqual(rowsOf(5, 1));
  });

  it('has days and weeks in its traffic', () => {
    const shop = rowsOf(1, 14).filter(({ series }) => series === 'shop');
    const at = (choose: (date: Date) => boolean): number =>
      mean(shop.filter(({ timeMs }) => choose(new Date(timeMs))).map(({ value }) => value));
    expect(at((date) => date.getUTCHours() === 14)).toBeGreaterThan(2.5 * at((date) => date.getUTCHours() === 2));
    const isWeekend = (date: Date): boolean => date.getUTCDay() % 6 === 0;
    expect(at((date) => !isWeekend(date))).toBeGreaterThan(1.15 * at(isWeekend));
  });

  it('counts bytes upwards, and falls only to begin again near 0', () => {
    let restarts = 0;
    for (const series of ['eth0', 'eth1']) {
      const rows = rowsOf(1, 60).filter((row) => row.series === series);
      const counts = rows.map(({ value }) => value);
      const largest = Math.max(...amounts(rows, 'demo.bytes'));
      counts.slice(1).forEach((count, i) => {
        if (count >= (counts[i] ?? 0)) return;
        restarts++;
        expect(count).toBeLessThanOrEqual(largest);
      });
    }
    expect(restarts).toBeGreaterThan(5);
    expect(restarts).toBeLessThan(60);
  });

  it('keeps shares within 100 %', () => {
    const planted = anomalyPlan(3, START_MS, START_MS + 60 * DAY_MS);
    for (const { field, value } of rowsOf(3, 60, planted)) {
      if (field === 'cpu' || field === 'memory') expect(value).toBeLessThanOrEqual(100);
    }
  });
});

describe('a planted anomaly', () => {
  const days = 60;
  const plan = anomalyPlan(1, START_MS, START_MS + (days - 1) * DAY_MS);
  let plain: Row[];
  let planted: Row[];
  beforeAll(() => {
    plain = rowsOf(1, days);
    planted = rowsOf(1, days, plan);
  });

  const ofKind = (kind: PlantedKind): readonly PlantedAnomaly[] => {
    const found = plan.filter((one) => one.kind === kind);
    expect(found.length).toBeGreaterThan(2);
    return found;
  };
  const within = (rows: readonly Row[], { topic, series, field, startMs, endMs }: PlantedAnomaly): Row[] =>
    rows.filter(
      (row) =>
        row.topic === topic &&
        row.series === series &&
        row.field === field &&
        row.timeMs >= startMs &&
        row.timeMs < endMs,
    );
  /** How much flows during the anomaly, with it and without. */
  const both = (one: PlantedAnomaly): readonly [number[], number[]] => {
    const from = one.topic === 'demo.bytes' ? { ...one, startMs: one.startMs - STEP_MS } : one;
    return [amounts(within(planted, from), one.topic), amounts(within(plain, from), one.topic)];
  };

  it('changes nothing before and after itself', () => {
    const name = ({ topic, series, field, timeMs, value }: Row): string =>
      `${topic} ${series} ${field} ${timeMs} ${value}`;
    const isFree = (row: Row): boolean =>
      row.topic !== 'demo.bytes' && !plan.some((one) => within([row], one).length > 0);
    expect(planted.filter(isFree).map(name)).toEqual(plain.filter(isFree).map(name));
  });

  it('of kind spike triples the value for two steps', () => {
    for (const one of ofKind('spike')) {
      const [seen, ordinary] = both(one);
      expect(seen).toHaveLength(2);
      expect(mean(seen) / mean(ordinary)).toBeCloseTo(3, 3);
    }
  });

  it('of kind shift lifts the level for hours', () => {
    for (const one of ofKind('shift')) {
      const [seen, ordinary] = both(one);
      expect(seen.length).toBeGreaterThan(50);
      expect(mean(seen)).toBeGreaterThan(1.5 * mean(ordinary));
      expect(Math.min(...seen)).toBeGreaterThan(mean(ordinary) * 0.9);
    }
  });

  it('of kind variance is much rougher at about the same level', () => {
    for (const one of ofKind('variance')) {
      const [seen, ordinary] = both(one);
      expect(roughness(seen)).toBeGreaterThan(2.5 * roughness(ordinary));
      expect(Math.abs(mean(seen) / mean(ordinary) - 1)).toBeLessThan(0.35);
    }
  });

  it('of kind flat stands still, a counter adds nothing', () => {
    for (const one of ofKind('flat')) {
      const [seen, ordinary] = both(one);
      expect(new Set(one.topic === 'demo.bytes' ? seen.filter((bytes) => bytes >= 0) : seen).size).toBe(1);
      expect(new Set(ordinary).size).toBeGreaterThan(10);
    }
  });

  it('of kind missing is silent for two hours, while the other queue goes on', () => {
    for (const one of ofKind('missing')) {
      const { topic, startMs, endMs } = one;
      const during = planted.filter((row) => row.topic === topic && row.timeMs >= startMs && row.timeMs < endMs);
      expect(endMs - startMs).toBe(7_200_000);
      expect(during).toHaveLength(24);
      expect(during.map(({ series }) => series)).not.toContain(one.series);
      expect(within(planted, { ...one, startMs: startMs - STEP_MS, endMs: endMs + STEP_MS })).toHaveLength(2);
    }
  });

  it('of kind season brings the other half of the day', () => {
    for (const one of ofKind('season')) {
      const [seen, ordinary] = both(one);
      const apart = seen.map((value, i) => Math.abs(value - (ordinary[i] ?? 0)) / mean(ordinary));
      expect(mean(apart)).toBeGreaterThan(0.15);
      expect(roughness(seen)).toBeLessThan(2 * roughness(ordinary) + 0.05);
    }
  });
});
