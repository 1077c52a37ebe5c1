// What the stream's settings say about one window, before any episode: is it evident, by which kind of evidence?

import type { DetectSettings } from '../settings.ts';

/** Score of evidence that needs no statistics: a gap, or a value outside the allowed range. */
export const POLICY_SCORE = 1.01;

/** True when |observed − expected| is on the watched side and exceeds both limits. */
export function deviates(
  detect: DetectSettings,
  value: number,
  expected: number,
  lower: number,
  upper: number,
): boolean {
  if (Number.isNaN(expected)) return true;
  const difference = value - expected;
  if (detect.direction === 'above' && difference <= 0) return false;
  if (detect.direction === 'below' && difference >= 0) return false;
  const size = Math.abs(difference);
  if (size < detect.deviation.absolute || size < detect.deviation.relative * Math.abs(expected)) return false;
  if (detect.band === undefined) return true;
  const above = expected + detect.band.above * (upper - expected);
  const below = expected - detect.band.below * (expected - lower);
  return value > above || value < below;
}

export function isOutOfRange(detect: DetectSettings, value: number): boolean {
  return value < detect.range.min || value > detect.range.max;
}

/** True when at least `hits` of the newest `of` bits are set; bit 0 is the newest window. */
export function holds(bits: number, rule: { readonly hits: number; readonly of: number }): boolean {
  const mask = rule.of >= 32 ? 0xffffffff : 2 ** rule.of - 1;
  return countBits(bits & mask) >= rule.hits;
}

/** Shifts a window into the ring of the newest 32. */
export function remember(bits: number, bit: 0 | 1): number {
  return ((bits << 1) | bit) >>> 0;
}

function countBits(bits: number): number {
  let left = bits >>> 0;
  let count = 0;
  while (left !== 0) {
    left &= left - 1;
    count++;
  }
  return count;
}
