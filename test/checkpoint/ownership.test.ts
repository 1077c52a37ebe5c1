import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { append, assertFree, claimLog, type Ownership, seal } from '../../src/checkpoint/ownership.ts';
import { CHECKPOINT_KEY, encodeCheckpoint, seriesName, slabKey } from '../../src/checkpoint/stateRecords.ts';
import type { StateLog } from '../../src/ports.ts';
import { type FakeLog, newFakeLog } from '../support/fakeLog.ts';
import { PARTITION, snapshotAt } from './snapshots.ts';

let writers = 0;
const rimOn = (state: StateLog) => ({ state, newWriter: () => ++writers });
const claimed = async (log: FakeLog): Promise<Ownership> => (await claimLog(rimOn(log), PARTITION)).ownership;
const free = (log: FakeLog, mine: Ownership, strays: string[] = []): Promise<void> =>
  assertFree(rimOn(log), PARTITION, mine, (key) => strays.push(Buffer.from(key).toString()));

it('the last one that claims owns the log, and the others learn of it', async () => {
  const log = newFakeLog();
  const first = await claimed(log);
  await free(log, first);
  const second = await claimed(log);
  expect(second.epoch).toBe(first.epoch + 1);
  await expect(free(log, first)).rejects.toMatchObject({ code: 'state_taken' });
  await expect(free(log, first)).rejects.toThrow('closed');
  await free(log, second);
});

it('of two that claim at the same time one gives way to the other and comes again', async () => {
  const log = newFakeLog();
  const [a, b] = await Promise.all([claimed(log), claimed(log)]);
  expect(a.epoch).not.toBe(b.epoch);
  const [lower, higher] = a.epoch < b.epoch ? [a, b] : [b, a];
  await expect(free(log, lower)).rejects.toMatchObject({ code: 'state_taken' });
  await free(log, higher);
});

it('claims anew after a missing answer, whether it came or not', async () => {
  for (const now of [0, 1]) {
    const log = newFakeLog();
    const mine = await claimed(log);
    log.faults = () => ({ now, later: 0 });
    await expect(seal(rimOn(log), PARTITION, mine, snapshotAt(1), 2, 7)).rejects.toThrow('no answer');
    log.faults = undefined;
    const before = mine.epoch;
    await free(log, mine);
    expect([mine.epoch, mine.uncertain, mine.sealedRecord.empty]).toEqual([before + 1, false, true]);
    // What it had on its way is a former owner's now: a restore must not see it.
    expect((await claimLog(rimOn(log), PARTITION)).image.snapshot).toBeUndefined();
  }
});

it('tells of records that came from elsewhere, its own again when somebody wrote in between', async () => {
  const log = newFakeLog();
  const mine = await claimed(log);
  const message = (name: string) => ({ key: slabKey(0, seriesName('u', name)), value: Uint8Array.of(1) });
  await append(log, PARTITION, mine, [message('mine')]);
  const strays: string[] = [];
  await free(log, mine, strays);
  expect(strays).toEqual([]);
  await log.append(PARTITION, [message('other')]);
  await append(log, PARTITION, mine, [message('again')]);
  await free(log, mine, strays);
  expect(strays).toEqual(['s:0:["u","other"]', 's:0:["u","again"]']);
});

it('refuses state of a newer format, and leaves it as it is', async () => {
  const log = newFakeLog();
  const value = encodeCheckpoint((await claimed(log)).sealedRecord);
  new DataView(value.buffer).setUint16(4, 2, true);
  const at = value.length - 4;
  new DataView(value.buffer).setUint32(at, crc32(value.subarray(0, at), crc32(CHECKPOINT_KEY)), true);
  await log.append(PARTITION, [{ key: CHECKPOINT_KEY, value }]);
  const records = log.records(PARTITION).length;
  await expect(claimLog(rimOn(log), PARTITION)).rejects.toMatchObject({
    code: 'state_newer',
    message: 'the state of sensors/eu:a/3 has a newer format (record at offset 1)',
  });
  expect(log.records(PARTITION)).toHaveLength(records);
});
