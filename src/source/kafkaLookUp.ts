// What a member asks the cluster about partitions that it gained, before it reads them.

import type { PartitionId } from '../domain.ts';
import type { StartPosition } from '../ports.ts';
import { withAdmin } from './kafkaClient.ts';
import { reaching, readableOffset } from './kafkaHeld.ts';
import type { MemberOptions } from './kafkaState.ts';
import { committedOffsets, offsetRanges, partitionText, startOffset } from './kafkaTopics.ts';

interface LookedUp {
  /** The group's offset. */
  readonly committed: number | undefined;
  /** Whether the partition has ever held everything below an offset. */
  readonly reaches: (offset: number) => Promise<boolean>;
  /** Where a start position is, inside of what the partition holds. */
  readonly offsetOf: (start: StartPosition) => Promise<number>;
}

/** Calls `take` for one partition after the other, with what the cluster knows of it. */
export async function lookUp(
  options: MemberOptions,
  partitions: readonly PartitionId[],
  take: (at: PartitionId, known: LookedUp) => Promise<void>,
): Promise<void> {
  const { asking, group, events, added } = options;
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  await withAdmin(asking, async (admin) => {
    const committed = await committedOffsets(admin, group, topics);
    const ranges = await offsetRanges(admin, topics);
    added.look(ranges.keys());
    for (const at of partitions) {
      const name = partitionText(at);
      const range = ranges.get(name) ?? { low: 0, high: 0 };
      await take(at, {
        committed: committed.get(name),
        reaches: reaching(admin, at, range),
        offsetOf: async (start) => {
          events.endOffset(at, range.high);
          const from = added.has(name) && start.kind !== 'offset' ? ({ kind: 'earliest' } as const) : start;
          return readableOffset(at, await startOffset(admin, at, from, range), range, options);
        },
      });
    }
  });
}
