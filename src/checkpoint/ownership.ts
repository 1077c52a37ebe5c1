// Who owns a log of state: the last one that claimed it, by a checkpoint record of a higher epoch that repeats the
// newest sealed one. Whoever writes looks first at what others have written since it wrote last.

import type { PartitionId } from '../domain.ts';
import { GruardError } from '../errors.ts';
import type { Snapshot, StateLog, StateMessage } from '../ports.ts';
import { type Image, imageOf, isCheckpoint, newReading, type Reading, take } from './stateImage.ts';
import { CHECKPOINT_KEY, type CheckpointRecord, decodeCheckpoint, encodeCheckpoint } from './stateRecords.ts';

/** Several that come at the same time give way to each other; so many times in a row is no coincidence. */
const CLAIMS_MAX = 10;
/** Brokers refuse larger records unless they are told otherwise (1,048,588 bytes, with what goes around them). */
export const RECORD_BYTES_MAX = 900_000;

export interface Rim {
  readonly state: StateLog;
  /** Tells two claims of one epoch apart: another number each time. */
  readonly newWriter: () => number;
}

export interface Ownership {
  epoch: number;
  /** The highest one whose claim was read back. */
  confirmed: number;
  writer: number;
  /** All that were used: a claim may arrive long after it was given up. */
  readonly writers: Set<number>;
  /** Of the newest attempt; never used twice. */
  number: number;
  /** Offset of this epoch's claim. */
  claimOffset: number;
  /** The newest checkpoint that is known to be sealed. */
  sealedRecord: CheckpointRecord;
  /** Everything below was seen or written by this owner. */
  end: number;
  /** An answer is missing: nobody knows what of it is in the log, or will be. */
  uncertain: boolean;
  closed: boolean;
}

interface Claimed {
  readonly ownership: Ownership;
  readonly image: Image;
  readonly reading: Reading;
}

/** Takes the log over. Resolves with what it holds once nobody else can have sealed anything in between. */
export async function claimLog(rim: Rim, partition: PartitionId): Promise<Claimed> {
  const { state } = rim;
  const reading = newReading();
  let end = await state.read(partition, 0, (record) => take(reading, record));
  for (let claims = 0; claims < CLAIMS_MAX; claims++) {
    if (reading.newer !== undefined) {
      const where = `the state of ${partition.topic}/${partition.partition}`;
      throw new GruardError('state_newer', `${where} has a newer format (${reading.newer})`);
    }
    const writer = rim.newWriter();
    const sealedRecord = imageOf(reading).checkpoint ?? nothing();
    const ownership: Ownership = {
      epoch: reading.epochMax + 1,
      confirmed: reading.epochMax,
      writer,
      writers: new Set([writer]),
      number: reading.numberMax,
      claimOffset: 0,
      sealedRecord,
      end,
      uncertain: false,
      closed: false,
    };
    const { foreign, highest, offset } = await claim(rim, partition, ownership, (record) => take(reading, record));
    end = ownership.end;
    // Behind ours: whoever wrote it has read ours, so it is the owner now.
    if (highest > ownership.epoch && !foreign) throw takenOver(partition, ownership, highest);
    if (!foreign && offset !== undefined) return { ownership, image: imageOf(reading), reading };
  }
  throw new GruardError('checkpoint_failed', `others claim ${partition.topic}/${partition.partition} all the time`);
}

/**
 * Rejects when somebody has claimed the log since, or it was closed. After a missing answer it claims anew: what comes
 * late is then a former owner's. Tells of every other record that it meets: nobody knows who wrote it, and when.
 */
