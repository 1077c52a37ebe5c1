// Where a partition starts: from its newest checkpoint, at the committed offset, or where its streams say.

import type { PartitionId } from './domain.ts';
import { ERRORS } from './errors.ts';
import type { CheckpointStore, Clock, Log, Snapshot, StartPosition } from './ports.ts';
import { fits, type Share, thawing } from './share.ts';
import { inSlices } from './slices.ts';

export interface RestoreOptions {
  readonly store: CheckpointStore | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is known of a partition beside its checkpoint. */
export interface Partition {
  /** The group's committed offset. */
  readonly committed?: number | undefined;
  /** Whether it has ever held everything below an offset; absent = it has. */
  readonly reaches?: ((offset: number) => Promise<boolean>) | undefined;
}

export interface Restored {
  readonly start: StartPosition;
  /** The partition was created again: what is known of it is of another one, and was left. */
  readonly isRecreated: boolean;
}

/** Fills the shares from the newest checkpoint and answers where to read on. */
export async function restore(
  options: RestoreOptions,
  id: PartitionId,
  shares: readonly Share[],
  { committed, reaches = () => Promise.resolve(true) }: Partition,
): Promise<Restored> {
  const snapshot = (await options.store?.open(id))?.snapshot;
  // Asked for after the state was claimed: nobody can move the position any more.
  const known = Math.max(0, ...(snapshot?.shares ?? []).map(({ position }) => position));
  const reachesCommitted = committed === undefined || (await reaches(committed));
  if (!(await reaches(known)) || (snapshot === undefined && !reachesCommitted)) {
    const upTo = snapshot === undefined ? committed : known;
    const message = `${nameOf(id)} ends below ${upTo}, up to where it was read: starting cold at its beginning`;
    options.log('error', 'topic_recreated', `${message}. ${ERRORS.topic_recreated.remedy}`, { ...id });
    return { start: { kind: 'earliest' }, isRecreated: true };
  }
  const start = await fill(options, id, shares, snapshot, reachesCommitted ? committed : undefined);
  return { start, isRecreated: false };
}

async function fill(
  { log, clock }: RestoreOptions,
  id: PartitionId,
  shares: readonly Share[],
  snapshot: Snapshot | undefined,
  committed: number | undefined,
): Promise<StartPosition> {
  const stored = snapshot?.shares ?? [];
  const sealed = Math.min(...stored.map(({ position }) => position));
  if (snapshot !== undefined && committed !== undefined && committed > sealed) {
    // Somebody else has read on since: replaying would report again, with other bytes under the same ids.
    const message = `checkpoint of ${nameOf(id)} stands at ${sealed}, the group at ${committed}: starting cold there`;
    log('warn', 'state_stale', message, { ...id });
    return coldAt(shares, committed);
  }
  const cold: Share[] = [];
  for (const share of shares) {
    const mine = stored.find(({ uid }) => uid === share.stream.uid);
    if (mine !== undefined && fits(share, mine)) {
      const leftOut = await inSlices(thawing(share, mine), () => clock.monotonic());
      const message = `no memory for ${leftOut} models of ${share.stream.name} in ${nameOf(id)}: they begin anew`;
      if (leftOut > 0) log('error', 'memory_limit', message, { stream: share.stream.name, ...id });
    } else {
      cold.push(share);
      if (mine !== undefined) {
        const { name } = share.stream;
        const what = mine.configHash === share.stream.configHash ? 'layout' : 'configuration';
        const message = `the models of ${name} in ${nameOf(id)} are of another ${what}: starting cold`;
        log('warn', 'state_other_config', message, { stream: share.stream.name, ...id });
      }
    }
  }
  if (snapshot === undefined && committed !== undefined) return coldAt(shares, committed);
  if (cold.length === 0) return { kind: 'offset', offset: Math.min(...shares.map(({ position }) => position)) };
  return earliestStart(shares.length > cold.length ? sealed : undefined, cold, clock.now());
}

function coldAt(shares: readonly Share[], offset: number): StartPosition {
  for (const share of shares) share.position = offset;
  return { kind: 'offset', offset };
}

/** The earliest of all wishes: each share skips what lies below its own position. */
function earliestStart(sealed: number | undefined, cold: readonly Share[], nowMs: number): StartPosition {
  if (cold.some(({ stream }) => stream.startFrom.kind === 'earliest')) return { kind: 'earliest' };
  if (sealed !== undefined) {
    for (const share of cold) share.position = sealed;
    return { kind: 'offset', offset: sealed };
  }
  const ages = cold.map(({ stream }) => (stream.startFrom.kind === 'ago' ? stream.startFrom.ms : 0));
  const oldest = Math.max(...ages);
  return oldest > 0 ? { kind: 'timestamp', ms: nowMs - oldest } : { kind: 'latest' };
}

export function nameOf({ topic, partition }: PartitionId): string {
  return `${topic}/${partition}`;
}
