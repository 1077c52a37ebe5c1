// The hash that decides whether a stream's models may be kept.

import { createHash } from 'node:crypto';
import type { StreamSettings } from '../settings.ts';

/**
 * First 12 hex digits of SHA-256 over what the models depend on, as canonical JSON. Not in it: lateness, gaps, limits,
 * detection and warm-up, which may change under a model, and the backend: all kernels work on the same slabs.
 */
export function configHash(stream: Omit<StreamSettings, 'configHash'>): string {
  const { uid, decode, window, model } = stream;
  const relevant = {
    uid,
    decode: {
      format: decode.format,
      where: decode.where,
      labels: decode.labels,
      time: decode.time,
      // An absent path would vanish from JSON.
      fields: decode.fields.map(({ field, path }) => ({ field, path: path ?? null })),
    },
    window: { every: window.every, aggregate: window.aggregate },
    model: {
      cell: model.cell,
      hidden: model.hidden,
      layers: model.layers,
      lookback: model.lookback,
      // Says nothing to a stream with one field, whose models therefore stay.
      ...(decode.fields.length > 1 ? { fields: model.fields } : {}),
    },
  };
  return createHash('sha256').update(canonicalJson(relevant)).digest('hex').slice(0, 12);
}

/** JSON with the keys of all objects in order of their code units. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(',')}}`;
}
