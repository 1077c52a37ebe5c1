import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newFetchBudget, type RecordSet } from '../../src/source/recordSet.ts';
import {
  controlBatch,
  manyRecords,
  readBatches as read,
  rebased,
  recordBatch,
  type TestBatch,
  type TestRecord,
} from '../support/recordBatches.ts';

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

const texts = ({ records }: { readonly records: RecordSet['records'] }): (string | undefined)[] =>
  records.map(({ value }) => value?.toString());
/** What kafkajs itself makes of a response's records. */
async function readByKafkajs(bytes: Buffer) {
  const require = createRequire(import.meta.url);
  const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => unknown;
  const decode = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as (
    decoder: unknown,
  ) => Promise<
    readonly { offset: string; timestamp: string; key: Buffer | null; value: Buffer | null; headers: object }[]
  >;
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return decode(new Decoder(Buffer.concat([size, bytes])));
}

const records: readonly TestRecord[] = [
  { key: 'k', value: 'v', timestampDelta: 0 },
  { key: null, value: null, timestampDelta: -5 },
  { key: '', value: '', headers: [['name', 'text']] },
  {
    value: 'x'.repeat(300),
    timestampDelta: 2 ** 40,
    headers: [
      ['a', '1'],
      ['a', null],
      ['a', '3'],
      ['', ''],
    ],
  },
  { key: Buffer.from([0, 255]), value: randomBytes(500), offsetDelta: 70 },
];

describe('a record set', () => {
  it.each(['none', 'gzip'] as const)('is read as kafkajs reads it: %s', async (codec) => {
    const bytes = Buffer.concat([
      recordBatch({ baseOffset: 2 ** 45, records, codec, lastOffsetDelta: 100 }),
      recordBatch({
        baseOffset: 2 ** 45 + 101,
        records,
        codec,
        logAppendTime: true,
        maxTimestamp: 77,
        lastOffsetDelta: 70,
      }),
    ]);
    const ours = await read(bytes, true);
    const theirs = await readByKafkajs(bytes);
    expect(ours.fault).toBeUndefined();
    expect(ours.records).toHaveLength(2 * records.length);
    expect(
      ours.records.map(({ offset, timestampMs, key, value, headers }) => ({
        offset: String(offset),
        timestamp: String(timestampMs),
        key,
        value,
        headers: Object.entries(headers),
      })),
    ).toEqual(
      theirs.map(({ offset, timestamp, key, value, headers }) => ({
        offset,
        timestamp,
        key,
        value,
        headers: Object.entries(headers),
      })),
    );
  });

  it.each(codecs)('is read whichever codec it has: %s', async (codec) => {
    const set = await read(recordBatch({ baseOffset: 5, records: manyRecords(1_000), codec }), true);
    expect(set.fault).toBeUndefined();
    expect(texts(set)).toEqual(manyRecords(1_000).map(({ value }) => value));
    expect(set.next).toBe(1_005);
  });

  it('takes the names of headers for data', async () => {
    const named: TestRecord = {
      headers: [
        ['__proto__', 'p'],
        ['toString', null],
      ],
    };
    const { records: read1 } = await read(recordBatch({ baseOffset: 0, records: [named] }));
    expect(Object.entries(read1[0]?.headers ?? {})).toEqual([
      ['__proto__', Buffer.from('p')],
      ['toString', null],
    ]);
  });

  it('has no timestamp where the producer gave none', async () => {
    const set = await read(recordBatch({ baseOffset: 0, records: [{ timestampDelta: 0 }], firstTimestamp: -1 }));
    expect(set.records[0]?.timestampMs).toBeUndefined();
  });

  it('ends quietly where the last batch is cut off, and with a fault where the first one is', async () => {
    const whole = recordBatch({ baseOffset: 0, records: manyRecords(3) });
    const second = recordBatch({ baseOffset: 3, records: manyRecords(3) });
    for (let length = 0; length < second.length; length++) {
      const set = await read(Buffer.concat([whole, second.subarray(0, length)]));
      expect([texts(set), set.next, set.fault]).toEqual([['0', '1', '2'], 3, undefined]);
    }
    for (let length = 1; length < whole.length; length++) {
      const { records: none, next, fault } = await read(whole.subarray(0, length));
      expect([none, next, fault?.reason, fault?.next]).toEqual([[], undefined, 'corrupt', undefined]);
    }
    expect(await read(Buffer.alloc(0))).toEqual({ records: [], spans: [], next: undefined, fault: undefined });
  });

  it.each([124_999, 125_000, 200_000])('may hold %i records in one batch', { timeout: 60_000 }, async (count) => {
    for (const codec of ['none', 'gzip'] as const) {
      const set = await read(recordBatch({ baseOffset: 0, records: manyRecords(count, () => ''), codec }));
      expect([set.records.length, set.next, set.fault]).toEqual([count, count, undefined]);
    }
  });

  it('shares one budget among the partitions of a fetch, and goes on in the next one', {
    timeout: 60_000,
  }, async () => {
    const budget = newFetchBudget();
    const big = recordBatch({ baseOffset: 0, records: [{ value: Buffer.alloc(15 << 20) }], codec: 'zstd' });
    const sets = [];
    for (let n = 0; n < 5; n++) sets.push(await read(big, false, budget));
    expect(sets.map((set) => set.records.length)).toEqual([1, 1, 1, 1, 0]);
    expect(sets.map(({ fault }) => fault)).toEqual(Array.from({ length: 5 }, () => undefined));
    expect(sets[4]?.next).toBeUndefined();
    const records = recordBatch({ baseOffset: 0, records: manyRecords(10), count: 10 });
    const few = { bytes: 0, records: 15 };
    expect((await read(Buffer.concat([records, rebased(records, 10)]), false, few)).next).toBe(10);
  });
});

