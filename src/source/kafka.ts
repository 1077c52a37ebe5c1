// A lane's records from Kafka: finds the topics, keeps a member of the consumer group alive, for ever.

import { hostname } from 'node:os';
import type { Kafka } from 'kafkajs';
import type { PartitionId } from '../domain.ts';
import { ERRORS, GruardError } from '../errors.ts';
import type { PartitionOwner, RecordSource } from '../ports.ts';
import { ASKING, backOffMs, kafkaErrorCode, kafkaErrorText, newComplaints, newKafkaClient } from './kafkaClient.ts';
import { GroupMember } from './kafkaMember.ts';
import { hiddenTopics, lackText, permission, type Right, refusedNow, rightsField } from './kafkaRights.ts';
import { pause } from './kafkaSlices.ts';
import {
  type Ending,
  type KafkaSourceOptions,
  type KafkaState,
  type KafkaTiming,
  kafkaTiming,
  type MemberEvents,
} from './kafkaState.ts';
import { newAddedPartitions, partitionText, type ResolvedTopics, resolveTopics } from './kafkaTopics.ts';

/** What the lanes of this process have in common. */
const instance = `${hostname()}:${process.pid}`;
/** More would not fit into what a member may say of itself. */
const leftMax = 200;

/** Faults that no broker explains: the first rebuilds the consumer, the second in this time ends the lane. */
const faultsApartMs = 600_000;

/**
 * The records of all topics that this member of the group is assigned. Waits as long as it takes for brokers and
 * topics. `run` rejects with `lane_failed` after two faults of the consumer or the owner in ten minutes, or with the
 * owner's own error where that cannot be mended by trying again.
 */
export function newKafkaSource(options: KafkaSourceOptions): RecordSource {
  return new KafkaSource(options);
}

