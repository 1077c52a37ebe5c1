// The series of cases.ts, and what happens to counters.

import { exp } from '../../src/kernel/elementary.ts';
import { gaussian, type Random, uniform } from '../../src/kernel/random.ts';

/** The value of a window at event time `ms`; n counts windows. */
export type Signal = (ms: number, n: number) => number;
/** What becomes of a value k windows after the onset; undefined = no sample. */
export type Harm = (value: number, k: number, random: Random, ms: number) => number | undefined;

const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 100, up and down by 20 in a day, with noise of 2. */
export const daily = (random: Random): Signal => {
  return (ms) => 100 + 20 * Math.sin((2 * Math.PI * ms) / DAY) + 2 * gaussian(random);
};
/** 50 with noise of 1. */
export const steady = (random: Random): Signal => {
  return () => 50 + gaussian(random);
};
export const scaled = (factor: number, offset: number) => {
  return (random: Random): Signal => {
    const plain = daily(random);
    return (ms, n) => offset + factor * plain(ms, n);
  };
};
export const constant = (): Signal => () => 42;
/** Mostly 0, sometimes 1. */
export const twoValues = (random: Random): Signal => {
  return () => (uniform(random) < 0.1 ? 1 : 0);
};
/** 0, 1, 2: a few an hour. */
export const sparse = (random: Random): Signal => {
  return () => (uniform(random) < 0.15 ? 1 : 0) + (uniform(random) < 0.02 ? 1 : 0);
};
/** A gauge of whole numbers that is busy by day, and stands still for hours at night. */
export const restful = (random: Random): Signal => {
  let last = 40;
  return (ms) => {
    const hour = (ms % DAY) / HOUR;
    if ((hour >= 6 && hour < 22) || uniform(random) < 0.01) last = Math.round(40 + 5 * gaussian(random));
    return last;
  };
};
/** Grows by 3 to 5 a second. */
export const counter = (random: Random): Signal => {
  let total = 1000;
  return () => {
    total += 300 * (4 + 0.5 * gaussian(random));
    return total;
  };
};
/** A day of 24 h with two peaks, local time = UTC + 1 h. */
export const office = (random: Random): Signal => {
  return (ms) => officeAt(ms + HOUR) + 2 * gaussian(random);
};
export function officeAt(ms: number): number {
  const hour = (ms % DAY) / HOUR;
  const bump = (at: number): number => exp(-((hour - at) ** 2) / 4);
  return 20 + 60 * bump(10) + 45 * bump(15);
}
export const week = (random: Random): Signal => {
  return (ms) => {
    const day = Math.floor(ms / DAY + 4) % 7;
    return (day === 6 || day === 0 ? 20 : officeAt(ms)) + 2 * gaussian(random);
  };
};

/** The counter starts at 0 again. */
export function anew(): Harm {
  let base = 0;
  return (value, k) => {
    if (k === 0) base = value;
    return value - base;
  };
}
export function twiceAsFast(): Harm {
  let base = 0;
  return (value, k) => {
    if (k === 0) base = value;
    return 2 * value - base;
  };
}
