// The four codecs of Kafka, each with a limit on what it unpacks: kafkajs brings gzip alone, without any limit.

import { promisify } from 'node:util';
import { gzip, unzip, zstdCompress, zstdDecompress } from 'node:zlib';
import { GruardError } from '../errors.ts';
import { DamagedError, OutputLimitError } from './codecError.ts';
import { unpackLz4 } from './lz4.ts';
import { unpackSnappy } from './snappy.ts';

/** What kafkajs asks of a codec; `limit` is ours, and bounds the output where it is left out, too. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer, limit?: number): Promise<Buffer>;
}

/** What one record batch may hold, unpacked. */
export const BATCH_BYTES_MAX = 16 << 20;

/** The default of 16 KiB would cost a thousand turns of the thread pool for the largest batch. */
const CHUNK_BYTES = 128 << 10;

type Unpack = (
  bytes: Buffer,
  options: { readonly maxOutputLength: number; readonly chunkSize: number },
) => Promise<Buffer>;

/** By the number in the attributes of a record batch. */
export const CODECS: ReadonlyMap<number, Codec> = new Map([
  [1, newCodec((bytes) => promisify(gzip)(bytes), bounded(promisify(unzip) as Unpack))],
  [2, newCodec(readOnly('Snappy'), async (bytes, limit) => unpackSnappy(bytes, limit))],
  [3, newCodec(readOnly('LZ4'), async (bytes, limit) => unpackLz4(bytes, limit))],
  [4, newCodec((bytes) => promisify(zstdCompress)(bytes), bounded(promisify(zstdDecompress) as Unpack))],
]);

function newCodec(
  pack: (bytes: Buffer) => Promise<Buffer>,
  unpack: (bytes: Buffer, limit: number) => Promise<Buffer>,
): Codec {
  return {
    compress: ({ buffer }) => pack(buffer),
    decompress: (bytes, limit = BATCH_BYTES_MAX) => unpack(bytes, limit),
  };
}

/** node:zlib stops as soon as its output passes the limit. */
function bounded(unpack: Unpack): (bytes: Buffer, limit: number) => Promise<Buffer> {
  return async (bytes, limit) => {
    try {
      return await unpack(bytes, { maxOutputLength: limit, chunkSize: CHUNK_BYTES });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new OutputLimitError(limit);
      throw new DamagedError(`cannot be unpacked: ${error.message}`);
    }
  };
}

function readOnly(name: string): () => Promise<Buffer> {
  return () => Promise.reject(new GruardError('internal', `gruard reads ${name} and does not write it`));
}
