// Slabs by slot. A bank belongs to one share (a stream in one input partition) and takes its memory from the lane in
// chunks, each of three arenas, so that the parts that are read together lie together.

import type { Layout } from './layout.ts';
import { allocate, type LaneMemory, release, reserve } from './memory.ts';

const CHUNK_SLABS = 32;

export interface Bank {
  readonly lane: LaneMemory;
  readonly layout: Layout;
  /** Byte address of each chunk. */
  readonly chunks: number[];
  /** Free slots, the last one is taken first. */
  readonly free: number[];
  /** Slots ever handed out. */
  slots: number;
}

export function newBank(lane: LaneMemory, layout: Layout): Bank {
  return { lane, layout, chunks: [], free: [], slots: 0 };
}

/** Makes sure that the next `slots` slots can be taken; false when the lane's memory is used up. May grow it. */
export function makeRoom(bank: Bank, slots: number): boolean {
  while (bank.free.length + bank.chunks.length * CHUNK_SLABS - bank.slots < slots) {
    if (!reserve(bank.lane, chunkBytes(bank.layout))) return false;
    bank.chunks.push(allocate(bank.lane, chunkBytes(bank.layout)));
  }
  return true;
}

/** A slot whose slab is all zero. Throws when there is no room: see `makeRoom`. */
export function takeSlot(bank: Bank): number {
  const slot = bank.free.pop() ?? bank.slots;
  if (slot >= bank.chunks.length * CHUNK_SLABS) bank.chunks.push(allocate(bank.lane, chunkBytes(bank.layout)));
  // Counted only now: allocating may throw, and then the slot is not taken.
  if (slot === bank.slots) bank.slots++;
  const { u8 } = bank.lane;
  for (const [at, bytes] of parts(bank, slot)) u8.fill(0, at, at + bytes);
  return slot;
}

export function giveSlot(bank: Bank, slot: number): void {
  bank.free.push(slot);
}

/** Gives all memory back to the lane; the bank must not be used afterwards. */
export function dissolve(bank: Bank): void {
  for (const chunk of bank.chunks) release(bank.lane, chunk, chunkBytes(bank.layout));
  bank.chunks.length = 0;
}

/** Byte address of the hot part of a slot. */
export function hotAddress(bank: Bank, slot: number): number {
  return chunkAddress(bank, slot) + (slot % CHUNK_SLABS) * bank.layout.hotBytes;
}

export function optimiserAddress(bank: Bank, slot: number): number {
  const { hotBytes, optimiserBytes } = bank.layout;
  return chunkAddress(bank, slot) + CHUNK_SLABS * hotBytes + (slot % CHUNK_SLABS) * optimiserBytes;
}

export function evidenceAddress(bank: Bank, slot: number): number {
  const { hotBytes, optimiserBytes, evidenceBytes } = bank.layout;
  return chunkAddress(bank, slot) + CHUNK_SLABS * (hotBytes + optimiserBytes) + (slot % CHUNK_SLABS) * evidenceBytes;
}

/** A copy of the slab: hot, optimiser, evidence, one behind the other. */
export function copySlab(bank: Bank, slot: number): Uint8Array {
  const copy = new Uint8Array(bank.layout.slabBytes);
  let end = 0;
  for (const [at, bytes] of parts(bank, slot)) {
    copy.set(bank.lane.u8.subarray(at, at + bytes), end);
    end += bytes;
  }
  return copy;
}

/** Writes back what `copySlab` gave. Throws when the length is another layout's. */
export function restoreSlab(bank: Bank, slot: number, copy: Uint8Array): void {
  if (copy.length !== bank.layout.slabBytes) {
    throw new RangeError(`a slab of ${copy.length} bytes does not fit a layout of ${bank.layout.slabBytes}`);
  }
  let end = 0;
  for (const [at, bytes] of parts(bank, slot)) {
    bank.lane.u8.set(copy.subarray(end, end + bytes), at);
    end += bytes;
  }
}

function parts(bank: Bank, slot: number): readonly (readonly [number, number])[] {
  const { hotBytes, optimiserBytes, evidenceBytes } = bank.layout;
  return [
    [hotAddress(bank, slot), hotBytes],
    [optimiserAddress(bank, slot), optimiserBytes],
    [evidenceAddress(bank, slot), evidenceBytes],
  ];
}

function chunkAddress(bank: Bank, slot: number): number {
  return bank.chunks[Math.floor(slot / CHUNK_SLABS)]!;
}

function chunkBytes(layout: Layout): number {
  return CHUNK_SLABS * layout.slabBytes;
}
