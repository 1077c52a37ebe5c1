import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gaussian, newRandom } from '../../../src/kernel/random.ts';
import { available } from '../../support/required.ts';
import { type Forest, openForest, SHINGLE_OF_NAB } from './randomCutForest.ts';

const why = 'the random cut forest that benchmarks compare with';
const there = available('mvn', why) && available('javac', why);
const ROWS = 600;
const SPIKE = 450;
/** Maven may have to fetch the library. */
const BUILD_MS = 180_000;

describe.runIf(there)('the random cut forest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gruard-test-forest-'));
  let forest: Forest;

  beforeAll(async () => {
    const opened = await openForest(SHINGLE_OF_NAB);
    if ('missing' in opened) throw new Error(opened.missing);
    forest = opened;
  }, BUILD_MS);

  afterAll(() => {
    forest.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const fileOf = (rows: number): string => {
    const random = newRandom(1);
    const values = Array.from({ length: rows }, (_, row) => gaussian(random) + (row === SPIKE ? 20 : 0));
    const path = join(folder, `${rows}.csv`);
    writeFileSync(path, `timestamp,value,label\n${values.map((value, row) => `${row},${value},0\n`).join('')}`);
    return path;
  };

  it('scores every row before it learns it, each file anew', async () => {
    const scores = await forest.scores(fileOf(ROWS), 1);
    expect(scores.length).toBe(ROWS);
    expect(scores.indexOf(Math.max(...scores))).toBe(SPIKE);
    expect(await forest.scores(fileOf(SPIKE + 2), 1)).toEqual(scores.slice(0, SPIKE + 2));
    expect(await forest.scores(fileOf(ROWS), 2)).not.toEqual(scores);
  }, 60_000);

  it('rejects a file that is not there', async () => {
    const other = await openForest(SHINGLE_OF_NAB);
    if ('missing' in other) throw new Error(other.missing);
    await expect(other.scores(join(folder, 'none.csv'), 1)).rejects.toThrow('java ended (1)');
    other.close();
  }, 60_000);
});
