// Records that are one JSON document.

import type { Decoder } from '../domain.ts';
import type { DecodeSettings, TimeUnit } from '../settings.ts';
import { nestsDeeper } from './depth.ts';
import { timeOfNumber, timeOfText } from './eventTime.ts';
import { type DecodeContext, newSampleReader, rejected, type Scalars } from './samples.ts';
import { textOf } from './text.ts';

/** A hostile document of 2 MiB, nested to its end, takes 140 MB; nobody nests measurements so deep. */
const DEPTH_MAX = 64;
/** Shorter ones are harmless at any depth, and need no scan. */
const SCANNED_BYTES_MIN = 1024;

/** Types are taken at their word: a number in quotes is no number, `null` is nothing, `NaN` is no JSON. */
export function newJsonDecoder(settings: DecodeSettings, context: DecodeContext): Decoder {
  const readSamples = newSampleReader(settings, context, SCALARS);
  return (record) => {
    const bytes = record.value;
    if (bytes === null) return rejected('null', 'the record has no value');
    if (bytes.length >= SCANNED_BYTES_MIN && nestsDeeper(bytes, DEPTH_MAX)) {
      return rejected('bomb', `nests deeper than ${DEPTH_MAX}`);
    }
    const text = textOf(bytes);
    if (text === undefined) return rejected('parse', 'is not well-formed UTF-8');
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      // The engine's message quotes the record and changes with the engine.
      return rejected('parse', text === '' ? 'is empty' : 'is not JSON');
    }
    return readSamples(document, record);
  };
}

const SCALARS: Scalars = {
  isAbsent: (value) => value === undefined || value === null,
  equals: (value, wanted) => value === wanted,
  number: (value) => (typeof value === 'number' ? value : `is ${kindOf(value)}, not a number`),
  time: timeOf,
  label(value) {
    if (typeof value === 'string') return { text: value };
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) {
      return { text: String(value) };
    }
    return `is ${kindOf(value)}, not a text, number or boolean`;
  },
};

function timeOf(value: unknown, unit: TimeUnit): number | string {
  if (typeof value === 'number') return timeOfNumber(value, unit);
  if (typeof value === 'string') return timeOfText(value, unit) ?? 'is a text, but neither a date nor a number';
  return `is ${kindOf(value)}, not a time`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'boolean') return 'a boolean';
  return typeof value === 'number' ? 'a number beyond float64' : 'an object';
}
