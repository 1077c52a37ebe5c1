// Series in which nothing happens: what they are made of never changes, so every episode is one too many.

import { exp } from '../../../src/kernel/elementary.ts';
import { gaussian, newRandom, type Random, uniform } from '../../../src/kernel/random.ts';

const DAY = 86_400;
const WEEK = 7 * DAY;

/** `level` is the kind's own to remember. */
type Kind = (random: Random, second: number, memory: { level: number }) => number;

const wave = (second: number, period: number): number => Math.sin((2 * Math.PI * second) / period);

/** Student's t with three degrees of freedom: a normal over the root of a mean of three squares. */
function student3(random: Random): number {
  let sum = 0;
  for (let i = 0; i < 3; i++) sum += gaussian(random) ** 2;
  return gaussian(random) / Math.sqrt(sum / 3);
}

/** By D. Knuth's product of uniforms (TAOCP 2, 3.4.1, algorithm Q); for small means. */
function poisson(random: Random, mean: number): number {
  const least = exp(-mean);
  let product = uniform(random);
  let count = 0;
  for (; product > least; count++) product *= uniform(random);
  return count;
}

export const KINDS: Readonly<Record<string, Kind>> = {
  'white noise': (random) => 50 + gaussian(random),
  'AR(1), 0.95': (random, _second, memory) => {
    memory.level = 0.95 * memory.level + gaussian(random);
    return 50 + memory.level;
  },
  'Student t, 3': (random) => 50 + student3(random),
  lognormal: (random) => 50 * exp(0.5 * gaussian(random)),
  'daily season': (random, second) => 50 + 20 * wave(second, DAY) + 2 * gaussian(random),
  'weekly season': (random, second) =>
    50 + 10 * wave(second, DAY) * (1 + 0.5 * wave(second, WEEK)) + 5 * wave(second, WEEK) + 2 * gaussian(random),
  'two values': (random) => (uniform(random) < 0.1 ? 1 : 0),
  'Poisson, 3': (random) => poisson(random, 3),
  telegraph: (random, _second, memory) => {
    if (uniform(random) < 0.02) memory.level = 1 - memory.level;
    return 10 * memory.level + gaussian(random);
  },
};

/** Lines of CSV, `time,value`, one every `every` seconds. */
export function stationaryLines(kind: string, seed: number, every: number, rows: number): Buffer[] {
  const draw = KINDS[kind];
  if (draw === undefined) throw new Error(`there is no kind ${kind}`);
  const random = newRandom(seed);
  const memory = { level: 0 };
  return Array.from({ length: rows }, (_, i) =>
    Buffer.from(`${1_700_000_000 + i * every},${draw(random, i * every, memory)}`),
  );
}
