// How a lane's consumer is set up in kafkajs.

import type { Consumer, Kafka } from 'kafkajs';
import type { MemberClaim } from './kafkaAssigner.ts';
import { runRetry } from './kafkaClient.ts';
import { type BeforeJoin, withBeforeJoin } from './kafkaPatches.ts';
import { heartbeatMs, type KafkaTiming } from './kafkaState.ts';
import { stickyAssigner } from './kafkaSticky.ts';

/**
 * A consumer that awaits `beforeJoin` before each join, then asks `claim` what it has, fetches in small steps, and
 * never begins again by itself.
 */
export function newGroupConsumer(
  kafka: Kafka,
  group: string,
  timing: KafkaTiming,
  beforeJoin: BeforeJoin,
  claim: () => MemberClaim,
): Consumer {
  return kafka.consumer({
    groupId: group,
    partitionAssigners: [withBeforeJoin(stickyAssigner(claim), beforeJoin)],
    sessionTimeout: timing.sessionMs,
    heartbeatInterval: heartbeatMs(timing),
    rebalanceTimeout: timing.rebalanceMs,
    // While all partitions are paused kafkajs sleeps for this long: it bounds how fast a resume takes effect.
    maxWaitTimeInMs: timing.fetchWaitMs,
    minBytes: 1,
    maxBytesPerPartition: 1 << 20,
    maxBytes: 8 << 20,
    // Partitions that were added are found by it.
    metadataMaxAge: timing.topicsEveryMs,
    allowAutoTopicCreation: false,
    retry: { ...runRetry, restartOnFailure: async () => false },
  });
}
