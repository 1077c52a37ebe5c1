// What the script of the report reads: curves as bytes in base64, all else as JSON that is safe inside of HTML.

import type { Curve } from './curve.ts';
import type { Outcome } from './outcome.ts';

/** Shaded ranges of one file; beyond this the strongest episodes are shaded. */
const EPISODES_MAX = 2_000;
const SEGMENTS_MAX = 2_000;

/**
 * Little-endian columns, one behind the other: count × uint32 start in units since the first, then count × float32 each
 * of least, most, expected, lower, upper and score.
 */
export function curveBase64({ count, startMs, ...curve }: Curve, unitMs: number): string {
  const bytes = Buffer.alloc(28 * count);
  const firstMs = startMs[0] ?? 0;
  for (let i = 0; i < count; i++) bytes.writeUInt32LE(Math.floor(((startMs[i] ?? 0) - firstMs) / unitMs), 4 * i);
  const columns = [curve.least, curve.most, curve.expected, curve.lower, curve.upper, curve.score];
  for (const [c, column] of columns.entries()) {
    for (let i = 0; i < count; i++) bytes.writeFloatLE(column[i] ?? Number.NaN, 4 * (count * (c + 1) + i));
  }
  return bytes.toString('base64');
}

/** Milliseconds, or seconds where those would be 2³² and more: a curve of at most 136 years. */
export function unitMsOf({ startMs, count }: Curve): number {
  const lengthMs = (startMs[count - 1] ?? 0) - (startMs[0] ?? 0);
  return lengthMs < 2 ** 32 ? 1 : 1000;
}

/** Everything but the curve that a plot of one field shows. */
export function plotJson(outcome: Outcome, curve: Curve): string {
  const { tally, episodes, columns, everyMs } = outcome;
  const own = episodes.filter(({ field }) => field === curve.field);
  const shown = [...own].sort((a, b) => b.peak.score - a.peak.score).slice(0, EPISODES_MAX);
  shown.sort((a, b) => a.number - b.number);
  return safeJson({
    name: columns.values[curve.field]?.name,
    first: curve.startMs[0] ?? 0,
    last: Number.isNaN(curve.endMs) ? 0 : curve.endMs,
    unit: unitMsOf(curve),
    every: Number.isNaN(everyMs) ? 0 : everyMs,
    ready: finite(outcome.readyMs[curve.field] ?? Number.NaN),
    labels: tally.allSegments.slice(0, SEGMENTS_MAX).map(({ startMs, endMs }) => [startMs, endMs]),
    episodes: shown.map(({ number, startMs, lastMs, peak }) => [
      number,
      startMs,
      Math.max(lastMs, startMs),
      peak.startMs,
      finite(peak.value),
    ]),
  });
}

/** Nothing in it can end the element that it stands in. */
function safeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function finite(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}
