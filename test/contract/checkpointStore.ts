// What every checkpoint store promises, wherever it keeps them: the contract of `CheckpointStore` in ports.ts as tests.

import { describe, expect, it } from 'vitest';
import type { PartitionId } from '../../src/domain.ts';
import type { CheckpointStore, Snapshot } from '../../src/ports.ts';
import {
  bytesOf,
  changesSince,
  numberOf,
  PARTITION,
  slowNumberOf,
  slowSnapshotAt,
  snapshotAt,
} from '../checkpoint/snapshots.ts';

/** One place that keeps checkpoints. */
export interface Storage {
  /** A store on it, as a process that starts makes one. */
  newStore(): CheckpointStore;
  /** The next save of any store on it cannot be finished. */
  failNextSave(): void;
  /** Largest block of a share that it takes. */
  readonly blockBytesMax?: number;
}

const OTHER: PartitionId = { topic: PARTITION.topic, partition: PARTITION.partition + 1 };
const OTHER_TOPIC: PartitionId = { topic: `${PARTITION.topic}2`, partition: PARTITION.partition };

export function checkpointStoreContract(name: string, newStorage: () => Promise<Storage>): void {
  describe(`${name}, as every checkpoint store`, () => {
    it('has nothing at first', async () => {
      const store = (await newStorage()).newStore();
      const { snapshot, epoch } = await store.open(PARTITION);
      expect(snapshot).toBeUndefined();
      expect(epoch).toBeGreaterThan(0);
    });

    it('gives back what was saved last, byte for byte', async () => {
      const storage = await newStorage();
      const store = storage.newStore();
      await store.open(PARTITION);
      for (const number of [1, 2, 3]) {
        expect((await store.save(PARTITION, snapshotAt(number))).bytes).toBeGreaterThan(100);
      }
      expect(await restored(storage.newStore())).toBe(3);
    });

    it('gives back every kind of share: without series, without a block, with big slabs and odd names', async () => {
      const storage = await newStorage();
      const store = storage.newStore();
      await store.open(PARTITION);
      const keys = ['', '["value","ä\\u0000\u{1f600}"]', '__proto__', 'x'.repeat(5_000)];
      const odd: Snapshot = {
        shares: [
          {
            uid: 'ünïcode "stream"',
            position: Number.MAX_SAFE_INTEGER,
            configHash: 'a',
            layoutHash: 'b',
            block: new Uint8Array(),
            series: keys.map((key, index) => ({ key, slab: bytesOf(index, 700_000) })),
          },
          {
            uid: '',
            position: 0,
            configHash: '',
            layoutHash: '',
            block: bytesOf(1, Math.min(3_000_000, storage.blockBytesMax ?? 3_000_000)),
            series: [],
          },
        ],
      };
      await store.save(PARTITION, odd);
      const { snapshot } = await storage.newStore().open(PARTITION);
      const byUid = (uid: string): Snapshot['shares'][number] | undefined =>
        snapshot?.shares.find((share) => share.uid === uid);
      expect(snapshot?.shares).toHaveLength(2);
      for (const share of odd.shares) {
        const found = byUid(share.uid);
        expect({ ...found, block: undefined, series: undefined }).toEqual({
          ...share,
          block: undefined,
          series: undefined,
        });
        expect(Buffer.compare(found?.block ?? bytesOf(9, 9), share.block)).toBe(0);
        expect(found?.series.map(({ key }) => key).sort()).toEqual(share.series.map(({ key }) => key).sort());
        for (const { key, slab } of share.series) {
          const same = found?.series.find((one) => one.key === key)?.slab;
          expect(Buffer.compare(same ?? bytesOf(9, 9), slab)).toBe(0);
        }
      }
    });

    it('replaces a snapshot as a whole: what the newer one lacks is gone', async () => {
      const storage = await newStorage();
      const store = storage.newStore();
      await store.open(PARTITION);
      await store.save(PARTITION, snapshotAt(1, 40));
      await store.save(PARTITION, { shares: [] });
      expect((await storage.newStore().open(PARTITION)).snapshot).toEqual({ shares: [] });
    });

    it('keeps partitions and topics apart', async () => {
      const storage = await newStorage();
      const store = storage.newStore();
      for (const [number, partition] of [PARTITION, OTHER, OTHER_TOPIC].entries()) {
        await store.open(partition);
        await store.save(partition, snapshotAt(number + 1));
      }
      const again = storage.newStore();
      expect(await restored(again, PARTITION)).toBe(1);
      expect(await restored(again, OTHER)).toBe(2);
      expect(await restored(again, OTHER_TOPIC)).toBe(3);
    });

    it('leaves the older snapshot when a save fails, and saves the next one', async () => {
      const storage = await newStorage();
      const store = storage.newStore();
      await store.open(PARTITION);
      await store.save(PARTITION, snapshotAt(1));
      storage.failNextSave();
      await expect(store.save(PARTITION, snapshotAt(2))).rejects.toMatchObject({ code: 'checkpoint_failed' });
      expect(await restored(storage.newStore())).toBe(1);
      await store.open(PARTITION);
      await store.save(PARTITION, snapshotAt(3));
      expect(await restored(storage.newStore())).toBe(3);
    });

    it('goes on in the same epoch after a failed save', async () => {
      const storage = await newStorage();
      const store = storage.newStore();
      await store.open(PARTITION);
      storage.failNextSave();
      await expect(store.save(PARTITION, snapshotAt(1))).rejects.toMatchObject({ code: 'checkpoint_failed' });
      await store.save(PARTITION, snapshotAt(2));
      expect(await restored(storage.newStore())).toBe(2);
    });

    it('claims with a higher epoch each time, by whomever', async () => {
      const storage = await newStorage();
      const epochs: number[] = [];
      for (const store of [storage.newStore(), storage.newStore()]) {
        for (let times = 0; times < 2; times++) epochs.push((await store.open(PARTITION)).epoch);
      }
      expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
    });

    it('lets a former owner seal nothing', async () => {
      const storage = await newStorage();
      const former = storage.newStore();
      await former.open(PARTITION);
      await former.save(PARTITION, snapshotAt(1));
      const owner = storage.newStore();
      await owner.open(PARTITION);
      await expect(former.save(PARTITION, snapshotAt(2))).rejects.toMatchObject({ code: 'state_taken' });
      expect(await restored(storage.newStore())).toBe(1);
    });

    it('is the last snapshot whatever changed: series that come, go, come back, and stay', async () => {
      const storage = await newStorage();
      let sealed: Snapshot | undefined;
      let [number, store] = [0, storage.newStore()];
      for (let life = 0; life < 3; life++) {
        store = storage.newStore();
        const { snapshot } = await store.open(PARTITION);
        if (life > 0) expect(slowNumberOf(snapshot ?? { shares: [] })).toBe(number);
        for (let save = 0; save < 6; save++) {
          const next = slowSnapshotAt(++number);
          if (save === 3) storage.failNextSave();
          const saved = store.save(PARTITION, changesSince(sealed, next));
          if (save === 3) await expect(saved).rejects.toMatchObject({ code: 'checkpoint_failed' });
          else {
            await saved;
            sealed = next;
          }
        }
      }
      const { snapshot } = await storage.newStore().open(PARTITION);
      expect(slowNumberOf(snapshot ?? { shares: [] })).toBe(number);
    });

    it('ends ownership on close, writing nothing, also when it was not open', async () => {
      const storage = await newStorage();
      const store = storage.newStore();
      store.close(PARTITION);
      await store.open(PARTITION);
      await store.save(PARTITION, snapshotAt(1));
      store.close(PARTITION);
      store.close(PARTITION);
      await expect(store.save(PARTITION, snapshotAt(2))).rejects.toThrow();
      expect(await restored(store)).toBe(1);
    });

    it('does not seal a save that is under way when it is closed', async () => {
      const storage = await newStorage();
      const store = storage.newStore();
      await store.open(PARTITION);
      await store.save(PARTITION, snapshotAt(1));
      const save = store.save(PARTITION, snapshotAt(2));
      store.close(PARTITION);
      await expect(save).rejects.toMatchObject({ code: 'checkpoint_failed' });
      expect(await restored(storage.newStore())).toBe(1);
    });
  });
}

async function restored(store: CheckpointStore, partition = PARTITION): Promise<number | undefined> {
  const { snapshot } = await store.open(partition);
  return snapshot === undefined ? undefined : numberOf(snapshot);
}
