// The demo's streams: numbers that look like those of a small shop, drawn step by step from a seed.

import { unreachable } from '../errors.ts';
import { gaussian, hash32, newRandom, type Random, uniform } from '../kernel/random.ts';
import { type PlantedAnomaly, type PlantedKind, STEP_MS } from './generatorPlan.ts';

interface GeneratedRecord {
  /** Place among the topic's series. */
  readonly index: number;
  readonly series: string;
  /** JSON. */
  readonly text: string;
}

export interface GeneratedTopic {
  readonly topic: string;
  readonly seriesCount: number;
  /**
   * The records of the step at `timeMs`, at most one a series, in order of series. To be called for every step in turn.
   * `planted` are the anomalies that may concern it. Randomness is drawn the same with and without them.
   */
  step(timeMs: number, planted: readonly PlantedAnomaly[]): readonly GeneratedRecord[];
}

/** The next value. `kind` is the anomaly that it is part of, if any; `missing` changes nothing here. */
type Signal = (timeMs: number, kind: PlantedKind | undefined) => number;
/** The next ordinary value at a time of day and week. */
type Shape = (timeMs: number) => number;
/** Makes a signal from its source of randomness. */
type NewSignal = (random: Random, plantedRandom: Random) => Signal;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-05, a Monday. */
const MONDAY_MS = 4 * DAY_MS;

export function newTopics(seed: number): readonly GeneratedTopic[] {
  return [
    newTopic(seed, 'demo.traffic', 'site', { shop: { value: traffic(1500, 14) }, api: { value: traffic(4200, 16) } }),
    newTopic(seed, 'demo.latency', 'service', {
      checkout: { value: latency(120, 15) },
      search: { value: latency(45, 13) },
    }),
    newTopic(seed, 'demo.bytes', 'interface', {
      eth0: { value: counter(2.4e6, 20) },
      eth1: { value: counter(9e5, 11) },
    }),
    newTopic(seed, 'demo.queue', 'queue', { orders: { value: queue(14, 15) }, mails: { value: queue(9, 10) } }),
    newTopic(seed, 'demo.host', 'host', {
      'web-1': { cpu: cpu(16, 15), memory: memory(50), load: load(3.5, 15) },
      'web-2': { cpu: cpu(22, 14), memory: memory(44), load: load(2.2, 14) },
    }),
  ];
}

function newTopic(
  seed: number,
  topic: string,
  label: string,
  plan: Readonly<Record<string, Readonly<Record<string, NewSignal>>>>,
): GeneratedTopic {
  const all = Object.entries(plan).map(([series, fields], index) => ({
    series,
    index,
    signals: Object.entries(fields).map(([field, newSignal]) => {
      const name = `${topic} ${series} ${field}`;
      const signal = newSignal(newRandom(seed ^ hash32(name)), newRandom(seed ^ hash32(`${name} planted`)));
      return { field, signal };
    }),
  }));
  return {
    topic,
    seriesCount: all.length,
    step(timeMs, planted) {
      const records: GeneratedRecord[] = [];
      for (const { series, index, signals } of all) {
        const here = planted.filter((one) => one.topic === topic && one.series === series && covers(one, timeMs));
        const record: Record<string, string | number> = { ts: timeMs, [label]: series };
        for (const { field, signal } of signals) {
          const value = signal(timeMs, here.find((one) => one.field === field)?.kind);
          record[field] = Math.round(value * 1000) / 1000;
        }
        const isMissing = here.some(({ kind }) => kind === 'missing');
        if (!isMissing) records.push({ index, series, text: JSON.stringify(record) });
      }
      return records;
    },
  };
}

function covers({ startMs, endMs }: PlantedAnomaly, timeMs: number): boolean {
  return timeMs >= startMs && timeMs < endMs;
}

/** Requests in 5 minutes: day and week, and on top a little more than the noise of a Poisson process. */
function traffic(peak: number, peakHour: number): NewSignal {
  return (random, plantedRandom) => {
    const drift = newDrift(random, 0.98);
    return planting(plantedRandom, Infinity, (timeMs) => {
      const mean = peak * (0.2 + 0.8 * ofDay(timeMs, peakHour)) * ofWeek(timeMs) * Math.exp(0.03 * drift());
      return Math.max(0, Math.round(mean + 1.3 * Math.sqrt(mean) * gaussian(random)));
    });
  };
}

/** Milliseconds: log-normal over a mild daily load, with a long tail now and then. */
function latency(quiet: number, peakHour: number): NewSignal {
  return (random, plantedRandom) => {
    const drift = newDrift(random, 0.95);
    return planting(plantedRandom, Infinity, (timeMs) => {
      const ordinary = 0.3 * ofDay(timeMs, peakHour) + 0.04 * drift() + 0.09 * gaussian(random);
      const tail = -0.3 * Math.log(1 - uniform(random));
      return quiet * Math.exp(ordinary + (uniform(random) < 0.004 ? tail : 0));
    });
  };
}