class KafkaSource implements RecordSource {
  readonly #options: KafkaSourceOptions;
  readonly #timing: KafkaTiming;
  readonly #kafka: Kafka;
  readonly #asking: Kafka;
  readonly #added = newAddedPartitions();
  readonly #sayOnceAMinute: ReturnType<typeof newComplaints>;
  readonly #stopping = new AbortController();
  /** A broker that is frozen answers nothing for a long time: stopping does not wait for it. */
  readonly #stopped = new Promise<undefined>((resolve) => {
    this.#stopping.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  readonly #endOffsets = new Map<string, number>();
  readonly #blocked = new Set<string>();
  /** Where reading of partitions ended whose state may still be near. */
  readonly #left = new Map<string, PartitionId & { readonly position: number }>();
  #state: KafkaState;
  /** What the present member waits for; missing topics are waited for beside it. */
  #memberWaits: string | undefined = 'a broker';
  #missing: readonly string[] = [];
  /** Of topics that this user may not see, and what the present member was refused. */
  #hidden: readonly Right[] = [];
  #refused: readonly Right[] = [];
  #joins = 0;
  #member: GroupMember | undefined;
  #running: Promise<void> = Promise.resolve();
  /** Ends the present pause between two looks at the topics. */
  #lookNow: () => void = () => {};

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
    this.#timing = kafkaTiming(options.timing);
    this.#kafka = newKafkaClient(options.settings, options.log, options.clock);
    this.#asking = newKafkaClient(options.settings, options.log, options.clock, ASKING);
    this.#sayOnceAMinute = newComplaints(options.log, options.clock, options.lane);
    this.#state = {
      connected: false,
      joined: false,
      partitions: [],
      waitingFor: this.#memberWaits,
      rebalances: 0,
      lastFetchMs: undefined,
      blocked: [],
      rightsMissing: 0,
      endOffsets: this.#endOffsets,
    };
  }

  run(owner: PartitionOwner): Promise<void> {
    const running = this.#run(owner);
    this.#running = running.catch(() => {});
    return running;
  }

  async commit(positions: readonly (PartitionId & { readonly offset: number })[]): Promise<void> {
    await this.#member?.commit(positions);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#member?.end({ kind: 'stopped' });
    await this.#running;
  }

  async #run(owner: PartitionOwner): Promise<void> {
    const stopping = this.#stopping.signal;
    const faultsMs: number[] = [];
    let failures = 0;
    while (!stopping.aborted) {
      const topics = await Promise.race([this.#findTopics(), this.#stopped]);
      if (topics === undefined || topics.found.length === 0) {
        await pause(topics === undefined ? backOffMs(failures++) : this.#timing.missingEveryMs, stopping);
        continue;
      }
      const joinsBefore = this.#joins;
      const ending = await this.#serve(owner, topics.found);
      if (ending.kind !== 'failed') continue;
      if (this.#joins > joinsBefore) failures = 0;
      // A fetch that nothing answers is a fault of ours only where the brokers do answer.
      const mute = ending.by === 'stall' && (await Promise.race([this.#findTopics(), this.#stopped])) === undefined;
      if (!mute) await this.#judge(ending, faultsMs);
      await pause(backOffMs(failures++), stopping);
    }
    this.#tell({ connected: false, joined: false });
  }

  /** One membership, from its first join until it has left and, unless the source stops, the owner holds nothing. */
  async #serve(owner: PartitionOwner, topics: readonly string[]): Promise<Ending> {
    const { log, clock, settings } = this.#options;
    const events = this.#events();
    const clients = { kafka: this.#kafka, asking: this.#asking, added: this.#added };
    const connection = { ...clients, group: settings.group, timing: this.#timing };
    const { onBadBatch } = settings;
    const self = { instance, lane: this.#options.lane, cached: () => [...this.#left.values()].reverse() };
    const member = new GroupMember({ ...connection, self, onBadBatch, topics, owner, log, clock, events });
    this.#member = member;
    const over = new AbortController();
    void this.#watchTopics(topics, member, over.signal);
    if (this.#stopping.signal.aborted) member.end({ kind: 'stopped' });
    else void member.start();
    const ending = await member.ended;
    over.abort();
    const { settleBeforeJoinMs, settleBeforeStopMs } = this.#timing;
    // State that the owner failed on is not worth a checkpoint.
    const ownerFailed = ending.kind === 'failed' && ending.by === 'owner';
    const settleMs = ending.kind === 'stopped' ? settleBeforeStopMs : settleBeforeJoinMs;
    await member.close(ownerFailed ? 0 : settleMs);
    if (ending.kind !== 'stopped') await member.dropAll();
    this.#member = undefined;
    this.#blocked.clear();
    this.#tell({ connected: false, joined: false, partitions: [], blocked: [] });
    return ending;
  }

  async #judge(ending: Ending & { readonly kind: 'failed' }, faultsMs: number[]): Promise<void> {
    const { error, by } = ending;
    if (error instanceof GruardError && !ERRORS[error.code].retryable) throw error;
    const owners = error instanceof GruardError ? error.code : 'kafka_crash';
    const code = by === 'owner' ? owners : by === 'kafka' ? kafkaErrorCode(error) : 'kafka_crash';
    await this.#fail(code, error);
    if (code !== 'kafka_crash') return;
    const nowMs = this.#options.clock.monotonic();
    faultsMs.push(nowMs);
    if (faultsMs.filter((faultMs) => nowMs - faultMs < faultsApartMs).length < 2) return;
    const text = `the source of lane ${this.#options.lane} failed twice in ten minutes: ${kafkaErrorText(error)}`;
    throw new GruardError('lane_failed', text, { cause: error });
  }

  #events(): MemberEvents {
    const { settings, clock, onGap, log } = this.#options;
    let assigned: readonly PartitionId[] = [];
    return {
      connected: () => this.#wait(`group ${settings.group}`, { connected: true }),
      joining: () => {
        this.#tellBlocked(() => this.#blocked.clear());
        this.#wait(`group ${settings.group}`, { joined: false });
      },
      joined: (partitions) => {
        assigned = partitions;
        const rebalances = this.#joins++;
        const texts = partitions.map(partitionText);
        log('info', 'kafka_joined', `joined group ${settings.group}`, { lane: this.#options.lane, partitions: texts });
        this.#wait(`state of ${assigned.length} partitions`, { joined: true, rebalances });
      },
      restored: (partitions) => {
        this.#refused = [];
        this.#wait(undefined, { partitions });
      },
      fetched: () => this.#tell({ lastFetchMs: clock.now() }),
      endOffset: (at, offset) => void this.#endOffsets.set(partitionText(at), offset),
      gap: (at, records) => {
        log('warn', 'offset_gap', `${records} records of ${partitionText(at)} were removed before they were read`);
        onGap?.(at, records);
      },
      blocked: (at, { reason, detail, offset }) => {
        const where = `${partitionText(at)} at offset ${offset}`;
        const text = `a record batch of ${where} cannot be read (${reason}): it ${detail}`;
        this.#sayOnceAMinute('error', 'batch_unreadable', text, `batch of ${partitionText(at)}`);
        this.#tellBlocked(() => this.#blocked.add(partitionText(at)));
      },
      gaveUp: ({ topic, partition }, position) => {
        this.#left.delete(partitionText({ topic, partition }));
        this.#left.set(partitionText({ topic, partition }), { topic, partition, position });
        for (const oldest of this.#left.keys()) if (this.#left.size > leftMax) this.#left.delete(oldest);
      },
      passed: (at) => this.#tellBlocked(() => this.#blocked.delete(partitionText(at))),
      unknownTopics: () => this.#lookNow(),
    };
  }

  /** Topics that exist; undefined while no broker answers. Says what is missing. */
  async #findTopics(): Promise<ResolvedTopics | undefined> {
    const { topics, exclude } = this.#options;
    try {
      const resolved = await resolveTopics(this.#asking, topics, exclude);
      await this.#lookAtMissing(resolved.missing);
      this.#added.lookAtTopics(resolved.found);
      if (resolved.found.length === 0) this.#memberWaits = undefined;
      this.#tell({});
      return resolved;
    } catch (error) {
      await this.#fail(kafkaErrorCode(error), error);
      return undefined;
    }
  }

  async #lookAtMissing(names: readonly string[]): Promise<void> {
    const { missing, hidden } = await hiddenTopics(this.#asking, names);
    this.#missing = missing;
    this.#hidden = hidden;
    if (hidden.length > 0)
      this.#sayOnceAMinute('error', 'kafka_auth', lackText(hidden), undefined, rightsField(hidden));
    for (const name of missing) this.#sayOnceAMinute('warn', 'topic_missing', `topic ${name} does not exist`);
  }

  /** Ends the membership when the topics that exist are others than those it reads. */
  async #watchTopics(read: readonly string[], member: GroupMember, over: AbortSignal): Promise<void> {
    const { topics, exclude = [] } = this.#options;
    while (!over.aborted) {
      const everyMs =
        this.#missing.length + this.#hidden.length > 0 ? this.#timing.missingEveryMs : this.#timing.topicsEveryMs;
      await this.#pauseOrLook(everyMs, over);
      if (over.aborted) return;
      const resolved = await resolveTopics(this.#asking, topics, exclude).catch(() => undefined);
      // Nobody answers: the member itself will notice.
      if (resolved === undefined || over.aborted) continue;
      await this.#lookAtMissing(resolved.missing).catch(() => {});
      this.#tell({});
      if (resolved.found.join() !== read.join()) member.end({ kind: 'topics' });
    }
  }

  async #pauseOrLook(ms: number, over: AbortSignal): Promise<void> {
    const looking = new AbortController();
    this.#lookNow = () => looking.abort();
    await pause(ms, AbortSignal.any([over, looking.signal]));
  }

  async #fail(code: ReturnType<typeof kafkaErrorCode>, error: unknown): Promise<void> {
    const { settings, rights } = this.#options;
    const refused =
      code === 'kafka_auth' ? await Promise.race([refusedNow(this.#asking, rights), this.#stopped]) : undefined;
    this.#refused = refused ?? [];
    const text = [kafkaErrorText(error), ...(this.#refused.length > 0 ? [lackText(this.#refused)] : [])].join(': ');
    const level = code === 'kafka_auth' || code === 'kafka_crash' ? 'error' : 'warn';
    const waits = code === 'kafka_auth' ? permission(this.#refused) : `brokers ${settings.brokers.join(',')}`;
    this.#sayOnceAMinute(
      level,
      code,
      `${settings.brokers.join(',')}: ${text}`,
      `${code} ${waits}`,
      rightsField(this.#refused),
    );
    this.#wait(waits, {});
  }

  #wait(memberWaits: string | undefined, change: Partial<KafkaState>): void {
    this.#memberWaits = memberWaits;
    this.#tell(change);
  }

  /** What is read from its position again waits again, too. */
  #tellBlocked(change: () => void): void {
    change();
    this.#tell({ blocked: [...this.#blocked] });
  }

  #tell(change: Partial<KafkaState>): void {
    const topics = this.#missing.length > 0 ? `topic ${this.#missing.join(', ')}` : undefined;
    const missing = this.#hidden.length > 0 ? permission(this.#hidden) : topics;
    const rightsMissing = this.#hidden.length + this.#refused.length;
    this.#state = { ...this.#state, ...change, rightsMissing, waitingFor: this.#memberWaits ?? missing };
    this.#options.onState(this.#state);
  }
}
