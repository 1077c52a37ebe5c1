// Checkpoints in a compacted log, so that a partition's state moves with it to whatever process owns it. There is no
// way to change many records of such a log at once; so each series has two keys, a slab is always written to the one
// that does not hold its sealed slab, and the one record `__checkpoint` seals all of them together.
//
// The order of the steps is the whole point; test/checkpoint/kafkaLives.test.ts breaks off after each of them.

import { randomInt } from 'node:crypto';
import type { PartitionId } from '../domain.ts';
import { GruardError } from '../errors.ts';
import type { CheckpointStore, Log, ShareSnapshot, Snapshot, StateLog, StateMessage } from '../ports.ts';
import { append, assertFree, claimLog, type Ownership, RECORD_BYTES_MAX, type Rim, seal } from './ownership.ts';
import { encodeSlab, nameHash, readSlabKey, type Side, seriesName, slabKey } from './stateRecords.ts';

/** Slabs that are on their way at a time: the lane's memory holds them twice. */
const APPEND_BYTES = 4 * 1024 * 1024;

export interface KafkaStoreOptions {
  readonly log: Log;
  readonly state: StateLog;
  /** Resolves when the log of this input partition can be used; rejects where it must not be. */
  readonly ready: (partition: PartitionId) => Promise<void>;
  /** Another number than that of a random source. */
  readonly newWriter?: (() => number) | undefined;
}

export interface KafkaStore extends CheckpointStore {
  /** Records and checkpoints that could not be read since the store was made. */
  damaged(): number;
  /** Records of former owners, written behind their successor's claim. */
  zombies(): number;
}

interface Held extends Ownership {
  /** By name: the side of each series that holds its sealed slab. */
  readonly sealed: Map<string, Side>;
  /** Written by attempts that were not sealed: their numbers will lie below those of the next seal. */
  readonly unsealed: Map<string, Side>;
  /** To be written again though they have not changed. */
  readonly rewrite: Set<string>;
  /** Keys to delete before the next slab is written: those that no checkpoint holds. */
  stray: Uint8Array[];
  /** Keys of records that came from elsewhere: a former owner's, or an own one that was given up. */
  foreign: Uint8Array[];
}

export function newKafkaStore({ log, state, ready, newWriter }: KafkaStoreOptions): KafkaStore {
  const rim: Rim = { state, newWriter: newWriter ?? (() => randomInt(1, 2 ** 32 - 1)) };
  const held = new Map<string, Held>();
  let [damaged, zombies] = [0, 0];
  const release = (partition: PartitionId): void => {
    const mine = held.get(nameOf(partition));
    if (mine !== undefined) mine.closed = true;
    held.delete(nameOf(partition));
  };
  return {
    async open(partition) {
      release(partition);
      await ready(partition);
      const { ownership, image, reading } = await claimLog(rim, partition);
      zombies += reading.zombies;
      damaged += reading.damage.length;
      for (const what of reading.damage) {
        log('error', 'state_damaged', `${what} of the state of ${nameOf(partition)} cannot be read`, { ...partition });
      }
      if (image.incomplete) {
        damaged++;
        const what = `the state of ${nameOf(partition)} lacks series: they begin anew`;
        log('error', 'state_damaged', what, { ...partition });
      }
      const { sealed, stray, haunted } = image;
      const rest = { unsealed: new Map(), rewrite: new Set(haunted), stray: [...stray], foreign: [] };
      held.set(nameOf(partition), { ...ownership, sealed, ...rest });
      return { snapshot: image.snapshot, epoch: ownership.epoch };
    },

    async save(partition, snapshot) {
      const mine = held.get(nameOf(partition));
      if (mine === undefined) throw new GruardError('internal', `${nameOf(partition)} is not open for checkpoints`);
      try {
        return { bytes: await save(rim, partition, mine, snapshot) };
      } catch (error) {
        if (error instanceof GruardError) throw error;
        const why = error instanceof Error ? error.message : String(error);
        const message = `checkpoint ${mine.number} of ${nameOf(partition)}: ${why}`;
        throw new GruardError('checkpoint_failed', message, { cause: error });
      }
    },

    close: release,
    damaged: () => damaged,
    zombies: () => zombies,
  };
}

