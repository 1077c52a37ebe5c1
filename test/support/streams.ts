// Settings of one stream: the product's defaults and, where a test says so, something else.

import type {
  DecodeSettings,
  DetectSettings,
  ModelSettings,
  StreamSettings,
  WindowSettings,
} from '../../src/settings.ts';
import { DETECT } from './detection.ts';

export interface StreamChanges {
  readonly name?: string;
  readonly decode?: Partial<DecodeSettings>;
  readonly window?: Partial<WindowSettings>;
  readonly model?: Partial<ModelSettings>;
  readonly detect?: Partial<DetectSettings>;
  readonly limits?: Partial<StreamSettings['limits']>;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A model that learns in microseconds. */
export const SMALL_MODEL: ModelSettings = {
  cell: 'gru',
  hidden: 4,
  layers: 1,
  lookback: 8,
  fields: 'separate',
  backend: 'auto',
  prior: 'stream',
  warmupWindows: 50,
};

export const WINDOW: WindowSettings = {
  every: { kind: 'auto' },
  aggregate: 'mean',
  latenessMs: 30 * SECOND,
  gaps: { kind: 'ignore' },
  futureMs: 10 * MINUTE,
  openWindows: 32,
};

/** Records are JSON: label `host` at `h`, time in milliseconds at `t`, field `value` at `v`. */
export function streamSettings(changes: StreamChanges = {}): StreamSettings {
  const name = changes.name ?? 'stream';
  return {
    name,
    uid: name,
    topics: ['topic'],
    startFrom: { kind: 'earliest' },
    decode: {
      format: 'json',
      where: [],
      labels: [{ label: 'host', path: ['h'] }],
      time: { kind: 'path', path: ['t'], unit: 'ms' },
      fields: [{ field: 'value', path: ['v'] }],
      recordBytesMax: 1 << 20,
      ...changes.decode,
    },
    window: { ...WINDOW, ...changes.window },
    model: {
      cell: 'gru',
      hidden: 16,
      layers: 1,
      lookback: 32,
      fields: 'separate',
      backend: 'auto',
      prior: 'stream',
      warmupWindows: 'auto',
      ...changes.model,
    },
    detect: { ...DETECT, ...changes.detect },
    limits: { series: 10_000, quietMs: 5 * MINUTE, forgetMs: 7 * DAY, ...changes.limits },
    configHash: '0123456789ab',
  };
}
