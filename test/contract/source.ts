// What every record source promises, whatever it reads: the contract of `RecordSource` in ports.ts as tests.

import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PartitionId, RecordBatch } from '../../src/domain.ts';
import type { PartitionOwner, RecordSource, StartPosition } from '../../src/ports.ts';

type Call = 'take' | 'deliver' | 'settle' | 'drop';

/** An owner that writes down what it is told, is slow at everything, and notices when a call comes during another. */
export interface RecordingOwner extends PartitionOwner {
  readonly calls: Call[];
  readonly batches: RecordBatch[];
  readonly taken: string[];
  readonly overlaps: number;
}

export interface OwnerBehaviour {
  readonly start?: (partition: PartitionId) => StartPosition;
  /** Runs while the batch is being delivered. */
  readonly onDeliver?: (batchCount: number) => void;
}

export function newRecordingOwner(behaviour: OwnerBehaviour = {}): RecordingOwner {
  let pending = 0;
  let overlaps = 0;
  const calls: Call[] = [];
  const batches: RecordBatch[] = [];
  const taken: string[] = [];
  const slowly = async (call: Call, work: () => void): Promise<void> => {
    calls.push(call);
    overlaps += pending;
    pending++;
    await setImmediate();
    work();
    await setImmediate();
    pending--;
  };
  return {
    calls,
    batches,
    taken,
    get overlaps() {
      return overlaps;
    },
    async take(partition) {
      await slowly('take', () => taken.push(nameOf(partition)));
      return behaviour.start?.(partition) ?? { kind: 'earliest' };
    },
    drop() {
      calls.push('drop');
      overlaps += pending;
    },
    settle: () => slowly('settle', () => {}),
    deliver: (batch) =>
      slowly('deliver', () => {
        batches.push(batch);
        behaviour.onDeliver?.(batches.length);
      }),
  };
}

function nameOf({ topic, partition }: PartitionId): string {
  return `${topic}/${partition}`;
}

/** `newSource` makes sources of the same records, with at least `BATCHES` + 1 batches in all. */
export function sourceContract(name: string, newSource: () => RecordSource): void {
  describe(`${name}, as every source`, () => {
    it('takes each partition once, before its first record, and never calls while a call is pending', async () => {
      const { owner } = await runFor(newSource(), BATCHES);
      const delivered = new Set(owner.batches.map(nameOf));
      expect(owner.batches.length).toBeGreaterThanOrEqual(BATCHES);
      expect(new Set(owner.taken).size).toBe(owner.taken.length);
      expect(owner.taken).toEqual(expect.arrayContaining([...delivered]));
      expect(owner.calls.lastIndexOf('take')).toBeLessThan(owner.calls.indexOf('deliver'));
      expect(owner.overlaps).toBe(0);
    });

    it('delivers batches with records, in order of rising offsets', async () => {
      const { owner } = await runFor(newSource(), BATCHES);
      const last = new Map<string, number>();
      for (const batch of owner.batches) {
        expect(batch.records.length).toBeGreaterThan(0);
        for (const { offset } of batch.records) {
          expect(offset).toBeGreaterThan(last.get(nameOf(batch)) ?? -1);
          last.set(nameOf(batch), offset);
        }
        if (batch.endOffset !== undefined) expect(batch.endOffset).toBeGreaterThan(last.get(nameOf(batch)) ?? 0);
      }
    });

    it('delivers the same records again, however they are cut into batches', async () => {
      const first = recordsOf((await runFor(newSource(), BATCHES)).owner);
      const second = recordsOf((await runFor(newSource(), BATCHES)).owner);
      expect(second).toEqual(first);
    });

    it('begins at the offset that the owner answers', async () => {
      const { owner: whole } = await runFor(newSource(), BATCHES);
      const [partition = { topic: '', partition: 0 }] = whole.batches;
      const records = recordsOf(whole).get(nameOf(partition)) ?? [];
      const middle = records[Math.floor(records.length / 2)];
      const offset = Number(middle?.split(' ')[0]);
      const start = (id: PartitionId): StartPosition =>
        nameOf(id) === nameOf(partition) ? { kind: 'offset', offset } : { kind: 'earliest' };
      const { owner: rest } = await runFor(newSource(), BATCHES, start);
      expect(recordsOf(rest).get(nameOf(partition))?.[0]).toBe(middle);
    });

    it('finishes the batch in hand on stop, settles, and delivers nothing more', async () => {
      const source = newSource();
      let stopping: Promise<void> | undefined;
      const owner = newRecordingOwner({
        onDeliver: (count) => {
          if (count === 2) stopping = source.stop();
        },
      });
      await source.run(owner);
      await stopping;
      expect(owner.batches).toHaveLength(2);
      expect(owner.calls.slice(owner.calls.lastIndexOf('deliver'))).toEqual(['deliver', 'settle']);
    });

    it('can be stopped twice, at once and again when it has ended', async () => {
      const source = newSource();
      const stops: Promise<void>[] = [];
      const owner = newRecordingOwner({ onDeliver: () => stops.push(source.stop(), source.stop()) });
      await source.run(owner);
      await Promise.all(stops);
      await source.stop();
      expect(owner.calls.filter((call) => call === 'settle')).toHaveLength(1);
    });

    it('can be stopped before it runs, and then reads nothing', async () => {
      const source = newSource();
      await source.stop();
      const owner = newRecordingOwner();
      await source.run(owner);
      expect(owner.calls).toEqual([]);
    });

    it('ends with what the owner fails with', async () => {
      const owner = newRecordingOwner({
        onDeliver: () => {
          throw new Error('the owner is broken');
        },
      });
      const source = newSource();
      await expect(source.run(owner)).rejects.toThrow('the owner is broken');
      await source.stop();
      expect(owner.calls.filter((call) => call === 'deliver')).toHaveLength(1);
    });

    it('commits without complaint, in and out of a run', async () => {
      const source = newSource();
      await expect(source.commit([{ topic: 'any', partition: 0, offset: 1 }])).resolves.toBeUndefined();
      await source.stop();
      await expect(source.commit([])).resolves.toBeUndefined();
    });
  });
}

const BATCHES = 8;

/** Runs a source until it ends or has delivered `batchCount` batches. */
async function runFor(
  source: RecordSource,
  batchCount: number,
  start: (partition: PartitionId) => StartPosition = () => ({ kind: 'earliest' }),
): Promise<{ readonly owner: RecordingOwner }> {
  let stopping: Promise<void> | undefined;
  const owner = newRecordingOwner({
    start,
    onDeliver: (count) => {
      if (count === batchCount) stopping = source.stop();
    },
  });
  await source.run(owner);
  await stopping;
  return { owner };
}

/** By partition: each record as `offset value`. */
function recordsOf(owner: RecordingOwner): Map<string, string[]> {
  const records = new Map<string, string[]>();
  for (const batch of owner.batches) {
    const known = records.get(nameOf(batch)) ?? [];
    known.push(...batch.records.map(({ offset, value }) => `${offset} ${Buffer.from(value ?? []).toString()}`));
    records.set(nameOf(batch), known);
  }
  return records;
}
