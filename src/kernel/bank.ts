// Slabs by slot. A series of several fields has several slots side by side: see layout.ts. A bank belongs to one share
// (a stream in one input partition) and takes its memory from the lane in chunks, each of an arena for each part, so
// that the parts that are read together lie together.
//
// A bank can be frozen: then the slabs can still be read as they were, while work goes on. That costs nothing until a
// slab is about to change; only then is it copied. So whoever changes a slab says so first, with `touch`.

import type { Layout } from './layout.ts';
import { allocate, type LaneMemory, release, reserve } from './memory.ts';

/** Series in a chunk. */
const CHUNK_SLABS = 32;
const COPIES_AT_ONCE = 64;

export interface Bank {
  readonly lane: LaneMemory;
  readonly layout: Layout;
  /** Byte address of each chunk. */
  readonly chunks: number[];
  /** First slots of series that were given back, the last one is taken first. */
  readonly free: number[];
  /** Slots, and networks, of a series. */
  readonly perSeries: number;
  readonly networks: number;
  /** Slots ever handed out. */
  slots: number;
  /** Number of the freeze that comes next, from 1. */
  nextFreeze: number;
  /** For each first slot: `nextFreeze` as it was when its slab changed last. */
  readonly changedBefore: number[];
  frozen: Frozen | undefined;
}

/** Slabs as they were at one point. One at a time in a bank: the next one ends it. */
export interface Frozen {
  readonly number: number;
  /** Slots that had been handed out by then. */
  readonly slots: number;
  /** Slabs that have changed since. In large pieces: thousands of small buffers keep the garbage collector busy. */
  readonly copies: Map<number, Uint8Array>;
  /** Room for the next copies. */
  room: Uint8Array;
  /** The slab that was read last. */
  readonly read: Uint8Array;
}

export function newBank(lane: LaneMemory, layout: Layout): Bank {
  const { slots, networks } = layout.together ?? { slots: 1, networks: 1 };
  return {
    lane,
    layout,
    chunks: [],
    free: [],
    perSeries: slots,
    networks,
    slots: 0,
    nextFreeze: 1,
    changedBefore: [],
    frozen: undefined,
  };
}

/** Makes sure that the slots of `series` series can be taken; false when the lane's memory is used up. May grow it. */
export function makeRoom(bank: Bank, series: number): boolean {
  while (bank.free.length + bank.chunks.length * CHUNK_SLABS - bank.slots / bank.perSeries < series) {
    if (!reserve(bank.lane, chunkBytes(bank.layout))) return false;
    bank.chunks.push(allocate(bank.lane, chunkBytes(bank.layout)));
  }
  return true;
}

/**
 * The first slot of a series whose slab is all zero; its others are the next ones. Throws when there is no room: see
 * `makeRoom`.
 */
export function takeSlot(bank: Bank): number {
  const slot = bank.free.pop() ?? bank.slots;
  if (slot >= bank.chunks.length * CHUNK_SLABS * bank.perSeries)
    bank.chunks.push(allocate(bank.lane, chunkBytes(bank.layout)));
  // Counted only now: allocating may throw, and then the slot is not taken.
  if (slot === bank.slots) bank.slots += bank.perSeries;
  touch(bank, slot);
  const { u8 } = bank.lane;
  for (const [at, bytes] of parts(bank, slot)) u8.fill(0, at, at + bytes);
  return slot;
}

/** Takes the first slot of a series back, and so all of them. */
export function giveSlot(bank: Bank, slot: number): void {
  bank.free.push(slot);
}

/** Gives all memory back to the lane; the bank must not be used afterwards. */
export function dissolve(bank: Bank): void {
  for (const chunk of bank.chunks) release(bank.lane, chunk, chunkBytes(bank.layout));
  bank.chunks.length = 0;
  bank.frozen = undefined;
}

/** To be called before the slab of the series that a slot is of changes. */
export function touch(bank: Bank, ofSeries: number): void {
  const slot = firstSlot(bank, ofSeries);
  if (bank.changedBefore[slot] === bank.nextFreeze) return;
  bank.changedBefore[slot] = bank.nextFreeze;
  const { frozen } = bank;
  if (frozen === undefined || slot >= frozen.slots) return;
  const { slabBytes } = bank.layout;
  if (frozen.room.length < slabBytes) frozen.room = new Uint8Array(COPIES_AT_ONCE * slabBytes);
  const copy = frozen.room.subarray(0, slabBytes);
  frozen.room = frozen.room.subarray(slabBytes);
  frozen.copies.set(slot, readSlab(bank, slot, copy));
}

/** From now on `frozenSlab` gives the slabs as they are now. */
export function freeze(bank: Bank): Frozen {
  bank.frozen = {
    number: bank.nextFreeze++,
    slots: bank.slots,
    copies: new Map(),
    room: new Uint8Array(),
    read: new Uint8Array(bank.layout.slabBytes),
  };
  return bank.frozen;
}

/**
 * The slab as it was at the freeze; it holds until the next one is read. Throws when the freeze is over, or the bank is
 * dissolved.
 */
