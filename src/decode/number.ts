// Records that are one number written as text: `51.5`. A document of one scalar, at the path `$`.

import type { Decoder } from '../domain.ts';
import type { DecodeSettings, TimeUnit } from '../settings.ts';
import { timeOfNumber } from './eventTime.ts';
import { type DecodeContext, newSampleReader, rejected, type Scalars } from './samples.ts';
import { numberOf } from './strictNumber.ts';
import { textOf } from './text.ts';

export function newNumberDecoder(settings: DecodeSettings, context: DecodeContext): Decoder {
  const readSamples = newSampleReader(settings, context, SCALARS);
  return (record) => {
    if (record.value === null) return rejected('null', 'the record has no value');
    const text = textOf(record.value);
    if (text === undefined) return rejected('parse', 'is not well-formed UTF-8');
    if (text === '') return rejected('parse', 'is empty');
    const number = numberOf(text);
    return number === undefined ? rejected('parse', 'is not a number') : readSamples(number, record);
  };
}

const NO_NUMBER = 'is not a number';

const SCALARS: Scalars = {
  isAbsent: (value) => value === undefined,
  equals: (value, wanted) => value === wanted,
  number: (value) => (typeof value === 'number' ? value : NO_NUMBER),
  time: (value: unknown, unit: TimeUnit) => (typeof value === 'number' ? timeOfNumber(value, unit) : NO_NUMBER),
  label: (value) => (typeof value === 'number' && Number.isFinite(value) ? { text: String(value) } : NO_NUMBER),
};
