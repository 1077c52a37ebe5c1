// kafkajs 2.2.4 is its last release. What it does wrong is mended here, on the prototypes of its internal classes, so
// exactly that version is required. GRUARD_KAFKA_PATCH=-A or -A,-D leaves patches out, to pin a fault.

import { createRequire } from 'node:module';
import type { Assigner, PartitionAssigner } from 'kafkajs';
import { GruardError } from '../errors.ts';
import type { Log } from '../ports.ts';
import { CODECS } from './codecs.ts';
import { patchDecoder } from './kafkaDecoder.ts';
import { leaderWatch, type TopicLeaders } from './kafkaLeaders.ts';

/** What a consumer's own group object knows about its membership. Both are null before the first join. */
export interface GroupMembership {
  readonly memberId: string | null;
  readonly generationId: number | null;
}

/** Awaited by a consumer before each time it joins its group; what it throws is logged by nobody, so it should not. */
export type BeforeJoin = (group: GroupMembership) => Promise<void>;

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

interface Runner {
  readonly running: boolean;
  commitOffsets(offsets: unknown): Promise<void>;
}

interface ConsumerGroup extends GroupMembership {
  readonly assigners: readonly (Assigner & { readonly [beforeJoin]?: BeforeJoin })[];
  joinAndSync(): Promise<void>;
}

interface BrokerPool {
  withBroker<T>(work: (found: { readonly broker: unknown }) => Promise<T>): Promise<T>;
}

interface MetadataPool {
  readonly metadata: { readonly topicMetadata: readonly TopicLeaders[] } | null;
  refreshMetadata(topics: readonly string[]): Promise<unknown>;
}

interface Cluster {
  readonly brokerPool: BrokerPool;
  findGroupCoordinatorMetadata(asked: unknown): Promise<unknown>;
}

interface ClassOf<T> {
  readonly prototype: T;
}

const supportedVersion = '2.2.4';
const pendingCheckMs = 10;
const beforeJoin = Symbol('gruard.beforeJoin');
const require = createRequire(import.meta.url);
let applied = false;

/** Mends kafkajs for this thread, once. Throws where another version than 2.2.4 is installed. */
export function applyKafkaPatches(log: Log): void {
  if (applied) return;
  requireVersion((require('kafkajs/package.json') as { readonly version: string }).version);
  const left = new Set((process.env['GRUARD_KAFKA_PATCH'] ?? '').split(','));
  const patches: readonly (readonly [string, () => void])[] = [
    ['A', patchIdleTimer],
    ['B', () => patchDecoder(require)],
    ['C', patchCodecs],
    ['D', patchBeforeJoin],
    ['E', patchLostCommit],
    ['F', patchRefusedGroup],
    ['G', () => patchLeaders(log)],
  ];
  const active = patches.filter(([name]) => !left.has(`-${name}`));
  for (const [, patch] of active) patch();
  applied = true;
  const names = active.map(([name]) => name).join(', ');
  log('debug', 'kafka_patched', `kafkajs ${supportedVersion}, patches: ${names || 'none'}`);
}

/** Throws unless `version` is the one that the patches were written for. */
export function requireVersion(version: string): void {
  if (version === supportedVersion) return;
  throw new GruardError('internal', `kafkajs ${version} is installed, gruard works with exactly ${supportedVersion}`);
}

/**
 * `assigner`, but a consumer that is built with it awaits `hook` before each join. The assigner is the one object of
 * ours that kafkajs hands from the consumer's options to its group object, so it carries the hook there.
 */
export function withBeforeJoin(assigner: PartitionAssigner, hook: BeforeJoin): PartitionAssigner {
  return (config) => Object.assign(assigner(config), { [beforeJoin]: hook });
}

/**
 * Patch A. The stock method arms itself again with a negative delay, i.e. fires each millisecond for ever, although a
 * check is needed only while requests wait or the broker throttles us.
 */
function patchIdleTimer(): void {
  const { prototype } = require('kafkajs/src/network/requestQueue') as ClassOf<RequestQueue>;
  prototype.scheduleCheckPendingRequests = function () {
    if (this.throttleCheckTimeoutId !== null) return;
    const throttledMs = this.throttledUntil - Date.now();
    if (throttledMs <= 0 && this.pending.length === 0) return;
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs > 0 ? throttledMs : pendingCheckMs,
    );
  };
}

/**
 * Patch D. kafkajs tells nobody in time that partitions are about to be revoked. In the eager protocol all members stop
 * until all have joined, so what is finished before the join is finished before anybody else owns the partition.
 */
function patchBeforeJoin(): void {
  const { prototype } = require('kafkajs/src/consumer/consumerGroup') as ClassOf<ConsumerGroup>;
  const joinAndSync = prototype.joinAndSync;
  prototype.joinAndSync = async function () {
    for (const assigner of this.assigners) await assigner[beforeJoin]?.(this);
    await joinAndSync.call(this);
  };
}

/** Patch C. kafkajs's gzip unpacks whatever comes, and it has no other codec. */
function patchCodecs(): void {
  const { Codecs } = require('kafkajs/src/protocol/message/compression') as {
    readonly Codecs: Record<number, unknown>;
  };
  for (const [number, codec] of CODECS) Codecs[number] = () => codec;
}

/**
 * Patch E. `consumer.commitOffsets` of a consumer that is stopping resolves without having committed: whoever relies on
 * it must hear of that.
 */
function patchLostCommit(): void {
  const { prototype } = require('kafkajs/src/consumer/runner') as ClassOf<Runner>;
  const commitOffsets = prototype.commitOffsets;
  prototype.commitOffsets = async function (offsets) {
    if (this.running) await commitOffsets.call(this, offsets);
    // Asked again: the stock method swallows what fails once stopping has begun.
    if (!this.running) throw new GruardError('kafka_crash', 'the consumer stops: its offsets may not be committed');
  };
}

/**
 * Patch F. Whatever the brokers answer when they are asked for a group's coordinator becomes "Failed to find group
 * coordinator": a group that this user may not read would look like a broker that is down.
 */
function patchRefusedGroup(): void {
  const { prototype } = require('kafkajs/src/cluster') as ClassOf<Cluster>;
  const find = prototype.findGroupCoordinatorMetadata;
  prototype.findGroupCoordinatorMetadata = async function (asked) {
    let refusal: unknown;
    const withBroker: BrokerPool['withBroker'] = (work) =>
      this.brokerPool.withBroker((found) =>
        work(found).catch((error: unknown) => {
          if ((error as { readonly type?: unknown }).type === 'GROUP_AUTHORIZATION_FAILED') refusal = error;
          throw error;
        }),
      );
    try {
      return await find.call(Object.create(this, { brokerPool: { value: { withBroker } } }) as Cluster, asked);
    } catch (error) {
      throw refusal ?? error;
    }
  };
}

/** Patch G. kafkajs looks for the new leader of a partition without a word; told, it explains a short stop. */
function patchLeaders(log: Log): void {
  const { prototype } = require('kafkajs/src/cluster/brokerPool') as ClassOf<MetadataPool>;
  const refresh = prototype.refreshMetadata;
  prototype.refreshMetadata = async function (topics) {
    const answer = await refresh.call(this, topics);
    // Asked for no topic in particular, brokers tell of all that there are.
    const asked = new Set(topics);
    const told = this.metadata?.topicMetadata.filter(({ topic }) => asked.has(topic)) ?? [];
    leaderWatch.look(this, told, log);
    return answer;
  };
}
