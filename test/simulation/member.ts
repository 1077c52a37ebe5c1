// A process of the simulation: the real owner with its pipeline, on a sink, a group and a store that can fail, stop in
// the middle of anything and never come back.

import type { PartitionId, SourceRecord } from '../../src/domain.ts';
import { newFeed } from '../../src/feed.ts';
import { newFloat32Kernel } from '../../src/kernel/float32.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { newOverloadLadder } from '../../src/overload.ts';
import { newOwner, type Owner } from '../../src/owner.ts';
import { pipeline, type Work } from '../../src/pipeline.ts';
import type { CheckpointStore } from '../../src/ports.ts';
import type { StreamSettings } from '../../src/settings.ts';
import { newSummary } from '../../src/summary.ts';
import type { Random } from '../checkpoint/disk.ts';
import { batchOf, collect, newOutcome } from '../support/shares.ts';

export const ID: PartitionId = { topic: 'topic', partition: 0 };
export const EVERY_MS = 10_000;

/** What outlives processes, beside their stores. */
export interface Outside {
  /** Texts of events as they arrived, repeats and all. */
  readonly events: string[];
  committed: number | undefined;
  /** Whoever is not, is refused by the group. */
  current: Member | undefined;
}

/** How checkpoints, events and commits hang together; mutants of this order must be found. */
export interface Wiring {
  readonly store: CheckpointStore;
  readonly flush: () => Promise<void>;
  readonly commit: (offset: number) => Promise<void>;
}

export interface Member {
  readonly owner: Owner;
  /** Ended by SIGKILL: nothing of it happens any more. */
  dead: boolean;
  /** Resolves when it may go on; a process that is stopped goes on later, as a zombie. */
  gate: Promise<void>;
  advance(ms: number): void;
  deliver(records: readonly SourceRecord[]): Promise<void>;
}

/** Making one takes longer than a schedule; whoever ends gives its part back. */
const memory = newLaneMemory();
const kernel = newFloat32Kernel(memory);
const never = new Promise<never>(() => {});

/** Whatever a process asks of the outside passes here, in both directions. */
export async function passing<T>(member: Member, work: () => Promise<T> | T): Promise<T> {
  await member.gate;
  if (member.dead) return never;
  const done = await work();
  await member.gate;
  return member.dead ? never : done;
}

export function newMember(
  stream: StreamSettings,
  outside: Outside,
  random: Random,
  storeFor: (member: Member) => CheckpointStore,
  rewire: (wiring: Wiring) => Wiring,
): Member {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  const feed = newFeed(
    () => 0,
    () => {},
  );
  const summary = newSummary([stream.name], clock);
  const outcome = newOutcome();
  const report = (work: Work): Work => collect(work, outcome);
  pipeline(feed.works, { timed: summary.timed, report }).subscribe({ error: () => {} });
  const send = (count: number): void => {
    for (const event of outcome.events.splice(0, count)) {
      outside.events.push(JSON.stringify(event));
      // Its acknowledgement was lost, so it is sent again.
      if (random() < 0.1) outside.events.push(JSON.stringify(event));
    }
  };
  const member: Member = {
    get owner() {
      return owner;
    },
    dead: false,
    gate: Promise.resolve(),
    advance(ms) {
      now += ms;
    },
    async deliver(records) {
      await owner.deliver(batchOf(records));
      // Some are on their way before anybody asks.
      if (!member.dead && random() < 0.3) send(Math.floor(random() * 3));
    },
  };
  const wiring = rewire({
    store: storeFor(member),
    async flush() {
      // Brokers are slow now and then.
      const wait = random() < 0.4 ? 300 : 4;
      await passing(member, () => turns(random, wait));
      await passing(member, () => send(Number.MAX_SAFE_INTEGER));
    },
    commit: (offset) =>
      passing(member, () => {
        if (outside.current === member) outside.committed = offset;
      }),
  });
  const owner = newOwner({
    streams: [stream],
    memory,
    kernelOf: () => kernel,
    store: wiring.store,
    everyMs: EVERY_MS,
    everyRecords: Number.POSITIVE_INFINITY,
    load: newOverloadLadder('keep'),
    feed,
    summary,
    rejects: undefined,
    flush: wiring.flush,
    overfull: () => false,
    commit: ([position]) => wiring.commit(position?.offset ?? 0),
    clock,
    log: () => {},
    firstOffset: () => 0,
    file: undefined,
  });
  return member;
}

/** Lets others go on for a while. */
export async function turns(random: Random, max: number): Promise<void> {
  for (let left = Math.floor(random() * max); left > 0; left--) await Promise.resolve();
}
