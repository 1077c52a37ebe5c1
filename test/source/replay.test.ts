import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { StartPosition } from '../../src/ports.ts';
import { newReplaySource, type ReplayOptions } from '../../src/source/replay.ts';
import { newRecordingOwner, type RecordingOwner, sourceContract } from '../contract/source.ts';

const directory = mkdtempSync(join(tmpdir(), 'gruard-replay-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function fileOf(content: string): string {
  const file = join(directory, `${files++}.txt`);
  writeFileSync(file, content);
  return file;
}

function newSource(file: string, changes: Partial<ReplayOptions> = {}) {
  return newReplaySource({ file, topic: 'orders', linesPerBatch: 100, csv: false, log: () => {}, ...changes });
}

async function replay(
  content: string,
  changes: Partial<ReplayOptions> = {},
  start: StartPosition = { kind: 'earliest' },
): Promise<RecordingOwner> {
  const owner = newRecordingOwner({ start: () => start });
  await newSource(fileOf(content), changes).run(owner);
  return owner;
}

/** Records as `line number:text`. */
function linesOf(owner: RecordingOwner): string[] {
  const records = owner.batches.flatMap((batch) => batch.records);
  return records.map(({ offset, value }) => `${offset}:${Buffer.from(value ?? []).toString()}`);
}

const hundred = Array.from({ length: 100 }, (_, i) => `line ${i + 1}`);
sourceContract('a replayed file', () => newSource(fileOf(hundred.join('\n')), { linesPerBatch: 7 }));
sourceContract('replayed standard input', () =>
  newSource('-', { linesPerBatch: 7, stdin: Readable.from(hundred.map((line) => Buffer.from(`${line}\n`))) }),
);

describe('newReplaySource', () => {
  it('makes each line a record of partition 0, numbered from 1, without time and key', async () => {
    const file = fileOf('one\ntwo\n');
    const owner = newRecordingOwner();
    await newSource(file).run(owner);
    expect(owner.taken).toEqual(['orders/0']);
    expect(owner.batches).toHaveLength(1);
    expect(owner.batches[0]).toMatchObject({ topic: 'orders', partition: 0, file, endOffset: undefined });
    expect(owner.batches[0]?.records.map(({ timestampMs, key }) => [timestampMs, key])).toEqual([
      [undefined, null],
      [undefined, null],
    ]);
    expect(linesOf(owner)).toEqual(['1:one', '2:two']);
  });

  it('skips empty lines but counts them', async () => {
    expect(linesOf(await replay('\n\none\r\n\r\n\ntwo'))).toEqual(['3:one', '6:two']);
  });

  it('delivers at most so many lines a batch', async () => {
    const owner = await replay(hundred.join('\n'), { linesPerBatch: 40 });
    expect(owner.batches.map(({ records }) => records.length)).toEqual([40, 40, 19, 1]);
  });

  it.each([
    [{ kind: 'offset', offset: 3 }, ['3:c', '4:d']],
    [{ kind: 'offset', offset: 0 }, ['1:a', '2:b', '3:c', '4:d']],
    [{ kind: 'offset', offset: 5 }, []],
    [{ kind: 'latest' }, ['1:a', '2:b', '3:c', '4:d']],
    [{ kind: 'timestamp', ms: 1e12 }, ['1:a', '2:b', '3:c', '4:d']],
  ] as const)('starts at %j', async (start, lines) => {
    expect(linesOf(await replay('a\nb\nc\nd\n', {}, start))).toEqual(lines);
  });

  it('ends at the end of the file without settling: windows may still be closed', async () => {
    expect((await replay('a\n')).calls).toEqual(['take', 'deliver']);
    expect((await replay('')).calls).toEqual(['take']);
    expect((await replay('', { csv: true })).calls).toEqual(['take']);
  });

  it('skips the header of a CSV file, also when reading goes on later', async () => {
    const content = 'timestamp,value\n2026-01-01,5\n2026-01-02,6\n';
    expect(linesOf(await replay(content, { csv: true }))).toEqual(['2:2026-01-01,5', '3:2026-01-02,6']);
    expect(linesOf(await replay(content, { csv: true }, { kind: 'offset', offset: 3 }))).toEqual(['3:2026-01-02,6']);
    expect(linesOf(await replay(content, { csv: true }, { kind: 'offset', offset: 1 }))[0]).toBe('2:2026-01-01,5');
  });

  it('skips no line that may be data, and none at all of other formats', async () => {
    expect(linesOf(await replay('web-7,1\nweb-8,2\n', { csv: true }))).toEqual(['1:web-7,1', '2:web-8,2']);
    expect(linesOf(await replay('"text"\n'))).toEqual(['1:"text"']);
  });

  it('knows when the partition is taken which line is the first of data', async () => {
    const firsts: number[] = [];
    for (const content of ['a,b\n1,2\n', '1,2\n', '\n\na,b\n1,2\n', '']) {
      const source = newSource(fileOf(content), { csv: true });
      await source.run(
        newRecordingOwner({
          start: () => {
            firsts.push(source.firstOffset);
            return { kind: 'earliest' };
          },
        }),
      );
    }
    expect(firsts).toEqual([2, 1, 4, 1]);
  });

  it('cuts a line that is longer than any record may be, and goes on behind it', async () => {
    const owner = await replay(`a\n${'x'.repeat(300_000)}\nb\n`, { lineBytesMax: 1000 });
    expect(linesOf(owner)).toEqual(['1:a', `2:${'x'.repeat(1001)}`, '3:b']);
  });

  it('delivers lines from a pipe without waiting for more of them', async () => {
    const stdin = new PassThrough();
    const source = newSource('-', { stdin });
    const owner = newRecordingOwner();
    const running = source.run(owner);
    stdin.write('one\ntwo\nthr');
    await vi.waitFor(() => expect(linesOf(owner)).toEqual(['1:one', '2:two']));
    await source.stop();
    await running;
    expect(owner.calls).toEqual(['take', 'deliver', 'settle']);
  });

  it('stops while a pipe is silent', async () => {
    const source = newSource('-', { stdin: new PassThrough() });
    const owner = newRecordingOwner();
    const running = source.run(owner);
    await vi.waitFor(() => expect(owner.taken).toHaveLength(1));
    await source.stop();
    await running;
    expect(owner.calls).toEqual(['take', 'settle']);
  });

  it('says which file is missing', async () => {
    const file = join(directory, 'nowhere.csv');
    await expect(newSource(file).run(newRecordingOwner())).rejects.toMatchObject({
      code: 'input_missing',
      message: `${file}: cannot be opened (ENOENT)`,
    });
    await expect(newSource(directory).run(newRecordingOwner())).rejects.toMatchObject({
      code: 'input_missing',
      message: `${directory}: is a directory`,
    });
  });

  it('says that the input broke off', async () => {
    const stdin = new PassThrough();
    const running = newSource('-', { stdin }).run(newRecordingOwner());
    stdin.destroy(new Error('the other end is gone'));
    await expect(running).rejects.toMatchObject({
      code: 'input_missing',
      message: '-: cannot be read (the other end is gone)',
    });
  });

  it('only warns when the checkpoint of the stop fails', async () => {
    const told: string[] = [];
    const source = newSource('-', { stdin: new PassThrough(), log: (level, code) => told.push(`${level} ${code}`) });
    const owner = newRecordingOwner({
      start: () => {
        void source.stop();
        return { kind: 'earliest' };
      },
    });
    await source.run({ ...owner, settle: () => Promise.reject(new Error('disk full')) });
    expect(told).toEqual(['warn checkpoint_failed']);
  });
});