/** A counter of bytes that begins again at 0 about every five days, as when the machine is restarted. */
function counter(bytesPerSecond: number, peakHour: number): NewSignal {
  return (random, plantedRandom) => {
    const drift = newDrift(random, 0.97);
    const rate = planting(plantedRandom, Infinity, (timeMs) => {
      const level = bytesPerSecond * (0.25 + 0.75 * ofDay(timeMs, peakHour)) * ofWeek(timeMs);
      return level * Math.exp(0.06 * drift() + 0.07 * gaussian(random));
    });
    let total = 0;
    return (timeMs, kind) => {
      const ordinary = Math.round((rate(timeMs, kind === 'flat' ? undefined : kind) * STEP_MS) / 1000);
      const bytes = kind === 'flat' ? 0 : ordinary;
      const isRestart = uniform(random) < STEP_MS / (5 * DAY_MS);
      const share = uniform(random);
      total = isRestart ? Math.round(bytes * share) : total + bytes;
      return total;
    };
  };
}

/** Jobs waiting: mostly few, with bursts that take a while to work off. */
function queue(arrivals: number, peakHour: number): NewSignal {
  return (random, plantedRandom) => {
    let waiting = 0;
    return planting(plantedRandom, Infinity, (timeMs) => {
      const size = 6 * uniform(random);
      const burst = uniform(random) < 0.02 ? size : 0;
      const arriving = arrivals * ((0.3 + 0.7 * ofDay(timeMs, peakHour)) * Math.exp(0.4 * gaussian(random)) + burst);
      waiting = Math.max(0, 0.75 * waiting + arriving - 0.6 * arrivals);
      return Math.round(waiting);
    });
  };
}

/** Per cent. */
function cpu(idle: number, peakHour: number): NewSignal {
  return (random, plantedRandom) => {
    const drift = newDrift(random, 0.9);
    return planting(plantedRandom, 100, (timeMs) => {
      const used = idle + 36 * ofDay(timeMs, peakHour) * ofWeek(timeMs);
      return Math.max(0.5, used + 1.5 * drift() + 1.2 * gaussian(random));
    });
  };
}

/** Per cent: wanders slowly. */
function memory(level: number): NewSignal {
  return (random, plantedRandom) => {
    const drift = newDrift(random, 0.995);
    return planting(
      plantedRandom,
      100,
      (timeMs) => level + 3 * ofDay(timeMs, 15) + 2 * drift() + 0.3 * gaussian(random),
    );
  };
}

/** Runnable processes. */
function load(busy: number, peakHour: number): NewSignal {
  return (random, plantedRandom) => {
    const drift = newDrift(random, 0.9);
    return planting(plantedRandom, Infinity, (timeMs) => {
      const level = 0.3 + busy * ofDay(timeMs, peakHour) * ofWeek(timeMs);
      return level * Math.exp(0.06 * drift() + 0.06 * gaussian(random));
    });
  };
}

/** An ordinary shape, and what anomalies make of it. The result lies in [0, `max`]. */
function planting(random: Random, max: number, shape: Shape): Signal {
  let before = 0;
  return (timeMs, kind) => {
    const ordinary = shape(kind === 'season' ? timeMs + DAY_MS / 2 : timeMs);
    before = Math.min(max, Math.max(0, affected(ordinary, before, kind, random)));
    return before;
  };
}

function affected(ordinary: number, before: number, kind: PlantedKind | undefined, random: Random): number {
  switch (kind) {
    case 'spike':
      return 3 * ordinary;
    case 'shift':
      return 1.6 * ordinary;
    case 'variance':
      return ordinary * (1 + 0.45 * gaussian(random));
    case 'flat':
      return before;
    case 'season':
    case 'missing':
    case undefined:
      return ordinary;
    default:
      return unreachable(kind);
  }
}

/** From about 0.2 in the night to 1 at the peak, in UTC. */
function ofDay(timeMs: number, peakHour: number): number {
  const turn = (2 * Math.PI * (timeMs - peakHour * HOUR_MS)) / DAY_MS;
  return 0.5 + 0.4 * Math.cos(turn) + 0.1 * Math.cos(2 * turn);
}

/** From about 0.8 at the weekend to 1.2 in mid-week. */
function ofWeek(timeMs: number): number {
  const turn = (2 * Math.PI * (timeMs - MONDAY_MS - 2 * DAY_MS)) / WEEK_MS;
  return 1 + 0.17 * Math.cos(turn) + 0.04 * Math.cos(2 * turn);
}

/** A slow random walk that is pulled back to 0, with standard deviation 1. */
function newDrift(random: Random, memoryShare: number): () => number {
  const step = Math.sqrt(1 - memoryShare * memoryShare);
  let level = gaussian(random);
  return () => {
    level = memoryShare * level + step * gaussian(random);
    return level;
  };
}
