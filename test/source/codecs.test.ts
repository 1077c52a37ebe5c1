import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DamagedError, OutputLimitError } from '../../src/source/codecError.ts';
import { CODECS } from '../../src/source/codecs.ts';
import {
  lz4,
  lz4Block,
  lz4Frame,
  recordBatch,
  snappy,
  type TestBatch,
  unsigned,
  xerial,
} from '../support/recordBatches.ts';

const NUMBERS = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
type Name = keyof typeof NUMBERS;
const names = Object.keys(NUMBERS) as Name[];
const pack: Record<Name, (bytes: Buffer) => Buffer> = { gzip: gzipSync, snappy, lz4, zstd: zstdCompressSync };

function unpack(name: Name, bytes: Buffer, limit?: number): Promise<Buffer> {
  const codec = CODECS.get(NUMBERS[name]);
  if (codec === undefined) throw new Error(`no ${name}`);
  return codec.decompress(bytes, limit);
}

describe.each(names)('%s', (name) => {
  it.each([2, 100, 200_000])('unpacks %i bytes, and refuses them when one less is allowed', async (length) => {
    const bytes = Buffer.alloc(length, 'a measurement ');
    expect((await unpack(name, pack[name](bytes), length)).equals(bytes)).toBe(true);
    await expect(unpack(name, pack[name](bytes), length - 1)).rejects.toThrow(OutputLimitError);
  });

  it('says of anything else that it is damaged', async () => {
    const packed = pack[name](Buffer.alloc(5_000, 'abcdefg'));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(packed.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, flip, cut) => {
          const bytes = cut ? packed.subarray(0, at) : Buffer.from(packed);
          if (!cut) bytes[at] = (bytes[at] ?? 0) ^ flip;
          const told = await unpack(name, bytes, 1 << 20).catch((error: unknown) => error);
          const isFine = Buffer.isBuffer(told) || told instanceof DamagedError || told instanceof OutputLimitError;
          expect(isFine, String(told)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

it('packs what kafkajs asks it to, with the codecs that write', async () => {
  const buffer = Buffer.from('text');
  for (const name of ['gzip', 'zstd'] as const) {
    const packed = (await CODECS.get(NUMBERS[name])?.compress({ buffer })) ?? Buffer.alloc(0);
    expect((await unpack(name, packed)).toString()).toBe('text');
  }
  for (const name of ['snappy', 'lz4'] as const) {
    await expect(CODECS.get(NUMBERS[name])?.compress({ buffer })).rejects.toThrow('does not write');
  }
});

it('reads repetitions in LZ4, near and far, short and long, and those of blocks before', async () => {
  // Literals "abc", 9 bytes from 3 back; "X", 20 from 13 back; then a block that repeats the one before it.
  const first = Buffer.from([0x35, ...Buffer.from('abc'), 3, 0, 0x1f, 0x58, 13, 0, 1, 0x10, 0x59]);
  const second = Buffer.from([0x0a, 20, 0, 0x10, 0x5a]);
  const text = `${'abc'.repeat(4)}X${'abcabcabcabcXabcabca'}`;
  const whole = `${text}Y`;
  const expected = `${whole}${whole.slice(-20, -6)}Z`;
  const frame = lz4Frame([lz4Block(first, true), lz4Block(second, true)]);
  expect((await unpack('lz4', frame)).toString()).toBe(expected);
});

it('reads all elements of Snappy, and the framing of the Java library', async () => {
  const elements = [
    [3 << 2, ...Buffer.from('abcd')], // literal of 4
    [(((4 - 4) << 2) | 1) + 0, 4], // 4 from 4 back, one byte
    [((10 - 1) << 2) | 2, 8, 0], // 10 from 8 back, two bytes
    [((3 - 1) << 2) | 3, 18, 0, 0, 0], // 3 from 18 back, four bytes
    [60 << 2, 1, ...Buffer.from('ef')], // literal of 2, with its length behind the tag
  ].flat();
  const text = 'abcdabcdabcdabcdababcef';
  const chunk = Buffer.concat([unsigned(text.length), Buffer.from(elements)]);
  expect((await unpack('snappy', chunk)).toString()).toBe(text);
  expect((await unpack('snappy', xerial([chunk, snappy(Buffer.from('!')), chunk]))).toString()).toBe(`${text}!${text}`);
  await expect(unpack('snappy', xerial([chunk, chunk]), 2 * text.length - 1)).rejects.toThrow(OutputLimitError);
});

describe('half a gigabyte in one batch', () => {
  const size = 500_000_000;
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'gruard-bombs-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Reads the batch in a process of its own. Answers what it said, and by how many MB it grew. */
  function readAlone(
    codec: Name,
    body: Buffer,
  ): { readonly reason: string; readonly detail: string; readonly grownMb: number } {
    const path = join(folder, codec);
    const batch: TestBatch = { baseOffset: 7, records: [], codec, body, count: 10 };
    writeFileSync(path, recordBatch({ ...batch, lastOffsetDelta: 9 }));
    const script = `
      import { readFileSync } from 'node:fs';
      import { CODECS } from './src/source/codecs.ts';
      import { newFetchBudget, readRecordSet } from './src/source/recordSet.ts';
      const bytes = readFileSync(${JSON.stringify(path)});
      const before = process.resourceUsage().maxRSS;
      const options = { verifyCrc: false, budget: newFetchBudget(), codecOf: (codec) => CODECS.get(codec) };
      const { fault } = await readRecordSet(bytes, options);
      const grownMb = (process.resourceUsage().maxRSS - before) / 1024;
      console.log(JSON.stringify({ reason: fault?.reason, detail: fault?.detail, grownMb }));`;
    const cwd = join(import.meta.dirname, '../..');
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd,
      encoding: 'utf8',
    });
    expect(stderr.replace(/^.*ExperimentalWarning.*$\n?.*$/m, '').trim()).toBe('');
    return JSON.parse(stdout) as ReturnType<typeof readAlone>;
  }

  async function zeros(stream: ReturnType<typeof createGzip> | ReturnType<typeof createZstdCompress>): Promise<Buffer> {
    const packed: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => packed.push(chunk));
    const piece = Buffer.alloc(1_000_000);
    for (let written = 0; written < size; written += piece.length) {
      if (!stream.write(piece)) await new Promise((resolve) => stream.once('drain', resolve));
    }
    await new Promise<void>((resolve) => {
      stream.on('end', resolve);
      stream.end();
    });
    return Buffer.concat(packed);
  }

  const bombs: Record<Name, () => Promise<Buffer> | Buffer> = {
    gzip: () => zeros(createGzip({ level: 1 })),
    zstd: () => zeros(createZstdCompress()),
    // One literal, then repetitions of it, as long as an element can be.
    snappy: () =>
      Buffer.concat([unsigned(size), Buffer.from([0, 0]), Buffer.alloc((size / 64) * 3, Buffer.from([0xfe, 1, 0]))]),
    lz4: () => {
      const run = Buffer.concat([Buffer.from([0x1f, 0, 1, 0]), Buffer.alloc(16_000, 255), Buffer.from([0, 0x10, 0])]);
      return lz4Frame(Array.from({ length: Math.ceil(size / 4_080_021) }, () => lz4Block(run, true)));
    },
  };

  it.each(names)('is refused before it is unpacked: %s', { timeout: 120_000 }, async (codec) => {
    const { reason, detail, grownMb } = readAlone(codec, await bombs[codec]());
    expect(reason, detail).toBe('bomb');
    expect(detail).toBe('holds more than 16777216 bytes');
    expect(grownMb).toBeLessThan(100);
  });
});
