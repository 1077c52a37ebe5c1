// One linear memory for all slabs of a lane. It is a WebAssembly memory because that grows in place (no copy, no second
// peak) and is the memory that a compiled kernel works on. Addresses are bytes from its start.

const PAGE_BYTES = 65_536;
/** 4 GiB: all that a 32-bit address reaches. */
const PAGES_MAX = 65_536;
/** Grown ahead in steps, because the first touch of a page costs more than the growing itself. */
const GROW_PAGES = 256;
/** A cache line, so that no slab shares one with its neighbour. */
const ALIGN_BYTES = 64;

/** At the start of the memory lie the constants of the compiled kernel; and so no block has the address 0. */
const RESERVED_BYTES = 1024;

/** Views over the whole memory. After any `allocate` read them anew from here: growing detaches the old ones. */
export interface LaneMemory {
  readonly memory: WebAssembly.Memory;
  readonly pagesMax: number;
  f64: Float64Array;
  f32: Float32Array;
  u32: Uint32Array;
  i16: Int16Array;
  u8: Uint8Array;
  /** First byte that no block has ever used. */
  top: number;
  /** Released blocks by size; a block is only used again for the same size. */
  readonly free: Map<number, number[]>;
}

/** `pagesMax`: how far it may grow, in pages of 64 KiB. */
export function newLaneMemory(pagesMax = PAGES_MAX): LaneMemory {
  const memory = new WebAssembly.Memory({ initial: Math.min(GROW_PAGES, pagesMax), maximum: pagesMax });
  return { memory, pagesMax, ...views(memory.buffer), top: RESERVED_BYTES, free: new Map() };
}

/** Address of a zeroed block of `bytes`. Throws a RangeError when the memory is used up: ask `reserve` before. */
export function allocate(lane: LaneMemory, bytes: number): number {
  const size = aligned(bytes);
  const again = lane.free.get(size)?.pop();
  if (again !== undefined) {
    lane.u8.fill(0, again, again + size);
    return again;
  }
  const address = lane.top;
  if (!reserve(lane, bytes)) throw new RangeError(`no room for ${bytes} bytes behind ${address}`);
  lane.top = address + size;
  return address;
}

/** Grows the memory so that a block of `bytes` can be allocated; false, and nothing changes, when it cannot grow. */
export function reserve(lane: LaneMemory, bytes: number): boolean {
  const size = aligned(bytes);
  if ((lane.free.get(size)?.length ?? 0) > 0) return true;
  const missing = lane.top + size - lane.memory.buffer.byteLength;
  if (missing <= 0) return true;
  const pages = Math.ceil(missing / PAGE_BYTES);
  const room = lane.pagesMax - lane.memory.buffer.byteLength / PAGE_BYTES;
  if (pages > room) return false;
  try {
    lane.memory.grow(Math.max(pages, Math.min(GROW_PAGES, room)));
  } catch {
    return false; // the machine has less than the limit
  }
  Object.assign(lane, views(lane.memory.buffer));
  return true;
}

export function release(lane: LaneMemory, address: number, bytes: number): void {
  const size = aligned(bytes);
  const blocks = lane.free.get(size);
  if (blocks === undefined) lane.free.set(size, [address]);
  else blocks.push(address);
}

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}

function views(buffer: ArrayBuffer): Pick<LaneMemory, 'f64' | 'f32' | 'u32' | 'i16' | 'u8'> {
  return {
    f64: new Float64Array(buffer),
    f32: new Float32Array(buffer),
    u32: new Uint32Array(buffer),
    i16: new Int16Array(buffer),
    u8: new Uint8Array(buffer),
  };
}