describe('a batch that cannot be read', () => {
  const good = recordBatch({ baseOffset: 0, records: manyRecords(3) });
  const faultOf = async (batch: TestBatch, change: (bytes: Buffer) => void = () => {}, verifyCrc = false) => {
    const bytes = recordBatch(batch);
    change(bytes);
    const set = await read(Buffer.concat([good, bytes, rebased(good, 50)]), verifyCrc);
    expect(texts(set)).toEqual(['0', '1', '2']);
    expect(set.next).toBe(3);
    expect(
      Buffer.from(set.fault?.bytes ?? []).equals(
        set.fault?.next === undefined ? Buffer.concat([bytes, rebased(good, 50)]) : bytes,
      ),
    ).toBe(true);
    return { reason: set.fault?.reason, offset: set.fault?.offset, next: set.fault?.next, detail: set.fault?.detail };
  };
  const three: TestBatch = { baseOffset: 3, records: manyRecords(3) };
  const corrupt = (detail: string) => ({ reason: 'corrupt', offset: 3, next: 6, detail });

  it('stands behind what could be read, and says why', async () => {
    expect(await faultOf({ ...three, count: -1 })).toEqual(corrupt('says it has -1 records'));
    expect(await faultOf({ ...three, count: 4 })).toEqual(corrupt('says it has 4 records'));
    expect(await faultOf({ ...three, count: 2 })).toEqual(corrupt('has bytes behind its last record'));
    expect(await faultOf({ ...three, body: Buffer.alloc(0) })).toEqual(corrupt('has no room for 3 records'));
    expect(await faultOf({ ...three, codec: 'gzip', body: Buffer.from('no gzip') })).toMatchObject({
      reason: 'corrupt',
      next: 6,
    });
    expect(await faultOf(three, (bytes) => bytes.writeInt16BE(7, 21))).toEqual(
      corrupt('has an unknown codec, 7 (its checksum is wrong)'),
    );
    expect(await faultOf(three, (bytes) => bytes.writeInt32BE(48, 8))).toEqual({
      ...corrupt('says it has 48 bytes'),
      next: undefined,
    });
    expect(await faultOf(three, (bytes) => bytes.writeInt8(3, 16))).toMatchObject({
      detail: 'has an unknown format',
      next: undefined,
    });
    expect(await faultOf({ ...three, baseOffset: 2 })).toMatchObject({
      detail: 'says it has the offsets 2 to 4',
      next: undefined,
    });
    expect(await faultOf({ ...three, records: [{}, { offsetDelta: 0 }], lastOffsetDelta: 2 })).toEqual(
      corrupt('has offsets out of order'),
    );
    expect(await faultOf({ ...three, records: [{ offsetDelta: 3 }], lastOffsetDelta: 2 })).toEqual(
      corrupt('has offsets out of order'),
    );
  });

  it('is one with a wrong checksum, where that is looked at', async () => {
    const change = (bytes: Buffer): void => void bytes.writeUInt8((bytes.at(-2) ?? 0) ^ 1, bytes.length - 2);
    expect(await faultOf(three, change, true)).toEqual(
      corrupt('is not what its checksum was made of (its checksum is wrong)'),
    );
    const unseen = recordBatch(three);
    change(unseen);
    expect((await read(unseen)).fault).toBeUndefined();
  });

  it('is a bomb where it holds too many records, or too many bytes', { timeout: 60_000 }, async () => {
    const many: TestBatch = { ...three, count: 1_000_001, lastOffsetDelta: 1_000_000 };
    expect(await faultOf(many)).toMatchObject({ reason: 'bomb', next: 1_000_004 });
    const zeros = [{ value: Buffer.alloc(16 << 20) }];
    for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
      expect(await faultOf({ ...three, records: zeros, codec })).toEqual({
        reason: 'bomb',
        offset: 3,
        next: 4,
        detail: 'holds more than 16777216 bytes',
      });
    }
  });
});

