// Random streams with everything that makes a difference between two runs possible: several series and fields,
// disorder, repeats, gaps, pauses, liars, rejects, values that are no numbers, series that come and go, and more of
// them than the limit.

import type { SourceRecord } from '../../src/domain.ts';
import { gaussian, newRandom, type Random, uniform } from '../../src/kernel/random.ts';
import type { Aggregate, DetectSettings, Gaps, StreamSettings, WindowSettings } from '../../src/settings.ts';
import { DETECT } from '../support/detection.ts';
import { HOUR, MINUTE, SECOND, SMALL_MODEL, streamSettings } from '../support/streams.ts';

export interface Trial {
  readonly stream: StreamSettings;
  readonly records: readonly SourceRecord[];
}

const START = Date.UTC(2026, 10, 23, 9, 48);
const LIE = Date.UTC(2099, 0);
const RECORDS = 400;
const HOSTS = ['a', 'b', 'c', 'd', 'e'];

const EVERY: readonly WindowSettings['every'][] = [
  { kind: 'fixed', ms: 10 * SECOND },
  { kind: 'auto' },
  { kind: 'record' },
];
const AGGREGATES: readonly Aggregate[] = ['mean', 'sum', 'min', 'max', 'last', 'count', 'rate'];
const GAPS: readonly Gaps[] = [
  { kind: 'ignore' },
  { kind: 'previous' },
  { kind: 'anomaly' },
  { kind: 'fill', value: 0 },
];

/** A budget of a stream depends on how many series there are, which changes all the time. */
const THRESHOLDS: readonly DetectSettings['threshold'][] = [
  DETECT.threshold,
  { kind: 'budget', perDay: 200, per: 'series' },
  { kind: 'budget', perDay: 300, per: 'stream' },
];

export function trialOf(seed: number): Trial {
  const random = newRandom(seed);
  const every = one(random, EVERY);
  const stream = streamSettings({
    decode: {
      fields: [
        { field: 'p', path: ['p'] },
        { field: 'q', path: ['q'] },
      ],
    },
    window: {
      every,
      aggregate: one(random, AGGREGATES),
      gaps: one(random, GAPS),
      latenessMs: one(random, [0, 2 * SECOND, 15 * SECOND]),
    },
    model: {
      ...SMALL_MODEL,
      cell: one(random, ['gru', 'gru', 'gru', 'seasonal']),
      fields: seed % 2 === 0 ? 'joint' : 'separate',
    },
    detect: {
      range: { min: -1000, max: 60 },
      threshold: THRESHOLDS[seed % THRESHOLDS.length] ?? DETECT.threshold,
      // Ends in the middle of it.
      mute: seed % 4 === 0 ? [{ series: [{ label: 'host', value: 'c' }], untilMs: START + HOUR, reason: 'known' }] : [],
      sustain: one(random, [
        { hits: 1, of: 1 },
        { hits: 2, of: 4 },
      ]),
    },
    limits: { series: one(random, [3, 4, 100]), forgetMs: one(random, [2 * MINUTE, 15 * MINUTE, 24 * HOUR]) },
  });
  return { stream, records: recordsOf(random) };
}

function recordsOf(random: Random): SourceRecord[] {
  const records: SourceRecord[] = [];
  let clockMs = START;
  let offset = 0;
  const add = (text: string): void => {
    offset += uniform(random) < 0.02 ? 2 : 1;
    records.push({ offset, timestampMs: undefined, key: null, value: new TextEncoder().encode(text) });
  };
  if (uniform(random) < 0.2) add(JSON.stringify({ h: 'liar', t: LIE, p: 1 }));
  const liar = one(random, HOSTS);
  for (let i = 0; i < RECORDS; i++) {
    // Hosts come one after the other and go, so that slots are used again.
    const from = Math.floor((i * (HOSTS.length - 2)) / RECORDS);
    const h = one(random, HOSTS.slice(from, from + 3));
    clockMs += Math.floor(uniform(random) * 4 * SECOND);
    if (uniform(random) < 0.004) clockMs += one(random, [MINUTE, 9 * MINUTE, HOUR]);
    const t = uniform(random) < 0.1 ? clockMs - Math.floor(uniform(random) * 30 * SECOND) : clockMs;
    const dice = uniform(random);
    const p = uniform(random) < 0.02 ? 95 : 20 + 10 * Math.abs(gaussian(random));
    const q = uniform(random) < 0.7 ? { q: Math.floor(i / 10) + (i % 50) } : {};
    if (dice < 0.01) add('no JSON');
    else if (dice < 0.02) add(`{"h":"${h}","t":${t},"p":1e400}`);
    else if (dice < 0.04 && i > 10) add(JSON.stringify({ h: liar, t: LIE + i * SECOND, p }));
    else add(JSON.stringify({ h, t, p, ...q }));
    if (uniform(random) < 0.03) add(JSON.stringify({ h, t, p, ...q }));
  }
  return records;
}

/** Cuts a list at `count` random places. */
export function cut<T>(random: Random, list: readonly T[], count: number): T[][] {
  const places = Array.from({ length: count }, () => Math.floor(uniform(random) * (list.length + 1)));
  const borders = [0, ...places.sort((a, b) => a - b), list.length];
  return borders
    .slice(1)
    .map((to, i) => list.slice(borders[i], to))
    .filter((part) => part.length > 0);
}

function one<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[Math.floor(uniform(random) * choices.length)];
  if (choice === undefined) throw new Error('nothing to choose from');
  return choice;
}
