import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readFiles } from '../../src/config/files.ts';

function folder(files: Readonly<Record<string, string | Buffer>>): string {
  const path = mkdtempSync(join(tmpdir(), 'gruard-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

it('reads the files of a directory in order of their names, and nothing else of it', () => {
  const path = folder({
    'b.yaml': 'b',
    'a.yml': 'a',
    '10.yaml': '10',
    '.hidden.yaml': 'x',
    'notes.txt': 'x',
    'c.yaml~': 'x',
  });
  mkdirSync(join(path, 'sub'));
  expect(readFiles([path]).map(({ file }) => file.text)).toEqual(['10', 'a', 'b']);
});

it('keeps the order of files that are named', () => {
  const path = folder({ 'a.yaml': 'a', 'b.yaml': 'b' });
  const files = readFiles([join(path, 'b.yaml'), join(path, 'a.yaml')]);
  expect(files.map(({ file }) => file.name)).toEqual([join(path, 'b.yaml'), join(path, 'a.yaml')]);
});

it('takes a byte order mark for what it is', () => {
  const path = folder({ 'a.yaml': '\ufeffa: 1\n' });
  expect(readFiles([path])[0]?.file.text).toBe('a: 1\n');
});

it.each([
  ['beyond 1 MiB', Buffer.alloc(2 ** 20 + 1, 'x')],
  ['that is not UTF-8', Buffer.from([0x61, 0xff])],
])('refuses a file %s', (_name, content) => {
  const [read] = readFiles([folder({ 'a.yaml': content })]);
  expect(read?.problem?.code).toBe('yaml_limit');
  expect(read?.file.text).toBe('');
});

it.each([
  ['a missing file', () => '/no/such/gruard.yaml'],
  ['an empty directory', () => folder({})],
])('fails with %s', (_name, path) => {
  expect(() => readFiles([path()])).toThrow(expect.objectContaining({ code: 'input_missing' }));
});
