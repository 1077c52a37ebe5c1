// A lane without a pipeline: keeps what a source hands it, with positions that outlive it, and checks the contract.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PartitionId, RecordBatch, SourceRecord } from '../../src/domain.ts';
import type { PartitionOwner, StartPosition } from '../../src/ports.ts';

/** Positions that survive their owner, by `topic/partition`: stands for the checkpoints. */
type Positions = Map<string, number>;

export interface RecordingOwner extends PartitionOwner {
  /** `take a/0`, `deliver a/0 5..7`, `settle`, `drop a/0`, in order. */
  readonly calls: string[];
  /** Offsets in order of delivery, by partition. */
  readonly offsets: Map<string, number[]>;
  readonly values: Map<string, (string | null)[]>;
  readonly committed: Map<string, number | undefined>;
  /** What the contract forbids and happened all the same. */
  readonly violations: string[];
  readonly held: Set<string>;
  /** All offsets of all partitions. */
  count(): number;
}

interface OwnerOptions {
  readonly positions?: Positions;
  readonly start?: StartPosition;
  /** Called while a partition is taken. */
  readonly onTake?: (partition: PartitionId) => Promise<void> | void;
  /** Called for each batch before it counts; may throw or wait. */
  readonly onDeliver?: (batch: RecordBatch) => Promise<void> | void;
  /** Called while `settle` runs. */
  readonly onSettle?: (positions: (PartitionId & { readonly offset: number })[]) => Promise<void> | void;
}

export function recordingOwner(options: OwnerOptions = {}): RecordingOwner {
  const { positions = new Map(), start = { kind: 'earliest' } } = options;
  const next = new Map<string, PartitionId & { readonly offset: number }>();
  const calls: string[] = [];
  const violations: string[] = [];
  const offsets = new Map<string, number[]>();
  const values = new Map<string, (string | null)[]>();
  const committed = new Map<string, number | undefined>();
  const held = new Set<string>();
  let busyWith: string | undefined;
  /** A partition that is being taken, which may go on beside what is done with others. */
  let taking: string | undefined;

  const alone = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    calls.push(call);
    if (busyWith !== undefined) violations.push(`${call} during ${busyWith}`);
    busyWith = call;
    try {
      await nextTurn();
      return await work();
    } finally {
      busyWith = undefined;
    }
  };

  return {
    calls,
    offsets,
    values,
    committed,
    violations,
    held,
    count: () => [...offsets.values()].reduce((sum, list) => sum + list.length, 0),
    async take(partition, committedOffset) {
      const name = text(partition);
      calls.push(`take ${name}`);
      if (taking !== undefined) violations.push(`take ${name} while ${taking} is taken`);
      taking = name;
      try {
        await nextTurn();
        await options.onTake?.(partition);
        if (held.has(name)) violations.push(`take ${name} twice`);
        held.add(name);
        next.delete(name);
        committed.set(name, committedOffset);
        const offset = positions.get(name);
        return offset === undefined ? start : { kind: 'offset', offset };
      } finally {
        taking = undefined;
      }
    },
    drop(partition) {
      if (taking === text(partition)) violations.push(`drop ${taking} while it is taken`);
      calls.push(`drop ${text(partition)}`);
      if (busyWith !== undefined) violations.push(`drop ${text(partition)} during ${busyWith}`);
      held.delete(text(partition));
      next.delete(text(partition));
    },
    settle: () =>
      alone('settle', async () => {
        for (const [name, { offset }] of next) positions.set(name, offset);
        await options.onSettle?.([...next.values()]);
      }),
    deliver: (batch) =>
      alone(`deliver ${text(batch)} ${range(batch.records)}`, async () => {
        const name = text(batch);
        if (!held.has(name)) violations.push(`deliver ${name} without take`);
        await options.onDeliver?.(batch);
        const seen = offsets.get(name) ?? [];
        const texts = values.get(name) ?? [];
        for (const { offset, value } of batch.records) {
          const expected = next.get(name)?.offset;
          if (expected !== undefined && offset < expected) violations.push(`${name}: ${offset} after ${expected - 1}`);
          seen.push(offset);
          texts.push(value === null ? null : Buffer.from(value).toString());
          next.set(name, { topic: batch.topic, partition: batch.partition, offset: offset + 1 });
        }
        offsets.set(name, seen);
        values.set(name, texts);
      }),
  };
}

function text({ topic, partition }: PartitionId): string {
  return `${topic}/${partition}`;
}

function range(records: readonly SourceRecord[]): string {
  return `${records[0]?.offset}..${records.at(-1)?.offset}`;
}
