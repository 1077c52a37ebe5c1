// What a lane leaves in memory that it shares with the main thread: signs of life, and where it stands. Messages would
// not do: a thread that hangs sends none.

import type { PartitionId } from './domain.ts';

/** Where a lane can be; the order is that of the numbers in the memory. */
const PLACES = ['idle', 'decode', 'window', 'forecast', 'score', 'learn', 'detect', 'report'] as const;
type Place = (typeof PLACES)[number];

const AT = { beats: 0, place: 1, partition: 2, topicBytes: 3 } as const;
const NUMBERS = 4;
/** Kafka's topics have at most 249 characters, all of them ASCII; the names of files are cut. */
const TOPIC_BYTES_MAX = 256;

export interface Pulse {
  readonly numbers: Int32Array;
  readonly offset: Float64Array;
  readonly topic: Uint8Array;
}

export function newPulseMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(8 + 4 * NUMBERS + TOPIC_BYTES_MAX);
}

export function pulseIn(memory: SharedArrayBuffer): Pulse {
  return {
    offset: new Float64Array(memory, 0, 1),
    numbers: new Int32Array(memory, 8, NUMBERS),
    topic: new Uint8Array(memory, 8 + 4 * NUMBERS),
  };
}

/** A sign of life: a slice of work is done, or there is none and the event loop turns. */
export function beat({ numbers }: Pulse): void {
  Atomics.add(numbers, AT.beats, 1);
}

/** The lane begins a batch of a partition at an offset. */
export function standAt({ numbers, offset, topic }: Pulse, at: PartitionId, first: number): void {
  offset[0] = first;
  numbers[AT.partition] = at.partition;
  numbers[AT.topicBytes] = new TextEncoder().encodeInto(at.topic, topic).written;
}

export function enter({ numbers }: Pulse, place: Place): void {
  numbers[AT.place] = PLACES.indexOf(place);
}

function beatsOf({ numbers }: Pulse): number {
  return Atomics.load(numbers, AT.beats);
}

/** For people: `stage learn, batch of orders/3 from offset 4711 on`. */
export function whereabouts({ numbers, offset, topic }: Pulse): string {
  const place = PLACES[numbers[AT.place] ?? 0] ?? 'idle';
  const length = numbers[AT.topicBytes] ?? 0;
  if (length === 0) return `stage ${place}`;
  const name = new TextDecoder().decode(topic.slice(0, length));
  return `stage ${place}, batch of ${name}/${numbers[AT.partition]} from offset ${offset[0]} on`;
}

/** Looks, once a second each, after which a lane without a sign of life is worth a warning, and is given up. */
export const LOOK_MS = 1_000;
const STILL_LOOKS = 5;
const HUNG_LOOKS = 30;

/**
 * Judges one lane by looking at it once every LOOK_MS. It counts looks, not time: a machine that slept, or a process
 * that was stopped for a while, looked as seldom as its lane moved. Before the first beat the lane still starts.
 */
export function newWatch(pulse: Pulse): { look(): 'moves' | 'still' | 'hung'; readonly stillSeconds: number } {
  let seen = 0;
  let still = 0;
  return {
    get stillSeconds() {
      return (still * LOOK_MS) / 1000;
    },
    look() {
      const beats = beatsOf(pulse);
      still = beats === 0 || beats !== seen ? 0 : still + 1;
      seen = beats;
      if (still >= HUNG_LOOKS) return 'hung';
      return still >= STILL_LOOKS ? 'still' : 'moves';
    },
  };
}
