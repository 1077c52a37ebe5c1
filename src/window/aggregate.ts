// One open window of one series: nine float64 in its slab, from the first sample to the closing.

import { AT, OPEN } from '../kernel/layout.ts';
import type { Aggregate } from '../settings.ts';

/**
 * Adds a sample to the open window at f64[at…]. Counters must come in time order: answers false, and changes nothing,
 * for an older sample with `rate`.
 */
export function addSample(
  f64: Float64Array,
  at: number,
  aggregate: Aggregate,
  timeMs: number,
  value: number,
  offset: number,
): boolean {
  const count = f64[at + OPEN.count]!;
  if (count === 0) {
    f64[at + OPEN.min] = value;
    f64[at + OPEN.max] = value;
    f64[at + OPEN.firstValue] = value;
    f64[at + OPEN.firstTimeMs] = timeMs;
    f64[at + OPEN.lastValue] = value;
    f64[at + OPEN.lastTimeMs] = timeMs;
    f64[at + OPEN.sum] = aggregate === 'rate' ? 0 : value;
    f64[at + OPEN.offset] = offset;
  } else {
    if (aggregate === 'rate') {
      if (timeMs < f64[at + OPEN.lastTimeMs]!) return false;
      f64[at + OPEN.sum]! += increase(f64[at + OPEN.lastValue]!, value);
    } else {
      f64[at + OPEN.sum]! += value;
    }
    if (value < f64[at + OPEN.min]!) f64[at + OPEN.min] = value;
    if (value > f64[at + OPEN.max]!) f64[at + OPEN.max] = value;
    if (timeMs >= f64[at + OPEN.lastTimeMs]!) {
      f64[at + OPEN.lastValue] = value;
      f64[at + OPEN.lastTimeMs] = timeMs;
    }
    f64[at + OPEN.offset] = Math.max(f64[at + OPEN.offset]!, offset);
  }
  f64[at + OPEN.count] = count + 1;
  return true;
}

/**
 * The value of the window at f64[at…], which is emptied. `slab` is where the series' scalars begin: a counter's last
 * reading is kept there. NaN when there is none (a counter's first reading), possibly infinite when a sum overflows.
 */
export function takeAggregate(f64: Float64Array, at: number, slab: number, aggregate: Aggregate): number {
  const value = aggregateValue(f64, at, slab, aggregate);
  f64[at + OPEN.count] = 0;
  return value;
}

function aggregateValue(f64: Float64Array, at: number, slab: number, aggregate: Aggregate): number {
  switch (aggregate) {
    case 'mean':
      return f64[at + OPEN.sum]! / f64[at + OPEN.count]!;
    case 'sum':
      return f64[at + OPEN.sum]!;
    case 'min':
      return f64[at + OPEN.min]!;
    case 'max':
      return f64[at + OPEN.max]!;
    case 'last':
      return f64[at + OPEN.lastValue]!;
    case 'count':
      return f64[at + OPEN.count]!;
    case 'rate':
      return ratePerSecond(f64, at, slab);
  }
}

/** Increase per second since the last reading of the window before, so that no increase is lost between windows. */
function ratePerSecond(f64: Float64Array, at: number, slab: number): number {
  const known = f64[slab + AT.hasCounter] === 1;
  const sinceMs = known ? f64[slab + AT.counterTimeMs]! : f64[at + OPEN.firstTimeMs]!;
  const before = known ? increase(f64[slab + AT.counterValue]!, f64[at + OPEN.firstValue]!) : 0;
  const seconds = (f64[at + OPEN.lastTimeMs]! - sinceMs) / 1000;
  f64[slab + AT.counterValue] = f64[at + OPEN.lastValue]!;
  f64[slab + AT.counterTimeMs] = f64[at + OPEN.lastTimeMs]!;
  f64[slab + AT.hasCounter] = 1;
  return seconds > 0 ? (before + f64[at + OPEN.sum]!) / seconds : Number.NaN;
}

/** A counter that falls was reset and has counted up from zero since. */
function increase(from: number, to: number): number {
  return to >= from ? to - from : to;
}
