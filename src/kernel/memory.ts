// One linear memory for all slabs of a lane. It is a WebAssembly memory because that grows in place (no copy, no second
// peak) and is the memory that a compiled kernel works on. Addresses are bytes from its start.

const PAGE_BYTES = 65_536;
/** 4 GiB: all that a 32-bit address reaches. */
const PAGES_MAX = 65_536;
/** Grown ahead in steps, because the first touch of a page costs more than the growing itself. */
const GROW_PAGES = 256;
/** A cache line, so that no slab shares one with its neighbour. */
const ALIGN_BYTES = 64;

/** Views over the whole memory. After any `allocate` read them anew from here: growing detaches the old ones. */
export interface LaneMemory {
  readonly memory: WebAssembly.Memory;
  f64: Float64Array;
  f32: Float32Array;
  u16: Uint16Array;
  i16: Int16Array;
  u8: Uint8Array;
  /** First byte that no block has ever used. */
  top: number;
  /** Released blocks by size; a block is only used again for the same size. */
  readonly free: Map<number, number[]>;
}

export function newLaneMemory(): LaneMemory {
  const memory = new WebAssembly.Memory({ initial: GROW_PAGES, maximum: PAGES_MAX });
  return { memory, ...views(memory.buffer), top: 0, free: new Map() };
}

/** Address of a zeroed block of `bytes`. Throws a RangeError when 4 GiB are used up: callers check the limit before. */
export function allocate(lane: LaneMemory, bytes: number): number {
  const size = aligned(bytes);
  const again = lane.free.get(size)?.pop();
  if (again !== undefined) {
    lane.u8.fill(0, again, again + size);
    return again;
  }
  const address = lane.top;
  const missing = address + size - lane.memory.buffer.byteLength;
  if (missing > 0) {
    const pages = Math.ceil(missing / PAGE_BYTES);
    const room = PAGES_MAX - lane.memory.buffer.byteLength / PAGE_BYTES;
    lane.memory.grow(Math.max(pages, Math.min(GROW_PAGES, room)));
    Object.assign(lane, views(lane.memory.buffer));
  }
  lane.top = address + size;
  return address;
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

function views(buffer: ArrayBuffer): Pick<LaneMemory, 'f64' | 'f32' | 'u16' | 'i16' | 'u8'> {
  return {
    f64: new Float64Array(buffer),
    f32: new Float32Array(buffer),
    u16: new Uint16Array(buffer),
    i16: new Int16Array(buffer),
    u8: new Uint8Array(buffer),
  };
}
