// Chooses the wire format, once, and lets no record through to it that is too large to look at.

import type { Decoder } from '../domain.ts';
import { unreachable } from '../errors.ts';
import type { DecodeSettings } from '../settings.ts';
import { newCsvDecoder } from './csv.ts';
import { newJsonDecoder } from './json.ts';
import { newNumberDecoder } from './number.ts';
import { type DecodeContext, rejected } from './samples.ts';

/**
 * The decoder of one stream for one input partition. It never throws, keeps nothing between records, and gives the same
 * answer for the same record. Reasons for a rejection, in this order: `bomb` and `corrupt` (what stands for a record
 * batch that could not be read), `null` (no value), `too_large`, `bomb` (nesting), `parse` (the bytes are not of the
 * format), `schema` (label, time or value is missing, of a wrong type or out of range).
 * Numbers that float32 cannot hold give samples that are not finite.
 */
export function newDecoder(settings: DecodeSettings, context: DecodeContext): Decoder {
  const decode = formatDecoder(settings, context);
  const { recordBytesMax } = settings;
  return (record) => {
    const { unreadable } = record;
    if (unreadable !== undefined) return rejected(unreadable.reason, unreadable.detail);
    const bytes = record.value?.length ?? 0;
    if (bytes > recordBytesMax) return rejected('too_large', `has ${bytes} bytes; limits.record is ${recordBytesMax}`);
    return decode(record);
  };
}

function formatDecoder(settings: DecodeSettings, context: DecodeContext): Decoder {
  switch (settings.format) {
    case 'json':
      return newJsonDecoder(settings, context);
    case 'number':
      return newNumberDecoder(settings, context);
    case 'csv':
      return newCsvDecoder(settings, context);
    default:
      return unreachable(settings.format);
  }
}
