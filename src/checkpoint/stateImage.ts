// What a log of state says, read from its beginning: the newest sealed checkpoint, the slabs that belong to it, and
// what belongs to no checkpoint and must go before a new owner writes.

import type { ShareSnapshot, Snapshot, StateMessage } from '../ports.ts';
import {
  CHECKPOINT_KEY,
  type CheckpointRecord,
  decodeCheckpoint,
  decodeSlab,
  nameHash,
  readSlabKey,
  type Side,
  type SlabRecord,
  slabKey,
} from './stateRecords.ts';

type Offered = StateMessage & { readonly offset: number };

/** The newest checkpoint record, with its place. */
interface Placed {
  readonly record: CheckpointRecord;
  readonly offset: number;
}

interface Kept extends SlabRecord {
  readonly offset: number;
  /** A deletion: remembered, so that what comes late does not bring back what it deleted. */
  readonly deleted: boolean;
}

interface Pair {
  readonly uid: string;
  readonly key: string;
  readonly sides: [Kept | undefined, Kept | undefined];
  /** A former owner's record lies over that side. */
  readonly haunted: [boolean, boolean];
}

/** Everything that was read of a log so far. */
export interface Reading {
  newest: Placed | undefined;
  readonly series: Map<string, Pair>;
  numberMax: number;
  epochMax: number;
  /** Records that a former owner wrote behind its successor's claim. */
  zombies: number;
  /** Why records could not be read. */
  readonly damage: string[];
  newer: string | undefined;
  damagedCheckpoint: boolean;
}

export function newReading(): Reading {
  return {
    newest: undefined,
    series: new Map(),
    numberMax: 0,
    epochMax: 0,
    zombies: 0,
    damage: [],
    newer: undefined,
    damagedCheckpoint: false,
  };
}

/** Takes the next record in. Copies what it keeps. */
export function take(reading: Reading, { key, value, offset, deletedBy }: Offered): void {
  if (isCheckpoint(key)) {
    if (value !== null) takeCheckpoint(reading, value, offset);
    return;
  }
  const named = readSlabKey(key);
  if (named === undefined) return;
  const pair = reading.series.get(named.name) ?? {
    uid: named.uid,
    key: named.key,
    sides: [undefined, undefined],
    haunted: [false, false],
  };
  reading.series.set(named.name, pair);
  if (value === null) {
    if (deletedBy === undefined) pair.sides[named.side] = undefined;
    else takeSlab(reading, pair, named.side, { ...deletedBy, slab: undefined, offset, deleted: true });
    return;
  }
  const read = decodeSlab(key, value);
  if (read === undefined) {
    reading.damage.push(`the slab of ${named.name} at offset ${offset}`);
    pair.sides[named.side] = undefined;
  } else if (read.kind === 'newer') {
    reading.newer ??= `record at offset ${offset}`;
  } else {
    takeSlab(reading, pair, named.side, { ...read.record, slab: read.record.slab?.slice(), offset, deleted: false });
  }
}

export function isCheckpoint(key: Uint8Array): boolean {
  return Buffer.compare(key, CHECKPOINT_KEY) === 0;
}

/** The highest epoch counts, in it the highest number: a claim that came late tells an older state. */
function takeCheckpoint(reading: Reading, value: Uint8Array, offset: number): void {
  const read = decodeCheckpoint(value);
  if (read === undefined) {
    reading.damage.push(`the checkpoint at offset ${offset}`);
    reading.damagedCheckpoint = true;
    return;
  }
  if (read.kind === 'newer') {
    reading.newer ??= `record at offset ${offset}`;
    return;
  }
  const { record } = read;
  reading.numberMax = Math.max(reading.numberMax, record.number);
  reading.epochMax = Math.max(reading.epochMax, record.epoch);
  const before = reading.newest?.record;
  const older =
    before !== undefined &&
    (record.epoch < before.epoch || (record.epoch === before.epoch && record.number < before.number));
  if (older) reading.zombies++;
  else reading.newest = { record, offset };
  if (!older) reading.damagedCheckpoint = false;
}

