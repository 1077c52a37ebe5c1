// One consumer's membership in its group: what it is assigned, what it has restored, what it hands over.

import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { PartitionId, SourceRecord } from '../domain.ts';
import type { MemberClaim } from './kafkaAssigner.ts';
import { kafkaErrorText } from './kafkaClient.ts';
import { newGroupConsumer } from './kafkaConsumer.ts';
import { handOver, type Receiver } from './kafkaHandover.ts';
import { claimOf, committing, type Held, isUnbroken, newHeld, topicPartitions } from './kafkaHeld.ts';
import { lookUp } from './kafkaLookUp.ts';
import type { GroupMembership } from './kafkaPatches.ts';
import { firstSliceRecords, newTurns, nextSliceRecords, settledWithin } from './kafkaSlices.ts';
import type { Ending, MemberOptions } from './kafkaState.ts';
import { partitionsOf, partitionText } from './kafkaTopics.ts';
import type { BatchFault } from './recordSet.ts';

/** A member of a consumer group, from its first join until it leaves. It does not come back: make another one. */
export class GroupMember {
  /** Resolves once with the reason; after that nothing is handed over any more. */
  readonly ended: Promise<Ending>;
  readonly #options: MemberOptions;
  readonly #consumer: Consumer;
  readonly #held = new Map<string, Held>();
  /** Calls of the owner, one at a time; */
  readonly #turn = newTurns();
  /** but for taking partitions, one after the other beside them: what is restored must not hold up what flows. */
  readonly #taking = newTurns();
  #turnsInHand = 0;
  #resolveEnded: (ending: Ending) => void = () => {};
  #over = false;
  /** Rises with each join and before it: work of an older assignment stops at its next check. */
  #assignment = 0;
  /** False from before a join until the kept partitions stand at their positions again. */
  #reading = false;
  #joined = false;
  #group: GroupMembership | undefined;
  /** The membership in which everything in #held was owned last. */
  #heldIn: GroupMembership = { memberId: null, generationId: null };
  #aliveMs: number;
  #watchdog: NodeJS.Timeout | undefined;
  #sliceRecords = firstSliceRecords;
  #commitNow: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;

