// How the records of one fetch are handed over: in slices, with heartbeats meanwhile, and what becomes of a batch that
// cannot be read.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
import type { SourceRecord } from '../domain.ts';
import type { FetchedBatch } from './kafkaFetch.ts';
import { explainHole, type Held, unreadableRecord } from './kafkaHeld.ts';
import { beatWhile, toRecord } from './kafkaSlices.ts';
import { heartbeatMs, type MemberOptions } from './kafkaState.ts';
import type { BatchFault } from './recordSet.ts';

/** What a member does for one fetch. */
export interface Receiver {
  /** False once another assignment holds. */
  isCurrent(): boolean;
  /** Hands records to the owner and moves the position behind them. */
  deliver(records: readonly SourceRecord[]): Promise<void>;
  /** Records of the next slice. */
  sliceRecords(): number;
  /** The position stays in front of a batch that cannot be read. */
  block(fault: BatchFault): void;
}

/** Hands over what was fetched from the position on, until all is done or the partition is no longer ours to read. */
export async function handOver(
  payload: EachBatchPayload,
  held: Held,
  receiver: Receiver,
  options: MemberOptions,
): Promise<void> {
  const { batch, heartbeat, isRunning, isStale, resolveOffset } = payload;
  const mayGoOn = (): boolean => isRunning() && !isStale() && receiver.isCurrent();
  const handSlice = async (records: readonly SourceRecord[]): Promise<void> => {
    await beatWhile(receiver.deliver(records), heartbeat, heartbeatMs(options.timing));
    if (!receiver.isCurrent()) return;
    resolveOffset(String(held.next - 1));
    // A heartbeat that is not due resolves as a microtask: without this no socket or timer would get its turn.
    await nextTurn();
    await heartbeat();
  };
  const at = batch.messages.findIndex(({ offset }) => Number(offset) >= held.next);
  const first = batch.messages[at];
  if (first !== undefined && Number(first.offset) > held.next) await explainHole(held, Number(first.offset), options);
  for (let from = at; first !== undefined && from < batch.messages.length; ) {
    if (!mayGoOn()) return;
    const records = batch.messages.slice(from, from + receiver.sliceRecords()).map(toRecord);
    await handSlice(records);
    from += records.length;
  }
  // kafkajs's own batches have none.
  const { fault } = batch as { readonly fault?: FetchedBatch['fault'] };
  if (fault === undefined || !mayGoOn()) return;
  if (options.onBadBatch === 'pause' || fault.next === undefined) receiver.block(fault);
  else await handSlice([unreadableRecord(fault, fault.next)]);
}
