// Random numbers from a seed: the same on every engine, and plain data, so that a generator can be copied or stored.

import { log } from './elementary.ts';

/** State of xoshiro128** (D. Blackman, S. Vigna, Scrambled linear pseudorandom number generators, 2018): 4 × int32. */
export interface Random {
  a: number;
  b: number;
  c: number;
  d: number;
}

/** Only the low 32 bits of the seed count. Neighbouring seeds give unrelated sequences. */
export function newRandom(seed: number): Random {
  // Consecutive points of a Weyl sequence, mixed: never four zeros, the one state that must not be.
  const weyl = (i: number): number => mix((seed | 0) + Math.imul(i, 0x9e3779b9));
  return { a: weyl(1), b: weyl(2), c: weyl(3), d: weyl(4) };
}

/** Uniform in [0, 1), a multiple of 2^-53. */
export function uniform(random: Random): number {
  const high = next(random) >>> 5;
  const low = next(random) >>> 6;
  return (high * 0x4000000 + low) / 0x20000000000000;
}

/** Standard normal, by G. Marsaglia's polar method (Knuth, TAOCP 2, 3.4.1, algorithm P). */
export function gaussian(random: Random): number {
  for (;;) {
    const x = 2 * uniform(random) - 1;
    const y = 2 * uniform(random) - 1;
    const s = x * x + y * y;
    if (s < 1 && s > 0) return x * Math.sqrt((-2 * log(s)) / s);
  }
}

/** 32-bit hash of a text, 0 to 2^32 − 1: FNV-1a over UTF-16 units, mixed, because FNV's high bits stay poor. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash) >>> 0;
}

/** Finaliser of MurmurHash3 (A. Appleby, 2011): a bijection of int32 in which every bit reaches every bit. */
export function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function next(random: Random): number {
  const { a, b, c, d } = random;
  const five = Math.imul(b, 5);
  const result = Math.imul((five << 7) | (five >>> 25), 9);
  const shifted = b << 9;
  const c2 = c ^ a;
  const d2 = d ^ b;
  random.b = b ^ c2;
  random.a = a ^ d2;
  random.c = c2 ^ shifted;
  random.d = (d2 << 11) | (d2 >>> 21);
  return result;
}
