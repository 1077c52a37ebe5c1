// What it costs to read records out of a fetch, ours beside kafkajs's own reader: `npm run bench:decoder`. No broker:
// a response is made once and read again and again. Readers take turns; medians of processor time.

import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { FetchedBatch } from '../../src/source/kafkaFetch.ts';
import { readBatches, recordBatch, type TestBatch, type TestRecord } from '../support/recordBatches.ts';

type Read = (bytes: Buffer) => Promise<number>;

const ROUNDS = 5;
/** About a megabyte: what a fetch brings of a partition. */
const RECORDS = 8_000;
const CODECS = ['none', 'gzip', 'zstd'] as const;

const { values } = parseArgs({ options: { messages: { type: 'string', default: '5000000' } } });
const fetches = Math.max(1, Math.round(Number(values.messages) / RECORDS));

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as (
  decoder: object,
) => Promise<readonly object[]>;
const StockBatch = require('kafkajs/src/consumer/batch') as new (
  topic: string,
  offset: string,
  data: object,
) => { readonly messages: readonly { readonly offset: string; readonly value: Buffer | null }[] };

const from = { topic: 't', partition: 0, fetchedOffset: '0', highWatermark: String(RECORDS), abortedTransactions: [] };

const ours =
  (verifyCrc: boolean): Read =>
  async (bytes) => {
    const { messages } = new FetchedBatch(await readBatches(bytes, verifyCrc), from);
    return messages.reduce((sum, { offset, value }) => sum + offset + (value?.length ?? 0), 0);
  };

const kafkajs: Read = async (bytes) => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  const messages = await decodeMessages(new Decoder(Buffer.concat([size, bytes])));
  const batch = new StockBatch('t', '0', { ...from, messages });
  return batch.messages.reduce((sum, { offset, value }) => sum + Number(offset) + (value?.length ?? 0), 0);
};

const cells: { readonly name: string; readonly bytes: Buffer; readonly read: Read; readonly times: number[] }[] = [];
for (const codec of CODECS) {
  const bytes = response(codec);
  cells.push({ name: `gruard, ${codec}`, bytes, read: ours(false), times: [] });
  if (codec === 'none') cells.push({ name: 'gruard, none, with checksums', bytes, read: ours(true), times: [] });
  // It has no zstd.
  if (codec !== 'zstd') cells.push({ name: `kafkajs, ${codec}`, bytes, read: kafkajs, times: [] });
}
const [first] = cells;
const expected = await first?.read(first.bytes);
for (let round = 0; round < ROUNDS; round++) {
  for (const { bytes, read, times } of cells) {
    if ((await read(bytes)) !== expected) throw new Error('two readers read different records');
    const began = process.cpuUsage();
    for (let n = 0; n < fetches; n++) await read(bytes);
    const { user, system } = process.cpuUsage(began);
    times.push((user + system) / (fetches * RECORDS));
  }
}
console.log(
  `${fetches * RECORDS} messages of about 115 bytes a round, median of ${ROUNDS}, Node ${process.versions.node}`,
);
for (const { name, times } of cells) {
  const median = times.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
  console.log(`${name.padEnd(30)} ${median.toFixed(3)} µs of processor a message`);
}

function response(codec: TestBatch['codec']): Buffer {
  const records = Array.from({ length: RECORDS }, (_, n): TestRecord => {
    const host = `host-${String(n % 5_000).padStart(4, '0')}`;
    const value = {
      ts: 1_700_000_000_000 + n,
      tags: { host, region: 'eu-west-1' },
      fields: { p99: (n * 7_919) % 1_000 },
    };
    return { key: host, value: JSON.stringify(value), timestampDelta: n };
  });
  return recordBatch({ baseOffset: 0, records, ...(codec === undefined ? {} : { codec }) });
}