export function frozenSlab(bank: Bank, frozen: Frozen, slot: number): Uint8Array {
  if (bank.frozen !== frozen) throw new Error('the slabs are not frozen any more');
  return frozen.copies.get(slot) ?? readSlab(bank, slot, frozen.read);
}

/** Slabs that were copied since the freeze, because they changed; 0 when nothing is frozen. */
export function copiedSlabs({ frozen }: Bank): number {
  return frozen?.copies.size ?? 0;
}

/** Gives up what was copied for the present freeze. */
export function thaw(bank: Bank): void {
  bank.frozen = undefined;
}

/** Whether the slab that begins at a slot may have changed since the freeze of that number; 0 = since ever. */
export function hasChanged(bank: Bank, slot: number, since: number): boolean {
  return bank.changedBefore[slot]! > since;
}

/** First slot of the series that a slot is of. */
export function firstSlot(bank: Bank, slot: number): number {
  return bank.perSeries === 1 ? slot : slot - (slot % bank.perSeries);
}

/** Byte address of the hot part of the network that forecasts a slot. */
export function hotAddress(bank: Bank, slot: number): number {
  const series = seriesOf(bank, slot);
  return chunkAddress(bank, series) + networkOf(bank, slot, series) * bank.layout.hotBytes;
}

export function optimiserAddress(bank: Bank, slot: number): number {
  const series = seriesOf(bank, slot);
  const { hotBytes, optimiserBytes } = bank.layout;
  const arena = chunkAddress(bank, series) + CHUNK_SLABS * bank.networks * hotBytes;
  return arena + networkOf(bank, slot, series) * optimiserBytes;
}

export function evidenceAddress(bank: Bank, slot: number): number {
  const series = seriesOf(bank, slot);
  const { hotBytes, optimiserBytes, evidenceBytes } = bank.layout;
  const arena = chunkAddress(bank, series) + CHUNK_SLABS * bank.networks * (hotBytes + optimiserBytes);
  return arena + (slot % (CHUNK_SLABS * bank.perSeries)) * evidenceBytes;
}

/** Byte address of the part for all fields of the series that a slot is of. */
export function togetherAddress(bank: Bank, slot: number): number {
  const series = seriesOf(bank, slot);
  const { hotBytes, optimiserBytes, evidenceBytes } = bank.layout;
  const before = bank.networks * (hotBytes + optimiserBytes) + bank.perSeries * evidenceBytes;
  return chunkAddress(bank, series) + CHUNK_SLABS * before + (series % CHUNK_SLABS) * togetherBytes(bank);
}

/** A copy of the slab of the series that begins at a slot: hot, optimiser, evidence, together, one behind the other. */
export function copySlab(bank: Bank, slot: number): Uint8Array {
  return readSlab(bank, slot, new Uint8Array(bank.layout.slabBytes));
}

function readSlab(bank: Bank, slot: number, into: Uint8Array): Uint8Array {
  let end = 0;
  for (const [at, bytes] of parts(bank, slot)) {
    into.set(bank.lane.u8.subarray(at, at + bytes), end);
    end += bytes;
  }
  return into;
}

/** Writes back what `copySlab` gave. Throws when the length is another layout's. */
export function restoreSlab(bank: Bank, slot: number, copy: Uint8Array): void {
  if (copy.length !== bank.layout.slabBytes) {
    throw new RangeError(`a slab of ${copy.length} bytes does not fit a layout of ${bank.layout.slabBytes}`);
  }
  touch(bank, slot);
  let end = 0;
  for (const [at, bytes] of parts(bank, slot)) {
    bank.lane.u8.set(copy.subarray(end, end + bytes), at);
    end += bytes;
  }
}

function parts(bank: Bank, slot: number): readonly (readonly [number, number])[] {
  const { hotBytes, optimiserBytes, evidenceBytes } = bank.layout;
  return [
    [hotAddress(bank, slot), bank.networks * hotBytes],
    [optimiserAddress(bank, slot), bank.networks * optimiserBytes],
    [evidenceAddress(bank, slot), bank.perSeries * evidenceBytes],
    [togetherAddress(bank, slot), togetherBytes(bank)],
  ];
}

function seriesOf(bank: Bank, slot: number): number {
  return bank.perSeries === 1 ? slot : Math.floor(slot / bank.perSeries);
}

/** Number of a slot's network within the chunk of its series. */
function networkOf(bank: Bank, slot: number, series: number): number {
  if (bank.networks <= 1) return series % CHUNK_SLABS;
  return (series % CHUNK_SLABS) * bank.networks + Math.min(slot % bank.perSeries, bank.networks - 1);
}

function togetherBytes(bank: Bank): number {
  return bank.layout.together?.bytes ?? 0;
}

function chunkAddress(bank: Bank, series: number): number {
  return bank.chunks[Math.floor(series / CHUNK_SLABS)]!;
}

function chunkBytes(layout: Layout): number {
  return CHUNK_SLABS * layout.slabBytes;
}