export async function assertFree(
  rim: Rim,
  partition: PartitionId,
  mine: Ownership,
  onStray: (key: Uint8Array) => void,
): Promise<void> {
  if (mine.closed) throw new Error('closed before it was sealed');
  if (mine.uncertain) {
    const before = mine.confirmed;
    mine.epoch++;
    mine.writer = rim.newWriter();
    mine.writers.add(mine.writer);
    const { highest, offset } = await claim(rim, partition, mine, ({ key }) => onStray(key));
    if (highest > before) throw takenOver(partition, mine, highest);
    if (offset === undefined) throw new Error('a claim is not where it was written');
    return;
  }
  let highest = 0;
  mine.end = await rim.state.read(partition, mine.end, ({ key, value }) => {
    if (!isCheckpoint(key)) onStray(key);
    else if (value !== null) highest = Math.max(highest, foreignEpoch(mine, value));
  });
  // Of the same epoch: somebody else's claim that came late; it sees ours and gives way.
  if (highest > mine.epoch) throw takenOver(partition, mine, highest);
}

function takenOver({ topic, partition }: PartitionId, mine: Ownership, epoch: number): GruardError {
  mine.closed = true;
  return new GruardError('state_taken', `${topic}/${partition} was taken over by epoch ${epoch}, not ${mine.epoch}`);
}

/** Writes a claim and reads on to it. `foreign`: somebody else's checkpoint came in between. */
async function claim(
  { state }: Rim,
  partition: PartitionId,
  mine: Ownership,
  onRecord: Parameters<StateLog['read']>[2],
): Promise<{ readonly foreign: boolean; readonly highest: number; readonly offset: number | undefined }> {
  const { epoch, writer, sealedRecord } = mine;
  const record = { ...sealedRecord, epoch, writer, claimOffset: undefined };
  mine.uncertain = true;
  await state.append(partition, [{ key: CHECKPOINT_KEY, value: encodeCheckpoint(record) }]);
  let [foreign, highest] = [false, 0];
  let offset: number | undefined;
  mine.end = await state.read(partition, mine.end, (found) => {
    onRecord(found);
    if (!isCheckpoint(found.key) || found.value === null) return;
    const read = decodeCheckpoint(found.value);
    if (read?.kind !== 'read') return;
    if (read.record.writer === writer && read.record.epoch === epoch) offset ??= found.offset;
    else if (mine.writers.has(read.record.writer)) return;
    else if (offset === undefined) foreign = true;
    highest = Math.max(highest, foreignEpoch(mine, found.value));
  });
  mine.uncertain = false;
  mine.claimOffset = offset ?? 0;
  if (offset !== undefined) mine.confirmed = epoch;
  return { foreign, highest, offset };
}

/** Writes the record that makes a checkpoint of all slabs before it; answers its bytes. */
export async function seal(
  { state }: Rim,
  partition: PartitionId,
  mine: Ownership,
  { shares }: Snapshot,
  live: number,
  names: number,
): Promise<number> {
  const { number, epoch, writer, claimOffset } = mine;
  const lines = shares.map(({ series, ...line }) => ({ ...line, records: series.length }));
  const record: CheckpointRecord = { number, epoch, writer, claimOffset, live, names, empty: false, lines };
  const value = encodeCheckpoint(record);
  if (value.length > RECORD_BYTES_MAX)
    throw new Error(`a checkpoint of ${value.length} bytes is too large for a record`);
  await append(state, partition, mine, [{ key: CHECKPOINT_KEY, value }]);
  mine.sealedRecord = record;
  return value.length;
}

/** Appends as the owner. What came in between is looked at later, own records again with it. */
export async function append(
  state: StateLog,
  partition: PartitionId,
  mine: Ownership,
  messages: readonly StateMessage[],
): Promise<void> {
  if (mine.closed) throw new Error('closed before it was sealed');
  mine.uncertain = true;
  const last = await state.append(partition, messages);
  mine.uncertain = false;
  if (last + 1 - messages.length === mine.end) mine.end = last + 1;
}

/** The epoch of somebody else's checkpoint; 0 for an own one. */
function foreignEpoch({ writers }: Ownership, value: Uint8Array): number {
  const read = decodeCheckpoint(value);
  return read?.kind === 'read' && !writers.has(read.record.writer) ? read.record.epoch : 0;
}

function nothing(): CheckpointRecord {
  return { number: 0, epoch: 0, claimOffset: undefined, writer: 0, live: 0, names: 0, empty: true, lines: [] };
}
