// Anomalies planted by rule into real series: where, what kind, how large. Nothing here knows what a detector says, and
// the same seed plants the same.

import { gaussian, newRandom, type Random, uniform } from '../../../src/kernel/random.ts';

const DAY_S = 86_400;
const HOUR_S = 3600;
const WEEK_DAYS = 7;

export const PLANTED_KINDS = ['spike', 'dip', 'shift', 'drift', 'noise', 'flat', 'burst', 'season'] as const;
export type PlantedKind = (typeof PLANTED_KINDS)[number];
export const PLANTED_SIZES = ['small', 'medium', 'large'] as const;
export type PlantedSize = (typeof PLANTED_SIZES)[number];

/** A real series without gaps, one value every `everyS` seconds. */
export interface Background {
  readonly name: string;
  readonly startS: number;
  readonly everyS: number;
  readonly values: Float64Array;
  /** 1 where its authors saw an anomaly, and for some hours behind: nothing is planted or judged there. */
  readonly excluded: Uint8Array;
}

export interface Planting {
  readonly kind: PlantedKind;
  readonly size: PlantedSize;
  readonly first: number;
  readonly last: number;
  /** One unit of size at that place. */
  readonly scale: number;
  /** Whether it brings a larger difference from the day before than the two weeks before it had. */
  readonly standsOut: boolean;
}

type Place = Omit<Planting, 'standsOut'>;

export interface Planted {
  readonly background: Background;
  readonly values: Float64Array;
  /** In order of time. */
  readonly plantings: readonly Planting[];
  /** Turn with which the next series goes on. */
  readonly nextTurn: number;
}

/** Hours that a stretch lasts, and windows that it has at least: small, medium, large. */
const LASTS: Readonly<Record<PlantedKind, Readonly<Record<PlantedSize, readonly [hours: number, windows: number]>>>> = {
  spike: { small: [0, 1], medium: [0, 1], large: [0, 1] },
  dip: { small: [0, 1], medium: [0.25, 3], large: [1, 6] },
  shift: { small: [6, 12], medium: [6, 12], large: [6, 12] },
  drift: { small: [12, 24], medium: [12, 24], large: [12, 24] },
  noise: { small: [6, 12], medium: [6, 12], large: [6, 12] },
  flat: { small: [3, 6], medium: [6, 12], large: [12, 24] },
  burst: { small: [3, 12], medium: [3, 12], large: [3, 12] },
  season: { small: [3, 3], medium: [6, 6], large: [12, 12] },
};

/** Units of scale that spikes, shifts and the top of a drift differ by; the noise that is added has half of that. */
export const UNITS: Readonly<Record<PlantedSize, number>> = { small: 3, medium: 6, large: 12 };
const NOISE_SHARE = 0.5;
/** In a burst one window in so many is a spike: at least, at most. */
const BURST_EVERY = [3, 6] as const;
/** A season is broken by the values of so many days before. */
const SEASON_DAYS = 0.5;

/** Between stretches there are so many days and windows at least: what comes every hour is the usual thing. */
const APART_DAYS = 2;
const APART_WINDOWS = 150;
/** Where nothing could be seen, another place is tried so many times, each within a day behind the last one. */
const TRIES = 10;

const TURNS = PLANTED_SIZES.flatMap((_, round) =>
  PLANTED_KINDS.map((kind, i) => ({ kind, size: PLANTED_SIZES[(i + round) % PLANTED_SIZES.length] ?? 'small' })),
);

/** Windows behind a stretch in which an episode still belongs to it. */
export function echoOf(everyS: number): number {
  return Math.max(3, HOUR_S / everyS);
}

/** The first row that may be planted and judged: the second half, after a week at least. */
export function judgedFrom({ values, everyS }: Background): number {
  return Math.max(values.length >> 1, (WEEK_DAYS * DAY_S) / everyS);
}

/** Every kind and size in turn, beginning with number `turn`, from `judgedFrom` to the end of the series. */
export function plant(background: Background, seed: number, turn: number): Planted {
  const random = newRandom(seed);
  const { everyS } = background;
  const perDay = DAY_S / everyS;
  const values = background.values.slice();
  const plantings: Planting[] = [];
  const decimals = decimalsOf(background.values);
  const apart = Math.max(APART_DAYS * perDay, APART_WINDOWS);
  const life = dayToDay(background, 0, values.length);
  let earliest = judgedFrom(background);
  let tries = 0;
  for (let now = turn; ; ) {
    const { kind, size } = TURNS[now % TURNS.length] ?? { kind: 'spike', size: 'small' };
    const first = earliest + Math.floor(uniform(random) * perDay);
    const last = first + lengthOf(kind, size, everyS, random) - 1;
    if (last + echoOf(everyS) >= values.length) return { background, values, plantings, nextTurn: now };
    const clash = background.excluded.subarray(first, last + echoOf(everyS) + 1).lastIndexOf(1);
    if (clash >= 0) {
      earliest = first + clash + 1;
      continue;
    }
    const scale = Math.max(life, dayToDay(background, first - WEEK_DAYS * perDay, first));
    const planting: Place = { kind, size, first, last, scale };
    const stretch = stretchOf(background, planting, random).map((value) => Number(value.toFixed(decimals)));
    if (isVisible(background, planting, stretch)) {
      values.set(stretch, first);
      plantings.push({ ...planting, standsOut: standsOut(background, first, stretch) });
      earliest = last + 1 + apart;
    } else if (++tries < TRIES) continue;
    tries = 0;
    now++;
  }
}

