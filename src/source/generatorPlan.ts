// Which anomalies the generator plants, where and when: a list that depends on the seed and the start alone.

import { hash32, newRandom, type Random, uniform } from '../kernel/random.ts';

/**
 * spike: three times the value for ten minutes; shift: a lasting step; variance: the same level, far noisier; flat: the
 * value stands still (a counter stops); missing: no records; season: what belongs to the other half of the day.
 */
export type PlantedKind = 'spike' | 'shift' | 'variance' | 'flat' | 'missing' | 'season';

export interface PlantedAnomaly {
  readonly kind: PlantedKind;
  readonly topic: string;
  /** Value of the topic's one label. */
  readonly series: string;
  readonly field: string;
  /** Event time, [start, end); whole steps of the generator. */
  readonly startMs: number;
  readonly endMs: number;
}

type Place = Pick<PlantedAnomaly, 'topic' | 'series' | 'field'>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Every series has a record every 5 minutes of event time. */
export const STEP_MS = 5 * MINUTE_MS;

const SHOP = place('demo.traffic', 'shop');
const API = place('demo.traffic', 'api');
const CHECKOUT = place('demo.latency', 'checkout');
const SEARCH = place('demo.latency', 'search');
const ETH0 = place('demo.bytes', 'eth0');
const ETH1 = place('demo.bytes', 'eth1');
const ORDERS = place('demo.queue', 'orders');
const MAILS = place('demo.queue', 'mails');
const [CPU1, MEMORY1, LOAD1] = [host('web-1', 'cpu'), host('web-1', 'memory'), host('web-1', 'load')];
const [CPU2, MEMORY2, LOAD2] = [host('web-2', 'cpu'), host('web-2', 'memory'), host('web-2', 'load')];

interface Act {
  readonly kind: PlantedKind;
  readonly durationMs: number;
  /** Where a human would call it an anomaly. The first day takes the first one, and so six different series. */
  readonly places: readonly [Place, ...Place[]];
}

/** In the order of the first day: what shows at once comes first. */
const ACTS: readonly Act[] = [
  { kind: 'spike', durationMs: 2 * STEP_MS, places: [SHOP, CHECKOUT, API, SEARCH, ETH0, ETH1] },
  { kind: 'shift', durationMs: 5 * HOUR_MS, places: [CHECKOUT, MEMORY2, SEARCH, SHOP, MEMORY1] },
  { kind: 'missing', durationMs: 2 * HOUR_MS, places: [ORDERS, MAILS] },
  { kind: 'flat', durationMs: 4 * HOUR_MS, places: [ETH0, LOAD1, LOAD2, SEARCH] },
  { kind: 'variance', durationMs: 5 * HOUR_MS, places: [CPU1, CPU2, CHECKOUT] },
  { kind: 'season', durationMs: 10 * HOUR_MS, places: [API, CPU2, SHOP, CPU1] },
];

/** The first one comes this long after the start; then one every 2 to 4 hours until all kinds have been seen. */
const FIRST_AFTER_MS = 3 * HOUR_MS;
/** Afterwards one every 8 to 20 hours: each series then has days between two of its own. */
const PAUSE_MS_MIN = 8 * HOUR_MS;
const PAUSE_MS_MAX = 20 * HOUR_MS;
/** The last so many places rest. */
const RECENT_COUNT = 3;

function place(topic: string, series: string, field = 'value'): Place {
  return { topic, series, field };
}

function host(series: string, field: string): Place {
  return place('demo.host', series, field);
}

/** All anomalies that begin in [startMs, untilMs), in order. A longer plan begins with the shorter one. */
export function anomalyPlan(seed: number, startMs: number, untilMs: number): readonly PlantedAnomaly[] {
  const random = newRandom(seed ^ hash32('plan'));
  const plan: PlantedAnomaly[] = [];
  const plant = ({ kind, durationMs }: Act, at: Place, fromMs: number): void => {
    plan.push({ kind, ...at, startMs: fromMs, endMs: fromMs + durationMs });
  };

  let nextMs = startMs + between(random, FIRST_AFTER_MS, FIRST_AFTER_MS + HOUR_MS);
  for (const act of ACTS) {
    plant(act, act.places[0], nextMs);
    nextMs += between(random, 2 * HOUR_MS, 4 * HOUR_MS);
  }
  while (nextMs < untilMs) {
    nextMs += between(random, PAUSE_MS_MIN, PAUSE_MS_MAX);
    const act = pick(random, ACTS);
    const recent = plan.slice(-RECENT_COUNT);
    const chosen = pick(random, act?.places.filter((one) => !recent.some((other) => isSameSeries(one, other))) ?? []);
    // A kind with two places may find both taken; then there is none this time.
    if (act !== undefined && chosen !== undefined) plant(act, chosen, nextMs);
  }
  return plan.filter((anomaly) => anomaly.startMs < untilMs);
}

function isSameSeries(a: Place, b: Place): boolean {
  return a.topic === b.topic && a.series === b.series;
}

/** A duration in whole steps. */
function between(random: Random, fromMs: number, toMs: number): number {
  return Math.floor((fromMs + uniform(random) * (toMs - fromMs)) / STEP_MS) * STEP_MS;
}

function pick<T>(random: Random, choices: readonly T[]): T | undefined {
  return choices[Math.floor(uniform(random) * choices.length)];
}
