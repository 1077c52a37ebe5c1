// How much of a fetch is handed over at a time, and how waiting for it keeps the membership alive.

import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaMessage } from 'kafkajs';
import type { SourceRecord } from '../domain.ts';
import { FetchedRecord } from './fetchedRecord.ts';

/** Aimed length of one slice: short enough that sockets, timers and heartbeats never wait long. */
const targetMs = 20;
const recordsMax = 10_000;

export const firstSliceRecords = 64;

/**
 * Records of the next slice, after `count` records took `elapsedMs`. Shrinks at once, and grows at most to the double,
 * and only after a full slice: a short one says little about what many records cost.
 */
export function nextSliceRecords(size: number, count: number, elapsedMs: number): number {
  const aimed = Math.floor((count * targetMs) / Math.max(elapsedMs, 0.01));
  if (elapsedMs > targetMs) return Math.max(1, Math.min(size, aimed));
  return count < size ? size : Math.max(size, Math.min(recordsMax, size * 2, aimed));
}

/** One message as the lane knows it. Key and value stay views into the fetch. Only kafkajs's own need a translation. */
export function toRecord(message: KafkaMessage | FetchedRecord): SourceRecord {
  if (message instanceof FetchedRecord) return message;
  const { offset, timestamp, key, value, headers } = message;
  const timestampMs = Number(timestamp);
  return {
    offset: Number(offset),
    timestampMs: timestampMs >= 0 ? timestampMs : undefined,
    key,
    value,
    headers,
  };
}

/** Awaits `work` and calls `beat` each `everyMs` meanwhile. A beat that fails ends the waiting, not the work. */
export async function beatWhile<T>(work: Promise<T>, beat: () => Promise<void>, everyMs: number): Promise<T> {
  // Whoever gives up waiting does not leave an unhandled rejection behind.
  work.catch(() => {});
  for (;;) {
    if (await settledWithin(work, everyMs)) return work;
    await beat();
  }
}

/** True when `work` resolved or rejected within the time. */
export function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    const settled = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settled, settled);
  });
}

/** Runs works one after the other, in order of the calls; one that fails does not hold up the next. */
export function newTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}

/** Sleeps, or returns early when aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
