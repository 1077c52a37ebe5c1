// A random cut forest as a peer: the library of its authors, which Maven fetches, in a Java process that the bench
// compiles. Both lie in .bench/, which git ignores.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { firstLine, newChild } from '../kernel/child.ts';

/**
 * As in the run that NAB publishes, 51.72 in the standard profile: single values, because longer shingles did worse (8
 * of them get 31.6). This one gets 52.81.
 */
export const SHINGLE_OF_NAB = 1;

export interface Forest {
  /** Of each row of a CSV file with a header, whose second column is the value: scored before it is learned. */
  readonly scores: (path: string, seed: number) => Promise<Float64Array>;
  readonly close: () => void;
}

const sources = resolve(import.meta.dirname, '../peers/randomCutForest');
const cache = resolve(import.meta.dirname, '../../../.bench');
const built = join(cache, 'random-cut-forest');
/** The driver, next to the jars. */
const CLASS = 'Scores';

/**
 * A forest over `shingle` consecutive values as one point. Answers why there is none where Java or Maven is missing.
 */
export async function openForest(shingle: number): Promise<Forest | { readonly missing: string }> {
  try {
    await promisify(execFile)('java', ['-version']);
    if (!existsSync(built)) await build();
  } catch (error) {
    return { missing: `random cut forest is left out, it needs Java 17 and Maven: ${firstLine(error)}` };
  }
  const classPath = [join(built, '*'), built].join(delimiter);
  const child = newChild('java', ['-cp', classPath, CLASS, String(shingle)]);
  const folder = mkdtempSync(join(tmpdir(), 'gruard-forest-'));
  return {
    async scores(path, seed) {
      const out = join(folder, 'scores');
      const rows = Number(await child.ask(`${path}\t${out}\t${seed}`));
      const scores = Float64Array.from(readFileSync(out, 'utf8').trimEnd().split('\n'), Number);
      if (scores.length !== rows) throw new Error(`${scores.length} scores of ${rows} rows of ${path}`);
      return scores;
    },
    close() {
      child.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Into a folder of its own first, because two benches may build at once. */
async function build(): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const partial = mkdtempSync(join(cache, 'partial-'));
  const run = promisify(execFile);
  try {
    const maven = ['-B', '-q', '-Dstyle.color=never', '-f', join(sources, 'pom.xml')];
    const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${partial}`];
    await run('mvn', [...maven, ...copy]);
    await run('javac', ['-d', partial, '-cp', join(partial, '*'), join(sources, `${CLASS}.java`)]);
    renameSync(partial, built);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(built)) throw error;
  }
}