  constructor(options: MemberOptions) {
    const { kafka, group, timing } = options;
    const claim = (): MemberClaim => claimOf(this.#held.values(), this.#heldIn, options.self);
    this.#options = options;
    this.#aliveMs = options.clock.monotonic();
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#consumer = newGroupConsumer(kafka, group, timing, (membership) => this.#beforeJoin(membership), claim);
    this.#listen();
  }

  /** Connects and joins; what fails on the way ends the membership. */
  async start(): Promise<void> {
    const { topics, timing, events } = this.#options;
    this.#watchdog = setInterval(() => this.#watch(), Math.min(1_000, timing.stallMs / 4));
    try {
      await this.#consumer.connect();
      events.connected();
      await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: (payload) => this.#eachBatch(payload),
      });
    } catch (error) {
      this.end({ kind: 'failed', by: 'kafka', error });
    }
  }

  /** Ends handing over, after the slice in hand. */
  end(ending: Ending): void {
    this.#over = true;
    this.#assignment++;
    this.#reading = false;
    this.#resolveEnded(ending);
  }

  /**
   * Leaves the group: finishes the slice in hand, checkpoints within `settleMs` (0 = does not), disconnects. The owner
   * still has its partitions afterwards.
   */
  async close(settleMs: number): Promise<void> {
    this.end({ kind: 'stopped' });
    clearInterval(this.#watchdog);
    const { log, timing } = this.#options;
    try {
      // Paused partitions are not fetched, while the empty fetches go on sending heartbeats.
      this.#consumer.pause([...this.#held.values()].map(topicPartitions));
    } catch {
      // A consumer that crashed or never joined has nothing to pause.
    }
    if (settleMs > 0) await this.#settle(settleMs);
    if (!(await settledWithin(this.#consumer.disconnect(), timing.disconnectMs))) {
      log('warn', 'kafka_abandoned', 'the consumer did not disconnect in time; its session ends by itself');
    }
  }

  /** Takes everything from the owner, after the slice in hand. */
  async dropAll(): Promise<void> {
    const drop = async (): Promise<void> => this.#giveUp(...this.#held.values());
    await this.#taking(() => this.#turn(drop));
  }

  /** Commits the positions of partitions that are owned now. Never throws. */
  async commit(positions: readonly (PartitionId & { readonly offset: number })[]): Promise<void> {
    const commitNow = this.#commitNow;
    const owned = positions.filter((position) => this.#held.has(partitionText(position)));
    if (commitNow === undefined || owned.length === 0) return;
    try {
      // Not consumer.commitOffsets(): that returns without committing once stopping has begun, and repeats a refused
      // commit after a rebalance, when another member may have committed a later position.
      await commitNow({ topics: owned.map(committing) });
    } catch (error) {
      this.#options.log('debug', 'commit_refused', kafkaErrorText(error));
    }
  }

  #listen(): void {
    const { GROUP_JOIN, FETCH, CRASH, RECEIVED_UNSUBSCRIBED_TOPICS } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => this.#onJoin(payload.memberId, payload.memberAssignment));
    this.#consumer.on(CRASH, ({ payload }) => this.end({ kind: 'failed', by: 'kafka', error: payload.error }));
    this.#consumer.on(RECEIVED_UNSUBSCRIBED_TOPICS, () => this.#options.events.unknownTopics());
    this.#consumer.on(FETCH, () => {
      if (this.#over) return;
      this.#aliveMs = this.#options.clock.monotonic();
      this.#options.events.fetched();
    });
  }

  async #beforeJoin(group: GroupMembership): Promise<void> {
    this.#group = group;
    if (this.#over) return;
    this.#joined = false;
    this.#assignment++;
    this.#reading = false;
    this.#options.events.joining();
    if (this.#held.size > 0) await this.#settle(this.#options.timing.settleBeforeJoinMs);
    this.#aliveMs = this.#options.clock.monotonic();
  }

  /** Checkpoints after the slice in hand; both together take at most `ms`. */
  async #settle(ms: number): Promise<void> {
    const { owner, clock, log } = this.#options;
    const deadline = clock.monotonic() + ms;
    let late = false;
    const settled = this.#inTurn(async () => {
      if (!late && this.#held.size > 0) await owner.settle(Math.max(0, deadline - clock.monotonic()));
    });
    settled.catch((error) => log('warn', 'settle_failed', `records will be read again: ${kafkaErrorText(error)}`));
    late = !(await settledWithin(settled, ms));
    if (late) log('warn', 'settle_late', 'no checkpoint in time; records will be read again');
  }

  /** Runs synchronously before the first fetch of the new assignment, so that pausing takes effect in time. */
  #onJoin(memberId: string, memberAssignment: Record<string, number[]>): void {
    if (this.#over) return;
    const assignment = ++this.#assignment;
    const assigned = partitionsOf(memberAssignment);
    this.#consumer.pause(assigned.map(topicPartitions));
    this.#joined = true;
    this.#aliveMs = this.#options.clock.monotonic();
    this.#options.events.joined(assigned);
    const membership = { memberId, generationId: this.#group?.generationId ?? null };
    this.#adopt(assignment, assigned, membership).catch((error) => {
      if (assignment === this.#assignment) this.end({ kind: 'failed', by: 'kafka', error });
    });
  }

  async #adopt(assignment: number, assigned: readonly PartitionId[], membership: GroupMembership): Promise<void> {
    // After a take in hand, or a partition would come to be held behind the back of what is kept.
    const keep = async (): Promise<void> => {
      if (assignment === this.#assignment) this.#keep(assigned, membership);
    };
    await this.#taking(() => this.#inTurn(keep));
    const gained = assigned.filter((at) => !this.#held.has(partitionText(at)));
    if (gained.length > 0 && assignment === this.#assignment) await this.#restore(assignment, gained);
    if (assignment !== this.#assignment) return;
    this.#options.events.restored([...this.#held.values()].map(({ topic, partition }) => ({ topic, partition })));
  }

  /** Reads on in what was held and still is; gives up what is not, or may have been somebody else's meanwhile. */
  #keep(assigned: readonly PartitionId[], membership: GroupMembership): void {
    const names = new Set(assigned.map(partitionText));
    const unbroken = isUnbroken(this.#heldIn, membership);
    for (const [name, held] of [...this.#held]) {
      if (unbroken && names.has(name)) {
        this.#readFrom(held);
      } else {
        this.#giveUp(held);
      }
    }
    this.#heldIn = membership;
    this.#reading = true;
  }

  #giveUp(...all: readonly Held[]): void {
    for (const held of all) {
      this.#held.delete(partitionText(held));
      this.#options.owner.drop(held);
      this.#options.events.gaveUp(held, held.next);
    }
  }

  async #restore(assignment: number, gained: readonly PartitionId[]): Promise<void> {
    await lookUp(this.#options, gained, async (at, known) => {
      const take = async (): Promise<void> => {
        if (assignment !== this.#assignment) return;
        const held = newHeld(at);
        const taking = this.#options.owner.take(at, known.committed, known.reaches);
        const start = await taking.catch((error) => this.#ownerFailed(error));
        this.#held.set(partitionText(at), held);
        held.next = await known.offsetOf(start);
        if (assignment === this.#assignment) this.#readFrom(held);
      };
      await this.#inTurn(take, this.#taking);
    });
  }

  #readFrom(held: Held): void {
    this.#consumer.seek({ topic: held.topic, partition: held.partition, offset: String(held.next) });
    this.#consumer.resume([topicPartitions(held)]);
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat } = payload;
    const assignment = this.#assignment;
    const held = this.#held.get(partitionText(batch));
    if (held === undefined || !this.#reading) return;
    this.#commitNow = payload.commitOffsetsIfNecessary;
    // Throws again while the group rebalances: then the other partitions of this fetch are not worth beginning.
    await heartbeat();
    const endOffset = Number(batch.highWatermark);
    this.#options.events.endOffset(held, endOffset);
    // It ends below what was read of it, so it was created anew: taking it again finds that out.
    if (endOffset < held.next) return this.end({ kind: 'topics' });
    const receiver: Receiver = {
      isCurrent: () => assignment === this.#assignment,
      deliver: (records) => this.#deliver(assignment, held, records, endOffset),
      sliceRecords: () => this.#sliceRecords,
      block: (fault) => this.#block(assignment, held, fault),
    };
    await handOver(payload, held, receiver, this.#options);
  }

  /** Leaves the partition at a batch that cannot be read, and looks again later: another broker may have it whole. */
  #block(assignment: number, held: Held, fault: BatchFault): void {
    held.blocked = true;
    this.#options.events.blocked(held, fault);
    this.#consumer.pause([topicPartitions(held)]);
    const again = (): void => {
      if (assignment === this.#assignment) this.#consumer.resume([topicPartitions(held)]);
    };
    setTimeout(again, this.#options.timing.blockedEveryMs).unref();
  }

  #deliver(assignment: number, held: Held, records: readonly SourceRecord[], endOffset: number): Promise<void> {
    return this.#inTurn(async () => {
      const last = records.at(-1);
      if (last === undefined || assignment !== this.#assignment) return;
      const { owner, clock } = this.#options;
      const { topic, partition } = held;
      const beganMs = clock.monotonic();
      await owner.deliver({ topic, partition, records, endOffset }).catch((error) => this.#ownerFailed(error));
      held.next = last.offset + 1;
      if (held.blocked) this.#options.events.passed(held);
      held.blocked = false;
      this.#sliceRecords = nextSliceRecords(this.#sliceRecords, records.length, clock.monotonic() - beganMs);
    });
  }

  #ownerFailed(error: unknown): never {
    this.end({ kind: 'failed', by: 'owner', error });
    throw error;
  }

  async #inTurn<T>(work: () => Promise<T>, turn = this.#turn): Promise<T> {
    this.#turnsInHand++;
    try {
      return await turn(work);
    } finally {
      this.#turnsInHand--;
      this.#aliveMs = this.#options.clock.monotonic();
    }
  }

  /** kafkajs sometimes stops fetching without a word; waiting for the owner is no such stall. */
  #watch(): void {
    const { clock, timing } = this.#options;
    const limitMs = timing.stallMs + (this.#joined ? 0 : timing.rebalanceMs);
    const silentMs = clock.monotonic() - this.#aliveMs;
    if (this.#turnsInHand > 0 || silentMs <= limitMs) return;
    this.end({ kind: 'failed', by: 'stall', error: new Error(`no fetch for ${Math.round(silentMs / 1000)} s`) });
  }
}
