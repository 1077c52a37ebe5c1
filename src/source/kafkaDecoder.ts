// Patch B: our reader of record batches in the place of kafkajs's, which takes three times as long, ends a consumer on
// 125,000 records, believes whatever stands in a batch, and moves one offset a fetch where a tail was compacted away.

import type { Codec } from './codecs.ts';
import { FetchedBatch, type FetchedFrom } from './kafkaFetch.ts';
import { type FetchBudget, isOlderFormat, newFetchBudget, type RecordSet, readRecordSet } from './recordSet.ts';

/** kafkajs's cursor over a response; all partitions of one fetch share its buffer. */
interface Decoder {
  readonly buffer: Buffer;
  offset: number;
}

/** What kafkajs takes for the records of a partition: none, so that none is looked at again, with ours attached. */
type FetchedList = unknown[] & { [fetched]?: Fetched };

interface Fetched {
  readonly set: RecordSet;
  aborted: readonly { readonly producerId: string; readonly firstOffset: string }[];
}

interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly abortedTransactions?: Fetched['aborted'];
      readonly messages: FetchedList;
    }[];
  }[];
}

interface StockBatch {
  readonly topic: string;
  readonly partition: number;
  readonly fetchedOffset: string;
  readonly highWatermark: string;
  readonly rawMessages: FetchedList;
}

interface Broker {
  fetch(request: unknown): Promise<FetchResponse>;
}

interface FetchingGroup {
  fetch(nodeId: number): Promise<(StockBatch | FetchedBatch)[]>;
}

interface ClassOf<T> {
  readonly prototype: T;
}
type DecodeMessages = (decoder: Decoder) => Promise<FetchedList>;

const fetched = Symbol('gruard.fetched');
const requests = 'kafkajs/src/protocol/requests/fetch';
const versions = [4, 5, 6, 7, 8, 9, 10, 11];
const budgets = new WeakMap<Buffer, FetchBudget>();
let verifyCrc = false;

/** From now on every consumer of this thread compares batches with their checksums. */
export function verifyChecksums(): void {
  verifyCrc = true;
}

/** Replaces the decoder of fetch responses, and what becomes of its answer. `require` must find kafkajs. */
export function patchDecoder(require: NodeJS.Require): void {
  const path = require.resolve(`${requests}/v4/decodeMessages`);
  const stock = require(path) as DecodeMessages;
  const { lookupCodecByAttributes } = require('kafkajs/src/protocol/message/compression') as {
    lookupCodecByAttributes(attributes: number): Codec | null;
  };
  const cached = require.cache[path];
  if (cached === undefined) throw new Error(`${path} is not in the cache of modules`);
  cached.exports = newDecodeMessages(stock, (codec) => lookupCodecByAttributes(codec) ?? undefined);
  // Loaded at each fetch; those that are there already have the stock decoder.
  for (const version of versions) delete require.cache[require.resolve(`${requests}/v${version}/response`)];
  patchBroker(require('kafkajs/src/broker') as ClassOf<Broker>, require);
  patchGroup(require('kafkajs/src/consumer/consumerGroup') as ClassOf<FetchingGroup>);
}

function newDecodeMessages(stock: DecodeMessages, codecOf: (codec: number) => Codec | undefined): DecodeMessages {
  return async (decoder) => {
    const { buffer, offset } = decoder;
    const from = offset + 4;
    const size = buffer.readInt32BE(offset);
    const end = Math.min(buffer.length, from + Math.max(0, size));
    if (isOlderFormat(buffer.subarray(from, end))) return stock(decoder);
    decoder.offset = end;
    const budget = budgets.get(buffer) ?? newFetchBudget();
    budgets.set(buffer, budget);
    const set = await readRecordSet(buffer.subarray(from, end), { verifyCrc, budget, codecOf });
    return Object.assign<unknown[], { [fetched]: Fetched }>([], { [fetched]: { set, aborted: [] } });
  };
}

/** The decoder does not see the list of aborted transactions, which stands beside the records. */
function patchBroker({ prototype }: ClassOf<Broker>, require: NodeJS.Require): void {
  const { KafkaJSError } = require('kafkajs/src/errors') as { KafkaJSError: new (error: unknown) => Error };
  const fetch = prototype.fetch;
  prototype.fetch = async function (request) {
    const response = await fetch.call(this, request).catch((error: unknown) => {
      // A response that ends too early. As it is, kafkajs would take it for a fault of this program, and stop.
      throw error instanceof RangeError ? new KafkaJSError(error) : error;
    });
    for (const { partitions } of response.responses) {
      for (const { abortedTransactions, messages } of partitions) {
        const ours = messages[fetched];
        if (ours !== undefined) ours.aborted = abortedTransactions ?? [];
      }
    }
    return response;
  };
}

function patchGroup({ prototype }: ClassOf<FetchingGroup>): void {
  const fetch = prototype.fetch;
  prototype.fetch = async function (nodeId) {
    const batches = await fetch.call(this, nodeId);
    return batches.map((batch) => {
      const ours = 'rawMessages' in batch ? batch.rawMessages[fetched] : undefined;
      return ours === undefined
        ? batch
        : new FetchedBatch(ours.set, { ...fromOf(batch), abortedTransactions: ours.aborted });
    });
  };
}

/** The records that a response holds for a partition; undefined where kafkajs's own reader took them. */
export function fetchedBatch(messages: readonly unknown[], from: Omit<FetchedFrom, 'abortedTransactions'>) {
  const ours = (messages as FetchedList)[fetched];
  return ours === undefined ? undefined : new FetchedBatch(ours.set, { ...from, abortedTransactions: ours.aborted });
}

function fromOf({ topic, partition, fetchedOffset, highWatermark }: StockBatch | FetchedBatch) {
  return { topic, partition, fetchedOffset, highWatermark };
}
