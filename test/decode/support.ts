// Settings and records for decoder tests, each with what the test says it is about.

import { expect } from 'vitest';
import type { Decoded, SourceRecord } from '../../src/domain.ts';
import type { DecodeSettings } from '../../src/settings.ts';

/** Time from `$.ts` in milliseconds, value from `$.v`, no labels. */
export function settings(changes: Partial<DecodeSettings> = {}): DecodeSettings {
  return {
    format: 'json',
    where: [],
    labels: [],
    time: { kind: 'path', path: ['ts'], unit: 'ms' },
    fields: [{ field: 'value', path: ['v'] }],
    recordBytesMax: 1 << 20,
    ...changes,
  };
}

export function record(value: string | Uint8Array | null, changes: Partial<SourceRecord> = {}): SourceRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return { offset: 0, timestampMs: undefined, key: null, value: bytes, ...changes };
}

export const CONTEXT = { partition: 0, firstOffset: 0 };

/** The one sample of a record that has one. */
export function only(decoded: Decoded) {
  expect(decoded.kind).toBe('samples');
  const samples = decoded.kind === 'samples' ? decoded.samples : [];
  expect(samples).toHaveLength(1);
  const [sample] = samples;
  if (sample === undefined) throw new Error('no sample');
  return sample;
}
