// Windows a second on one core, by schedule and number of series: few series stay in the caches, many do not. And what
// many series take: memory, and the time to copy it for a checkpoint.

import { copySlab, evidenceAddress, hotAddress } from '../../../src/kernel/bank.ts';
import { layoutOf } from '../../../src/kernel/layout.ts';
import type { Network } from '../../../src/kernel/network.ts';
import { now, timesOf } from './contestant.ts';
import { type Fleet, newFleet, newWatch, orderOf, residentOfNetworks } from './fleet.ts';
import type { Backend } from './ours.ts';
import { detection, plain } from './workload.ts';

interface Throughput {
  readonly backend: string;
  readonly series: number;
  /** Of all series; `sorted`: random, but each batch put into slab order. */
  readonly order: 'slab' | 'sorted' | 'random';
  /** A training pass of 32 steps every so many windows. */
  readonly every: number;
  /** Microseconds a window of one series, of batches of 256. */
  readonly minimum: number;
  readonly median: number;
  readonly windowsPerSecond: number;
}

interface Memory {
  readonly network: string;
  readonly hotBytes: number;
  readonly optimiserBytes: number;
  readonly evidenceBytes: number;
  readonly slabBytes: number;
}

export interface Capacity {
  readonly throughput: readonly Throughput[];
  readonly memory: readonly Memory[];
  /** Growth of the process, in 1e9 bytes: for whole slabs, and for the networks alone. */
  readonly resident: {
    readonly series: number;
    readonly bytesPerSeries: number;
    readonly gigabytes: number;
    readonly networkGigabytes: number;
  };
  /** Units of 1e9 bytes a second: of ranges of slabs into a buffer, and slab by slab into new arrays. */
  readonly snapshot: { readonly ranges: number; readonly slabs: number };
}

const EVERY = [1, 4, 8, 16, 32];
const SERIES = { quick: [1, 100, 10_000], full: [1, 100, 10_000, 100_000] };
const ROUNDS = { quick: 4, full: 10 };
/** In a turn: eight batches for each schedule. */
const BATCHES = 8;

export function measureCapacity(
  backends: readonly Backend[],
  quick: boolean,
  progress: (text: string) => void,
): Capacity {
  const size = quick ? 'quick' : 'full';
  const [best, ...rest] = backends;
  if (best === undefined) throw new Error('no backend runs here');
  const most = Math.max(...SERIES[size]);
  progress(`${most} series`);
  const fleet = newFleet(best, plain('gru', 16), most);
  const networkGigabytes = residentOfNetworks(fleet.network, most) / 1e9;
  const courses = coursesOf(best.name, fleet, SERIES[size], EVERY);
  for (const backend of rest) {
    courses.push(...coursesOf(backend.name, newFleet(backend, fleet.network, 1000), [1, 1000], [8]));
  }
  for (let round = 0; round <= ROUNDS[size]; round++) {
    progress(`throughput ${round}/${ROUNDS[size]}`);
    for (const { watch, times } of courses) {
      const found = watch(BATCHES);
      if (round > 0) times.push(...found);
    }
  }
  const gigabytes = fleet.residentBytes / 1e9;
  return {
    throughput: courses.map(({ watch: _, times, ...course }) => {
      const { minimum, median } = timesOf(times);
      return { ...course, minimum, median, windowsPerSecond: Math.round(1e6 / minimum) };
    }),
    memory: NETWORKS.map(([name, network]) => memoryOf(name, network)),
    resident: { series: most, bytesPerSeries: Math.round(fleet.residentBytes / most), gigabytes, networkGigabytes },
    snapshot: measureSnapshot(fleet),
  };
}

interface Course extends Pick<Throughput, 'backend' | 'series' | 'order' | 'every'> {
  readonly watch: (batches: number) => number[];
  readonly times: number[];
}

/**
 * All courses of a fleet work on the same slabs: each begins elsewhere, or it would find in the caches what the one
 * before it has just used.
 */
const ORDER_TURN = { slab: 0, sorted: 1 / 16, random: 1 / 8 };

function turned(order: Uint32Array, part: number): Uint32Array {
  const from = Math.floor(part * order.length);
  const turn = new Uint32Array(order.length);
  turn.set(order.subarray(from));
  turn.set(order.subarray(0, from), order.length - from);
  return turn;
}

function coursesOf(backend: string, fleet: Fleet, counts: readonly number[], schedules: readonly number[]): Course[] {
  return counts.flatMap((series) =>
    (series === 1 ? (['slab'] as const) : (['slab', 'sorted', 'random'] as const)).flatMap((order) => {
      return schedules.map((every, place): Course => {
        const slots = turned(orderOf(series, order !== 'slab'), place / schedules.length + ORDER_TURN[order]);
        const watch = newWatch(fleet, { order: slots, sorted: order === 'sorted', every });
        return { backend, series, order, every, watch, times: [] };
      });
    }),
  );
}

const NETWORKS: readonly (readonly [string, Network])[] = [
  ['gru 16', plain('gru', 16)],
  ['gru 32', plain('gru', 32)],
  ['lstm 16', plain('lstm', 16)],
  ['lstm 32', plain('lstm', 32)],
  ['detection 16', detection('gru', 16)],
  ['detection 32', detection('gru', 32)],
];

function memoryOf(network: string, { shape }: Network): Memory {
  const { hotBytes, optimiserBytes, evidenceBytes, slabBytes } = layoutOf({ openWindows: 2, ...shape });
  return { network, hotBytes, optimiserBytes, evidenceBytes, slabBytes };
}

const RANGE_BYTES = 4 * 2 ** 20;
/** More than any cache holds would take long to allocate; this is beyond a core's own ones. */
const COPIED_BYTES = 128 * 2 ** 20;

function measureSnapshot({ bank }: Fleet): Capacity['snapshot'] {
  const { u8 } = bank.lane;
  const from = hotAddress(bank, 0);
  const end = evidenceAddress(bank, bank.slots - 1) + bank.layout.evidenceBytes;
  const bytes = Math.min(COPIED_BYTES, end - from);
  const copy = new Uint8Array(bytes).fill(1);
  let ranges = 0;
  let slabs = 0;
  for (let round = 0; round < 8; round++) {
    const start = now();
    for (let at = 0; at < bytes; at += RANGE_BYTES) {
      copy.set(u8.subarray(from + at, from + Math.min(bytes, at + RANGE_BYTES)), at);
    }
    ranges = Math.max(ranges, bytes / (now() - start) / 1000);
    const count = Math.min(2000, bank.slots);
    const begin = now();
    for (let slot = 0; slot < count; slot++) copySlab(bank, slot);
    slabs = Math.max(slabs, (count * bank.layout.slabBytes) / (now() - begin) / 1000);
  }
  return { ranges, slabs };
}