/**
 * The unit of size: 1.4826 median absolute deviations (of a normal distribution its standard deviation) of the
 * difference from the day before, over √2 because two values are in it. A residual from a moving median would be
 * smaller wherever a series is smooth, and "six of them" then less than what every morning brings; from yesterday a
 * value differs by what is usual for the series, its season aside. `plant` takes the larger one of the week before and
 * of the whole series, because a quiet week does not make something small an anomaly.
 */
export function dayToDay({ values, everyS }: Background, from: number, to: number): number {
  const day = DAY_S / everyS;
  const begin = Math.max(from, day);
  const differences = values.slice(begin, to).map((value, i) => value - (values[begin + i - day] ?? 0));
  const centre = middle(differences);
  return (1.4826 * middle(differences.map((difference) => Math.abs(difference - centre)))) / Math.SQRT2;
}

function middle(values: Float64Array): number {
  return values.toSorted()[values.length >> 1] ?? 0;
}

function lengthOf(kind: PlantedKind, size: PlantedSize, everyS: number, random: Random): number {
  const [hours, windows] = LASTS[kind][size];
  const length = Math.max((hours * HOUR_S) / everyS, windows);
  return kind === 'spike' && uniform(random) < 0.5 ? length + 1 : length;
}

/** The values in place of those of the background, of the stretch alone. */
function stretchOf(background: Background, planting: Place, random: Random): Float64Array {
  const { values, everyS } = background;
  const { kind, size, first, last, scale } = planting;
  const own = values.slice(first, last + 1);
  const most = UNITS[size] * scale;
  // What never was negative does not become so: nobody would believe it, and any range would find it.
  const floor = values.reduce((least, value) => Math.min(least, value), 0);
  const isUp = uniform(random) < 0.5 || Math.min(...own) - most < floor;
  const height = isUp ? most : -most;
  switch (kind) {
    case 'spike':
    case 'shift':
      return own.map((value) => value + height);
    case 'dip':
      return own.fill(floor);
    case 'drift': {
      // Up to the middle, then back.
      const half = own.length / 2;
      return own.map((value, i) => value + height * (1 - Math.abs(i + 0.5 - half) / half));
    }
    case 'noise':
      return own.map((value) => Math.max(floor, value + NOISE_SHARE * most * gaussian(random)));
    case 'flat':
      return own.fill(values[first - 1] ?? 0);
    case 'burst': {
      const [least, atMost] = BURST_EVERY;
      for (let i = 0; i < own.length; i += least + Math.floor(uniform(random) * (atMost - least + 1)))
        own[i] = (own[i] ?? 0) + height;
      return own;
    }
    case 'season': {
      const back = (SEASON_DAYS * DAY_S) / everyS;
      return values.slice(first - back, last + 1 - back);
    }
  }
}

/**
 * Whether there is something to find. Kinds that take their values from the series change nothing at some places: a dip
 * or a broken season must differ by a small unit on average, and what hangs must have moved in every second window.
 */
function isVisible({ values }: Background, planting: Place, stretch: Float64Array): boolean {
  const { kind, first, scale } = planting;
  if (!(scale > 0)) return false;
  let sum = 0;
  let moves = 0;
  for (const [i, value] of stretch.entries()) {
    const own = values[first + i] ?? 0;
    sum += Math.abs(value - own);
    if (own !== values[first + i - 1]) moves++;
  }
  if (kind === 'flat') return 2 * moves >= stretch.length;
  return (kind !== 'dip' && kind !== 'season') || sum >= UNITS.small * scale * stretch.length;
}

/**
 * Real series have heavy tails: what lies six units off may come every day, and who reports it reports too much. This
 * tells what is hidden among the usual from what a detector has overlooked.
 */
function standsOut({ values, everyS, excluded }: Background, first: number, stretch: Float64Array): boolean {
  const day = DAY_S / everyS;
  const differs = (value: number, row: number): number => Math.abs(value - (values[row - day] ?? value));
  const own = stretch.reduce((most, value, i) => Math.max(most, differs(value, first + i)), 0);
  for (let row = first - 2 * WEEK_DAYS * day; row < first; row++) {
    if (excluded[row] === 0 && differs(values[row] ?? 0, row) >= own) return false;
  }
  return true;
}

/** Digits behind the point, so that what is planted cannot be told by having more of them. */
function decimalsOf(values: Float64Array): number {
  let most = 0;
  for (const value of values) {
    const [mantissa = '', exponent = '0'] = String(value).split('e');
    most = Math.max(most, (mantissa.split('.')[1] ?? '').length - Number(exponent));
  }
  return Math.min(most, 20);
}