function takeSlab(reading: Reading, pair: Pair, side: Side, slab: Kept): void {
  reading.numberMax = Math.max(reading.numberMax, slab.number);
  reading.epochMax = Math.max(reading.epochMax, slab.epoch);
  if (isLate(reading, pair, side, slab)) return;
  pair.sides[side] = slab;
  pair.haunted[side] = false;
}

/**
 * A former owner's record, or an own one that came twice: what it hides is in the log still, so it must not hide it. A
 * key is only ever written with rising numbers.
 */
function isLate(
  reading: Reading,
  { sides, haunted }: Pair,
  side: Side,
  { epoch, number }: { readonly epoch: number; readonly number: number },
): boolean {
  const before = sides[side];
  const twice = epoch === before?.epoch && number < before.number;
  if (!twice && epoch >= Math.max(before?.epoch ?? 0, reading.newest?.record.epoch ?? 0)) return false;
  reading.zombies++;
  haunted[side] = true;
  return true;
}

/** The state of a log. */
export interface Image {
  /** Undefined: nothing was ever saved, or it cannot be read. */
  readonly snapshot: Snapshot | undefined;
  readonly checkpoint: CheckpointRecord | undefined;
  /** By name: the side of each live series that holds its sealed slab. */
  readonly sealed: Map<string, Side>;
  /** Keys of records that no checkpoint holds: to be deleted, in this order, before the next slab is written. */
  readonly stray: readonly Uint8Array[];
  /** Names of series whose sealed slab lies under a former owner's: to be written again, on the other side. */
  readonly haunted: ReadonlySet<string>;
  /** Series that the checkpoint counts and the log has not, or the other way round. */
  readonly incomplete: boolean;
}

export function imageOf(reading: Reading): Image {
  const checkpoint = reading.damagedCheckpoint ? undefined : reading.newest?.record;
  const claimOffset = checkpoint?.claimOffset ?? reading.newest?.offset ?? 0;
  const sealed = new Map<string, Side>();
  const stray: Uint8Array[] = [];
  const hauntedNames = new Set<string>();
  const series = new Map<string, { key: string; slab: Uint8Array }[]>();
  let names = 0;
  for (const [name, { uid, key, sides, haunted }] of reading.series) {
    const isThere = (side: Side): boolean => sides[side]?.deleted === false || haunted[side];
    const [zero, one] = sides.map((slab) => (isOf(checkpoint, claimOffset, slab) ? slab : undefined));
    const side: Side = (one?.number ?? -1) > (zero?.number ?? -1) ? 1 : 0;
    const chosen = side === 1 ? one : zero;
    if (chosen?.slab === undefined) {
      // Gone, or never sealed. What is hidden goes first: else it would come back when its mark is deleted.
      const order: readonly Side[] = side === 1 ? [0, 1] : [1, 0];
      for (const each of order) if (isThere(each)) stray.push(slabKey(each, name));
      continue;
    }
    sealed.set(name, side);
    names ^= nameHash(name);
    const list = series.get(uid) ?? [];
    list.push({ key, slab: chosen.slab });
    series.set(uid, list);
    const other: Side = side === 1 ? 0 : 1;
    if (haunted[other] || (isThere(other) && !isOf(checkpoint, claimOffset, sides[other])))
      stray.push(slabKey(other, name));
    if (haunted[side]) hauntedNames.add(name);
  }
  const found = { checkpoint, sealed, stray, haunted: hauntedNames };
  if (checkpoint === undefined) return { ...found, snapshot: undefined, incomplete: false };
  const shares = checkpoint.lines.map(({ records: _, ...line }): ShareSnapshot => {
    return { ...line, series: series.get(line.uid) ?? [] };
  });
  const incomplete = sealed.size !== checkpoint.live || names >>> 0 !== checkpoint.names;
  return { ...found, snapshot: checkpoint.empty ? undefined : { shares }, incomplete };
}

/** Not of an attempt that was never sealed, nor by a former owner behind the claim of this one. */
function isOf(checkpoint: CheckpointRecord | undefined, claimOffset: number, slab: Kept | undefined): boolean {
  if (checkpoint === undefined || slab === undefined || slab.deleted || slab.number > checkpoint.number) return false;
  return slab.epoch >= checkpoint.epoch || slab.offset < claimOffset;
}
