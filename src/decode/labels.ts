// The labels of a series as one canonical text.

import type { SeriesKey } from '../domain.ts';

/** Longest canonical key in UTF-8 bytes: keys stand in every checkpoint, event and line of exposition. */
export const KEY_BYTES_MAX = 256;

/**
 * `host="web-7",region="eu"`, in the order given (label names come sorted from the settings), with `\`, `"` and newline
 * escaped as in Prometheus' text format: different labels always have different keys. Empty without labels.
 */
export function canonicalKey(labelNames: readonly string[], labelValues: readonly string[]): SeriesKey {
  let key = '';
  for (let i = 0; i < labelNames.length; i++) {
    key += `${i === 0 ? '' : ','}${labelNames[i]}="${escaped(labelValues[i] ?? '')}"`;
  }
  return key as SeriesKey;
}

/** Whether the canonical key of these labels has at most `KEY_BYTES_MAX` bytes. */
export function fitsKey(labelNames: readonly string[], labelValues: readonly string[]): boolean {
  let units = 0;
  for (const name of labelNames) units += name.length + '="",'.length;
  for (const value of labelValues) units += value.length;
  // One UTF-16 unit becomes at most three bytes, so most keys need not be written to know that they fit.
  return units * 3 <= KEY_BYTES_MAX || Buffer.byteLength(canonicalKey(labelNames, labelValues)) <= KEY_BYTES_MAX;
}

function escaped(value: string): string {
  if (!value.includes('\\') && !value.includes('"') && !value.includes('\n')) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