async function save(rim: Rim, partition: PartitionId, mine: Held, snapshot: Snapshot): Promise<number> {
  const { state } = rim;
  const onStray = (key: Uint8Array): void => void mine.foreign.push(key.slice());
  await assertFree(rim, partition, mine, onStray);
  layForeign(mine);
  const number = ++mine.number;
  let bytes = 0;
  const write = async (messages: readonly StateMessage[]): Promise<void> => {
    await append(state, partition, mine, messages);
    bytes += messages.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
  };
  // Before the first slab: numbers that begin above theirs would make these look sealed.
  if (mine.stray.length > 0) await write(mine.stray.map((key) => deletion(key, mine, number - 1)));
  mine.stray = [];
  const plan = planOf(snapshot, mine);
  for (const batch of batches(slabs(plan, snapshot, mine, number))) await write(batch);
  await assertFree(rim, partition, mine, onStray);
  bytes += await seal(rim, partition, mine, snapshot, plan.live.size, xorOf(plan.live));
  for (const [name, side] of plan.sides) mine.sealed.set(name, side);
  for (const name of plan.gone) mine.sealed.delete(name);
  mine.unsealed.clear();
  mine.rewrite.clear();
  // Only now: until the seal they were what a restore would find. What is hidden goes first.
  const old = plan.gone.flatMap((name) => {
    const mark = plan.marks.get(name) ?? 0;
    return [slabKey(otherSide(mark), name), slabKey(mark, name)];
  });
  mine.stray = old;
  if (old.length > 0) {
    // The state is sealed whatever becomes of these: they are sent again with the next one.
    await write(old.map((key) => deletion(key, mine, number))).then(
      () => {
        mine.stray = [];
      },
      () => undefined,
    );
  }
  return bytes;
}

/** What lies over a sealed slab makes that be written again, on the other side; all else is deleted. */
function layForeign(mine: Held): void {
  for (const key of mine.foreign) {
    const named = readSlabKey(key);
    if (named === undefined) continue;
    if (mine.sealed.get(named.name) === named.side) mine.rewrite.add(named.name);
    else mine.stray.push(key);
  }
  mine.foreign = [];
}

interface Plan {
  readonly live: ReadonlySet<string>;
  /** Where the slabs go that are written now. */
  readonly sides: ReadonlyMap<string, Side>;
  /** Series of the sealed checkpoint that this one has not, and the side on which their end is marked. */
  readonly gone: readonly string[];
  readonly marks: ReadonlyMap<string, Side>;
  /** Of attempts that were not sealed, and neither sealed nor written now. */
  readonly leftovers: readonly Uint8Array[];
}

function planOf({ shares }: Snapshot, mine: Held): Plan {
  const live = new Set<string>();
  const sides = new Map<string, Side>();
  for (const { uid, series } of shares) {
    for (const { key, changed } of series) {
      const name = seriesName(uid, key);
      live.add(name);
      const sealed = mine.sealed.get(name);
      if (changed === false && sealed !== undefined && !mine.rewrite.has(name)) continue;
      sides.set(name, sealed === undefined ? 0 : otherSide(sealed));
    }
  }
  const gone = [...mine.sealed.keys()].filter((name) => !live.has(name));
  const marks = new Map(gone.map((name) => [name, otherSide(mine.sealed.get(name) ?? 0)] as const));
  const leftovers = [...mine.unsealed]
    .filter(([name, side]) => sides.get(name) !== side && marks.get(name) !== side)
    .map(([name, side]) => slabKey(side, name));
  return { live, sides, gone, marks, leftovers };
}

/** Deletions first, then the ends of series that are gone, then slabs. */
function* slabs(plan: Plan, { shares }: Snapshot, mine: Held, number: number): Generator<StateMessage, void> {
  const { epoch } = mine;
  for (const key of plan.leftovers) yield deletion(key, mine, number - 1);
  for (const [name, side] of plan.marks) {
    const key = slabKey(side, name);
    mine.unsealed.set(name, side);
    yield { key, value: encodeSlab(key, { number, epoch, slab: undefined }) };
  }
  for (const share of shares) yield* slabsOf(share, plan, mine, number);
}

function* slabsOf({ uid, series }: ShareSnapshot, plan: Plan, mine: Held, number: number): Generator<StateMessage> {
  for (const entry of series) {
    const name = seriesName(uid, entry.key);
    const side = plan.sides.get(name);
    if (side === undefined) continue;
    const key = slabKey(side, name);
    const value = encodeSlab(key, { number, epoch: mine.epoch, slab: entry.slab });
    if (key.length + value.length > RECORD_BYTES_MAX) throw new Error(`the slab of ${name} is too large for a record`);
    mine.unsealed.set(name, side);
    yield { key, value };
  }
}

/** Of records up to this number: a deletion that comes twice must not take what was written behind it. */
function deletion(key: Uint8Array, { epoch }: Held, number: number): StateMessage {
  return { key, value: null, deletedBy: { epoch, number } };
}

function* batches(messages: Iterable<StateMessage>): Generator<StateMessage[], void> {
  let batch: StateMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    batch.push(message);
    bytes += message.key.length + (message.value?.length ?? 0);
    if (bytes < APPEND_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function xorOf(names: ReadonlySet<string>): number {
  let xor = 0;
  for (const name of names) xor ^= nameHash(name);
  return xor >>> 0;
}

function otherSide(side: Side): Side {
  return side === 0 ? 1 : 0;
}

function nameOf({ topic, partition }: PartitionId): string {
  return `${topic}/${partition}`;
}
