import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { entitiesIn, publishedDetectors, publishedScores, readTable } from './dataFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'gruard-test-data-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const texts = (lines: readonly Uint8Array[]): string[] => lines.map((line) => Buffer.from(line).toString());

describe('a table', () => {
  it('has times, values, labels and the lines as they are', () => {
    const path = write('table.csv', 'timestamp,value,label\n2026-01-05 00:00:00,1.5,0\n1767571500,-2e3,1\n');
    const { lines, timesMs, values, labels } = readTable(path, 'table');
    expect(texts(lines)).toEqual(['2026-01-05 00:00:00,1.5,0', '1767571500,-2e3,1']);
    expect([...timesMs]).toEqual([1_767_571_200_000, 1_767_571_500_000]);
    expect([[...values], [...labels]]).toEqual([
      [1.5, -2000],
      [0, 1],
    ]);
  });
});

describe('entities', () => {
  it('have a column for each field, and times in place of row numbers', () => {
    write('set/b.csv', 'timestamp,m0,label\n0,5,1\n');
    write('set/a.csv', 'timestamp,m0,m1,label\n0,1,2e+08,0\n1,3,4,1\n');
    const [a, b] = entitiesIn(join(folder, 'set'), 300);
    expect(a).toMatchObject({ name: 'a', fields: [Float64Array.of(1, 3), Float64Array.of(2e8, 4)] });
    expect(a?.labels).toEqual(Uint8Array.of(0, 1));
    expect(texts(a?.lines ?? [])).toEqual(['1767571200,1,2e+08,0', '1767571500,3,4,1']);
    expect(b).toMatchObject({ name: 'b', fields: [Float64Array.of(5)] });
  });
});

describe('published results', () => {
  it('are found by detector, folder and file, whatever columns there are beside', () => {
    const head = 'timestamp,value,anomaly_score,label,S(t)_standard\n';
    write(
      'results/one/realTweets/one_Twitter.csv',
      `${head}2026-01-05 00:00:00,1,0.25,0,0\n2026-01-05 00:05:00,1,1,1,0\n`,
    );
    write('results/two/realTweets/two_Twitter.csv', 'timestamp,value\n1,2\n');
    const results = join(folder, 'results');
    expect(publishedDetectors(results)).toEqual(['one', 'two']);
    expect(publishedScores(results, 'one', 'realTweets/Twitter.csv')).toEqual(Float64Array.of(0.25, 1));
    expect(publishedScores(results, 'one', 'realTweets/other.csv')).toBeUndefined();
    expect(() => publishedScores(results, 'two', 'realTweets/Twitter.csv')).toThrow('no column anomaly_score');
  });
});
