// Records that nobody could read, as they are kept: whole, with headers that tell why.

import type { IHeaders, Message } from 'kafkajs';
import type { PartitionId, SourceRecord } from '../domain.ts';

const DETAIL_CHARACTERS_MAX = 1_000;

/** The dead letter of a record, and what is sent in its place where that is refused. Copies: the queue outlives it. */
export function deadLetters(
  from: PartitionId,
  record: SourceRecord,
  reason: string,
  detail: string,
  nowMs: number,
): readonly Message[] {
  const told: IHeaders = {
    'x-error-reason': reason,
    'x-error-detail': detail.slice(0, DETAIL_CHARACTERS_MAX),
    'x-topic': from.topic,
    'x-partition': String(from.partition),
    'x-offset': String(record.offset),
  };
  const truncated: IHeaders = { ...told, 'x-truncated': 'true' };
  const original = copyHeaders(record.headers ?? {});
  const key = copy(record.key);
  const whole: Message = { key, value: copy(record.value), headers: { ...original, ...told } };
  return [
    { ...whole, timestamp: String(Math.trunc(record.timestampMs ?? nowMs)) },
    whole,
    { key, value: Buffer.alloc(0), headers: { ...original, ...truncated } },
    { key: null, value: Buffer.alloc(0), headers: truncated },
  ];
}

function copy(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

/** A header is bytes, text, or a list of both where its name occurs more than once. */
function copyHeaders(headers: Readonly<Record<string, unknown>>): IHeaders {
  const copied: IHeaders = {};
  const one = (value: unknown): Buffer | string => (value instanceof Uint8Array ? Buffer.from(value) : String(value));
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || value === null) continue;
    copied[name] = Array.isArray(value) ? value.map(one) : one(value);
  }
  return copied;
}