describe('ten thousand mutations of twenty record sets', () => {
  const sets = codecs.flatMap((codec) =>
    [0, 1, 2, 3].map((n) =>
      Buffer.concat([
        recordBatch({
          baseOffset: n,
          records: manyRecords(20, (i) => `{"value":${i}}`),
          codec,
          logAppendTime: n === 1,
        }),
        recordBatch({ baseOffset: n + 20, records, codec, lastOffsetDelta: 70, transactional: n === 2, producerId: 9 }),
        controlBatch(n + 91, 9, 'commit'),
      ]),
    ),
  );
  const mutation = fc.record({
    set: fc.nat(sets.length - 1),
    place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    byte: fc.integer({ min: 1, max: 255 }),
    kind: fc.constantFrom('flip', 'cut', 'zero', 'insert'),
  });
  const mutate = ({ set, place, byte, kind }: { set: number; place: number; byte: number; kind: string }): Buffer => {
    const bytes = Buffer.from(sets[set] ?? Buffer.alloc(0));
    const at = Math.floor(place * bytes.length);
    if (kind === 'cut') return bytes.subarray(0, at);
    if (kind === 'insert') return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]);
    if (kind === 'zero') return bytes.fill(0, at, Math.min(bytes.length, at + 8));
    bytes[at] = (bytes[at] ?? 0) ^ byte;
    return bytes;
  };
  // Without the offset: a batch's first one is not covered by its checksum.
  const told = (set: RecordSet) => set.records.map(({ key, value, headers }) => JSON.stringify([key, value, headers]));

  it('give a fault that names it, or records; with checksums no others than before', { timeout: 120_000 }, async () => {
    const expected = await Promise.all(sets.map(async (bytes) => told(await read(bytes, true))));
    const reasons = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(mutation, async (change) => {
        const bytes = mutate(change);
        const beganMs = performance.now();
        for (const verifyCrc of [false, true]) {
          const set = await read(bytes, verifyCrc);
          const seen = told(set);
          if (verifyCrc) expect(expected[change.set]?.slice(0, seen.length)).toEqual(seen);
          for (const { offset } of set.records) expect(Number.isSafeInteger(offset)).toBe(true);
          const reason = set.fault?.reason ?? 'none';
          reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
        }
        expect(performance.now() - beganMs).toBeLessThan(1_000);
      }),
      { numRuns: 10_000 },
    );
    expect(reasons.get('corrupt')).toBeGreaterThan(5_000);
  });
});
