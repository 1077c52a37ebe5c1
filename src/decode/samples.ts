// From a parsed document to samples: what is the same for every wire format. A format brings its scalars.

import type { Decoded, RejectReason, Sample, SourceRecord } from '../domain.ts';
import { unreachable } from '../errors.ts';
import type { DecodeSettings, Path, TimeSetting, TimeUnit } from '../settings.ts';
import { isEventTime, outsideText } from './eventTime.ts';
import { fitsKey, KEY_BYTES_MAX } from './labels.ts';
import { pathText, walk } from './path.ts';
import { withinFloat32 } from './strictNumber.ts';
import { cleanText } from './text.ts';

/** What a decoder knows besides its settings and the record. */
export interface DecodeContext {
  readonly partition: number;
  /** Offset of record 0, for times that are counted: 0 in a topic, the number of the first data line in a file. */
  readonly firstOffset: number;
}

/**
 * How a wire format reads the scalars of its documents. Readers answer with a text that says what is wrong with the
 * value ("is a string, not a number") in place of what was asked for; they never see absent values.
 */
export interface Scalars {
  isAbsent(value: unknown): boolean;
  equals(value: unknown, wanted: string | number | boolean | null): boolean;
  /** Any number, NaN and infinities too. */
  number(value: unknown): number | string;
  /** Any number of milliseconds. */
  time(value: unknown, unit: TimeUnit): number | string;
  label(value: unknown): { readonly text: string } | string;
}

/** What remains to be done when the bytes are parsed. */
export type SampleReader = (document: unknown, record: SourceRecord) => Decoded;

type TimeReader = (document: unknown, record: SourceRecord) => number | Decoded;

export function newSampleReader(settings: DecodeSettings, context: DecodeContext, scalars: Scalars): SampleReader {
  const { where } = settings;
  const readTime = newTimeReader(settings.time, context, scalars);
  const readLabels = newLabelsReader(settings.labels, context, scalars);
  const readValues = newValuesReader(settings.fields, scalars);
  return (document, record) => {
    for (const { path, equals } of where) {
      if (!scalars.equals(walk(document, path), equals)) return FILTERED;
    }
    const labels = readLabels(document);
    if (!isList(labels)) return labels;
    const timeMs = readTime(document, record);
    return typeof timeMs === 'number' ? readValues(document, labels, timeMs) : timeMs;
  };
}

export function rejected(reason: RejectReason, detail: string): Decoded {
  return { kind: 'rejected', reason, detail };
}

const FILTERED: Decoded = { kind: 'filtered' };

function newTimeReader(setting: TimeSetting, context: DecodeContext, scalars: Scalars): TimeReader {
  switch (setting.kind) {
    case 'record':
      return (_document, { timestampMs }) => {
        if (timestampMs === undefined) return rejected('schema', 'the record has no timestamp; set `time`');
        return isEventTime(timestampMs)
          ? timestampMs
          : rejected('schema', `the record's timestamp ${outsideText(timestampMs, 'ms')}`);
      };
    case 'counted': {
      const { startMs, everyMs } = setting;
      return (_document, { offset }) => {
        const timeMs = startMs + (offset - context.firstOffset) * everyMs;
        return isEventTime(timeMs) ? timeMs : rejected('schema', `the counted time ${outsideText(timeMs, 'ms')}`);
      };
    }
    case 'path': {
      const { path, unit } = setting;
      return (document) => {
        const value = walk(document, path);
        if (scalars.isAbsent(value)) return absent(path, value);
        const timeMs = scalars.time(value, unit);
        if (typeof timeMs === 'string') return faulty(path, timeMs);
        return isEventTime(timeMs) ? timeMs : rejected('schema', `${pathText(path)}: ${outsideText(timeMs, unit)}`);
      };
    }
    default:
      return unreachable(setting);
  }
}

function newLabelsReader(
  labels: DecodeSettings['labels'],
  context: DecodeContext,
  scalars: Scalars,
): (document: unknown) => readonly string[] | Decoded {
  const names = labels.map(({ label }) => label);
  const partition = String(context.partition);
  return (document) => {
    const texts: string[] = [];
    for (const { path } of labels) {
      if (path === '$partition') {
        texts.push(partition);
        continue;
      }
      const value = walk(document, path);
      if (value === undefined || value === null) return absent(path, value);
      const label = scalars.label(value);
      if (typeof label === 'string') return faulty(path, label);
      texts.push(cleanText(label.text));
    }
    if (fitsKey(names, texts)) return texts;
    return rejected('schema', `the labels are longer than ${KEY_BYTES_MAX} bytes as \`name="value"\``);
  };
}

/** One field must be there; of several, those that are absent give no sample, but not all may be. */
function newValuesReader(
  fields: DecodeSettings['fields'],
  scalars: Scalars,
): (document: unknown, labels: readonly string[], timeMs: number) => Decoded {
  return (document, labels, timeMs) => {
    const samples: Sample[] = [];
    let field = 0;
    for (const { path } of fields) {
      const value = path === undefined ? 1 : readValue(document, path, scalars);
      if (typeof value === 'number') samples.push({ labels, field, timeMs, value });
      else if (value !== undefined) return value;
      else if (path !== undefined && fields.length === 1) return absent(path, walk(document, path));
      field++;
    }
    if (samples.length > 0) return { kind: 'samples', samples };
    return rejected('schema', `none of ${fields.map(({ path }) => pathText(path ?? [])).join(', ')} is there`);
  };
}

/** Undefined where there is none. */
function readValue(document: unknown, path: Path, scalars: Scalars): number | Decoded | undefined {
  const value = walk(document, path);
  if (scalars.isAbsent(value)) return undefined;
  const number = scalars.number(value);
  return typeof number === 'string' ? faulty(path, number) : withinFloat32(number);
}

function absent(path: Path, value: unknown): Decoded {
  const what = value === undefined ? 'missing' : value === null ? 'is null' : 'is empty';
  return rejected('schema', `${pathText(path)}: ${what}`);
}

function faulty(path: Path, what: string): Decoded {
  return rejected('schema', `${pathText(path)}: ${what}`);
}

function isList(labels: readonly string[] | Decoded): labels is readonly string[] {
  return Array.isArray(labels);
}
