// A copy of the built program that writes down which records it takes, and that kills itself with SIGKILL in the middle
// of a checkpoint where its environment asks for that. In all else it is the program.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyBuild, plant } from '../support/faultyBuild.ts';

/** Places in the writing of a checkpoint, in their order. */
export const STEPS = {
  kafka: ['before', 'slabs', 'seal', 'sealed'],
  file: ['before', 'written', 'renamed', 'sealed'],
} as const;

export type StoreKind = keyof typeof STEPS;

const DIE = `
const [dieStep, dieCount] = (process.env['GRUARD_TEST_DIE'] ?? '').split(':');
let dieSeen = 0;
function dieAt(step) {
  if (step === dieStep && ++dieSeen >= Number(dieCount)) process.kill(process.pid, 'SIGKILL');
}
`;

/** Answers the path of its main.js. */
export function mortalBuild(folder: string): string {
  copyBuild(folder);
  const push = 'await feed.push(works);';
  plant(folder, 'owner.js', push, `audit(batch);\n        ${push}`);
  plant(
    folder,
    'owner.js',
    'import {',
    `import { appendFileSync } from 'node:fs';
function audit({ partition, records }) {
  if (records.length === 0) return;
  const offsets = records.map(({ offset }) => offset).join(',');
  appendFileSync(process.env['GRUARD_TEST_AUDIT'], partition + ' ' + offsets + '\\n');
}
import {`,
  );
  before(folder, 'checkpoint/kafkaStore.js', {
    before: 'const plan = planOf(snapshot, mine);',
    seal: 'bytes += await seal(',
    sealed: 'mine.unsealed.clear();',
  });
  plant(
    folder,
    'checkpoint/kafkaStore.js',
    'await write(batch);',
    "{ if (batch.length > 1) await write(batch.splice(0, batch.length >> 1)); dieAt('slabs'); await write(batch); }",
  );
  before(folder, 'checkpoint/fileStore.js', {
    before: 'const { bytes, footerCrc } = await writeDurably(',
    written: 'await files.rename(unfinished, path);',
    renamed: 'await files.syncDirectory(directory);\n        if (link',
    sealed: 'mine.chain = chain.sealed(bytes, footerCrc);',
  });
  return join(folder, 'dist/main.js');
}

function before(folder: string, file: string, places: Readonly<Record<string, string>>): void {
  for (const [step, text] of Object.entries(places)) plant(folder, file, text, `dieAt('${step}');\n        ${text}`);
  plant(folder, file, 'export function new', `${DIE}export function new`);
}

export interface Audit {
  /** Records that were taken at least once. */
  readonly distinct: number;
  readonly takes: number;
}

/** What all lives that wrote to this file took together. */
export function readAudit(path: string): Audit {
  if (!existsSync(path)) return { distinct: 0, takes: 0 };
  const seen = new Map<string, Set<string>>();
  let takes = 0;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [partition = '', offsets] = line.split(' ');
    if (offsets === undefined) continue;
    const known = seen.get(partition) ?? new Set();
    seen.set(partition, known);
    for (const offset of offsets.split(',')) {
      known.add(offset);
      takes++;
    }
  }
  return { distinct: [...seen.values()].reduce((sum, { size }) => sum + size, 0), takes };
}
