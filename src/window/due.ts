// When which series must close its next window: a binary heap by (due time, order of admission). Entries are never
// removed early; whoever pops one checks that it is still meant.

export interface Due {
  /** Triples: due time in ms, serial, slot. */
  readonly heap: number[];
}

const SIZE = 3;

export function newDue(): Due {
  return { heap: [] };
}

export function nextDueMs(due: Due): number {
  return due.heap[0] ?? Number.POSITIVE_INFINITY;
}

export function nextDueSlot(due: Due): number {
  return due.heap[2] ?? -1;
}

export function nextDueSerial(due: Due): number {
  return due.heap[1] ?? 0;
}

export function pushDue(due: Due, atMs: number, serial: number, slot: number): void {
  const { heap } = due;
  let child = heap.length / SIZE;
  heap.push(atMs, serial, slot);
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (!isBefore(heap, child, parent)) return;
    swap(heap, child, parent);
    child = parent;
  }
}

export function popDue(due: Due): void {
  const { heap } = due;
  const last = heap.length / SIZE - 1;
  if (last < 0) return;
  swap(heap, 0, last);
  heap.length -= SIZE;
  let parent = 0;
  for (;;) {
    let child = 2 * parent + 1;
    if (child >= last) return;
    if (child + 1 < last && isBefore(heap, child + 1, child)) child++;
    if (!isBefore(heap, child, parent)) return;
    swap(heap, child, parent);
    parent = child;
  }
}

function isBefore(heap: readonly number[], a: number, b: number): boolean {
  const byTime = heap[a * SIZE]! - heap[b * SIZE]!;
  return byTime < 0 || (byTime === 0 && heap[a * SIZE + 1]! < heap[b * SIZE + 1]!);
}

function swap(heap: number[], a: number, b: number): void {
  for (let i = 0; i < SIZE; i++) {
    const kept = heap[a * SIZE + i]!;
    heap[a * SIZE + i] = heap[b * SIZE + i]!;
    heap[b * SIZE + i] = kept;
  }
}
