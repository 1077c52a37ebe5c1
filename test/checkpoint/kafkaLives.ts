// The lives of a store on a log in memory: opens, saves, dies after any step, leaves a former owner behind that writes
// on, loses answers, is compacted in between. What must hold, and the mutants that must break it.

import { newKafkaStore } from '../../src/checkpoint/kafkaStore.ts';
import { isCheckpoint } from '../../src/checkpoint/stateImage.ts';
import type { CheckpointStore, StateLog } from '../../src/ports.ts';
import { type FakeLog, newFakeLog } from '../support/fakeLog.ts';
import { type Random, seededRandom } from './disk.ts';
import { changesSince, PARTITION, slowNumberOf, slowSnapshotAt } from './snapshots.ts';

export const LOG_MUTANTS = {
  'the seal before the slabs': (log) => sealFirst(log),
  'one key a series': (log) => oneKey(log),
  'no look at what others wrote': (log) => blind(log),
  'gone series stay': (log) => noDeletions(log),
} as const satisfies Record<string, (log: StateLog) => StateLog>;

const LIVES = 5;

interface Seen {
  /** Ends of the log behind acknowledged saves. */
  readonly ends: number[];
  attempted: number;
  acknowledged: number;
  epoch: number;
}

export function storeOn(state: StateLog, seed = 1): CheckpointStore & { damaged(): number; zombies(): number } {
  const random = seededRandom(seed);
  return newKafkaStore({
    log: () => {},
    state,
    ready: () => Promise.resolve(),
    newWriter: () => Math.floor(random() * 2 ** 32),
  });
}

/** Tells what was violated in the lives of this seed; undefined when nothing was. */
export async function logViolationIn(
  seed: number,
  mutate: (log: StateLog) => StateLog = (log) => log,
): Promise<string | undefined> {
  const random = seededRandom(seed);
  const log = newFakeLog();
  const seen: Seen = { ends: [], attempted: 0, acknowledged: 0, epoch: 0 };
  let former: CheckpointStore | undefined;
  for (let life = 0; life < LIVES; life++) {
    const last = life === LIVES - 1;
    const store = storeOn(mutate(log), seed * 100 + life);
    const violation = await live(log, store, random, seen, former, last);
    log.faults = undefined;
    if (violation !== undefined) return `life ${life}: ${violation}`;
    former = store;
  }
  return undefined;
}

async function live(
  log: FakeLog,
  store: CheckpointStore,
  random: Random,
  seen: Seen,
  former: CheckpointStore | undefined,
  last: boolean,
): Promise<string | undefined> {
  compactSometimes(log, random, seen);
  const { snapshot, epoch } = await store.open(PARTITION);
  const found = snapshot === undefined ? 0 : slowNumberOf(snapshot);
  if (found === undefined) return 'a state that nobody saved';
  if (found < seen.acknowledged) return `state ${found}, but ${seen.acknowledged} was acknowledged`;
  if (found > seen.attempted) return `state ${found} was never saved`;
  if (epoch <= seen.epoch) return `epoch ${epoch} after ${seen.epoch}`;
  seen.epoch = epoch;
  // What the former owner still had on its way, and what it tries now.
  log.deliverLate();
  if (former !== undefined && random() < 0.5) {
    const late = slowSnapshotAt(seen.attempted + 1_000);
    if (await isSaved(former.save(PARTITION, changesSince(undefined, late)))) return 'a former owner sealed';
  }
  if (last) return undefined;
  let sealed = snapshot;
  const faulty = random() < 0.7;
  for (let saves = Math.floor(random() * 5); saves > 0; saves--) {
    log.faults = faulty ? faultsOf(random) : undefined;
    const next = slowSnapshotAt(++seen.attempted);
    if (await isSaved(store.save(PARTITION, changesSince(sealed, next)))) {
      seen.acknowledged = seen.attempted;
      seen.ends.push((log.records(PARTITION).at(-1)?.offset ?? -1) + 1);
      sealed = next;
    }
    if (random() < 0.2) log.deliverLate();
    compactSometimes(log, random, seen);
    log.faults = undefined;
  }
  return undefined;
}

/** Cuts an append off anywhere; the rest is lost, or arrives later, or only the answer is lost; or it comes twice. */
function faultsOf(random: Random): FakeLog['faults'] {
  return (messages) => {
    if (random() >= 0.25) return random() < 0.1 ? 'twice' : undefined;
    const now = Math.floor(random() * (messages.length + 1));
    return { now, later: random() < 0.3 ? messages.length - now : 0 };
  };
}

/**
 * Only what is old: `min.compaction.lag.ms` is many checkpoints long. What a former owner's late record hides stays in
 * the log until its successor has written it again.
 */
function compactSometimes(log: FakeLog, random: Random, { ends }: Seen): void {
  if (random() < 0.4) log.compact(PARTITION, ends.at(-2 - Math.floor(random() * 2)) ?? 0, random() < 0.3);
}

async function isSaved(save: Promise<unknown>): Promise<boolean> {
  return save.then(
    () => true,
    () => false,
  );
}

function sealFirst(log: StateLog): StateLog {
  let held: Parameters<StateLog['append']>[1] = [];
  return {
    ...log,
    append: (partition, messages) => {
      if (messages.some(({ key }) => isCheckpoint(key))) {
        const after = held;
        held = [];
        return log.append(partition, [...messages, ...after]);
      }
      held = [...held, ...messages];
      return Promise.resolve(0);
    },
  };
}

function oneKey(log: StateLog): StateLog {
  return {
    ...log,
    append: (partition, messages) => {
      const moved = messages.map((message) => {
        const key = message.key.slice();
        if (!isCheckpoint(key)) key[2] = 0x30;
        return { ...message, key };
      });
      return log.append(partition, moved);
    },
  };
}

function blind(log: StateLog): StateLog {
  const own = new Set<string>();
  const isOwn = (value: Uint8Array | null): boolean => value !== null && own.has(Buffer.from(value).toString('hex'));
  let first = true;
  return {
    ...log,
    read: (partition, from, onRecord) => {
      const whole = first || from === 0;
      first = false;
      return log.read(partition, from, whole ? onRecord : (record) => isOwn(record.value) && onRecord(record));
    },
    append: (partition, messages) => {
      for (const { value } of messages) if (value !== null) own.add(Buffer.from(value).toString('hex'));
      return log.append(partition, messages);
    },
  };
}

function noDeletions(log: StateLog): StateLog {
  return {
    ...log,
    append: (partition, messages) => {
      const kept = messages.filter(({ value }) => value !== null && (value[6] !== 1 || value[2] !== 0x53));
      return kept.length === 0 ? Promise.resolve(0) : log.append(partition, kept);
    },
  };
}
