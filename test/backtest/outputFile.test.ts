import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder, newOutputFile, writeWhole } from '../../src/backtest/outputFile.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'gruard-out-'));

it('shows the old file until the new one is whole', async () => {
  const dir = folder();
  const path = join(dir, 'a.csv');
  writeFileSync(path, 'old');
  const file = await newOutputFile(path);
  file.write('new ');
  await file.flush();
  file.write('text');
  expect(readFileSync(path, 'utf8')).toBe('old');
  await file.finish();
  expect(readFileSync(path, 'utf8')).toBe('new text');
  await file.abandon();
  expect(readdirSync(dir)).toEqual(['a.csv']);
});

it('leaves nothing behind when it is abandoned', async () => {
  const dir = folder();
  const file = await newOutputFile(join(dir, 'a.csv'));
  file.write('half');
  await file.flush();
  await file.abandon();
  expect(readdirSync(dir)).toEqual([]);
});

it('makes folders, and says what it cannot write', async () => {
  const dir = folder();
  await makeFolder(join(dir, 'x', 'y'));
  await writeWhole(join(dir, 'x', 'y', 'a'), 'text');
  expect(readFileSync(join(dir, 'x', 'y', 'a'), 'utf8')).toBe('text');
  await expect(makeFolder(join(dir, 'x', 'y', 'a', 'b'))).rejects.toMatchObject({ code: 'output_unwritable' });
  await expect(writeWhole(join(dir, 'nowhere', 'a'), '')).rejects.toThrow('nowhere/a: cannot be written (ENOENT)');
});
