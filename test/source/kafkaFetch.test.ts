import { describe, expect, it } from 'vitest';
import { FetchedBatch } from '../../src/source/kafkaFetch.ts';
import { withoutAborted } from '../../src/source/recordSet.ts';
import { controlBatch, manyRecords, readBatches as read, rebased, recordBatch } from '../support/recordBatches.ts';

const offsets = (records: readonly { readonly offset: number }[]): number[] => records.map(({ offset }) => offset);

describe('what a consumer gets of a fetch', () => {
  const from = { topic: 't', partition: 1, fetchedOffset: '0', highWatermark: '20000', abortedTransactions: [] };

  it('moves over a compacted tail, and over batches without records', async () => {
    const tail = recordBatch({ baseOffset: 0, records: manyRecords(2), lastOffsetDelta: 10_000 });
    const empty = recordBatch({ baseOffset: 10_001, records: [], lastOffsetDelta: 99 });
    const both = new FetchedBatch(await read(Buffer.concat([tail, empty])), from);
    expect([offsets(both.messages), both.lastOffset(), both.isEmpty()]).toEqual([[0, 1], '10100', false]);
    const rest = new FetchedBatch(await read(tail), { ...from, fetchedOffset: '2' });
    expect([rest.messages, rest.lastOffset(), rest.isEmptyDueToFiltering()]).toEqual([[], '10000', true]);
    const none = new FetchedBatch(await read(empty), { ...from, fetchedOffset: '10001' });
    expect([none.isEmpty(), none.isEmptyDueToFiltering(), none.lastOffset()]).toEqual([true, true, '10100']);
    const nothing = new FetchedBatch(await read(Buffer.alloc(0)), { ...from, fetchedOffset: '5', highWatermark: '5' });
    expect([nothing.isEmpty(), nothing.isEmptyDueToFiltering(), nothing.lastOffset()]).toEqual([true, false, '4']);
  });

  it('moves over control records, and shows none', async () => {
    const only = new FetchedBatch(await read(controlBatch(0, 7, 'commit')), from);
    expect([only.messages, only.isEmptyDueToFiltering(), only.lastOffset()]).toEqual([[], true, '0']);
  });

  it('shows no record of an aborted transaction, however they interleave', async () => {
    const batch = (baseOffset: number, producerId: number, transactional = true): Buffer =>
      recordBatch({ baseOffset, records: manyRecords(2), producerId, transactional });
    const set = await read(
      Buffer.concat([
        batch(0, 1),
        batch(2, 2),
        batch(4, 3),
        batch(6, 1, false),
        controlBatch(8, 1, 'abort'),
        batch(9, 2),
        controlBatch(11, 3, 'commit'),
        controlBatch(12, 2, 'abort'),
        batch(13, 2),
        batch(15, 1),
        controlBatch(17, 2, 'commit'),
        controlBatch(18, 1, 'abort'),
      ]),
    );
    const aborted = [
      { producerId: '1', firstOffset: '15' },
      { producerId: '2', firstOffset: '2' },
      { producerId: '1', firstOffset: '0' },
    ];
    expect(offsets(withoutAborted(set, aborted))).toEqual([4, 5, 6, 7, 13, 14]);
    // A fetch from the middle of both: they began before it.
    const middle = await read(
      Buffer.concat([batch(9, 2), batch(13, 1), controlBatch(18, 1, 'abort'), controlBatch(19, 2, 'abort')]),
    );
    const both = [
      { producerId: '1', firstOffset: '1' },
      { producerId: '2', firstOffset: '2' },
    ];
    expect(offsets(withoutAborted(middle, both))).toEqual([]);
  });

  it('takes a record with the key 0 of four bytes for a record', async () => {
    const records = [{ key: Buffer.alloc(4), value: 'zero' }, { value: 'aborted' }];
    const bytes = Buffer.concat([
      recordBatch({ baseOffset: 0, records, producerId: 1, transactional: true }),
      controlBatch(2, 1, 'abort'),
      recordBatch({ baseOffset: 3, records, producerId: 1, transactional: true }),
      controlBatch(5, 1, 'commit'),
    ]);
    const abortedTransactions = [{ producerId: '1', firstOffset: '0' }];
    const batch = new FetchedBatch(await read(bytes), { ...from, abortedTransactions });
    expect(offsets(batch.messages)).toEqual([3, 4]);
    expect(batch.lastOffset()).toBe('5');
  });

  it('has what cannot be read behind what can, and believes no offset that leads away', async () => {
    const good = recordBatch({ baseOffset: 0, records: manyRecords(3) });
    const bad = recordBatch({ baseOffset: 3, records: manyRecords(3), count: 1 });
    const batch = new FetchedBatch(await read(Buffer.concat([good, bad])), from);
    expect([offsets(batch.messages), batch.lastOffset(), batch.fault?.next]).toEqual([[0, 1, 2], '2', 6]);
    const alone = new FetchedBatch(await read(bad), { ...from, fetchedOffset: '4' });
    expect([alone.messages, alone.isEmpty(), alone.lastOffset(), alone.fault?.offset]).toEqual([[], false, '3', 4]);
    const beyond = new FetchedBatch(await read(bad), { ...from, fetchedOffset: '3', highWatermark: '5' });
    expect(beyond.fault?.next).toBeUndefined();
    const far = new FetchedBatch(await read(rebased(good, 1_000_000)), from);
    expect([far.messages, far.fault?.reason, far.fault?.next, far.lastOffset()]).toEqual([
      [],
      'corrupt',
      undefined,
      '-1',
    ]);
  });
});
