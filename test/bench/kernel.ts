// What the kernel costs, and what others cost that do the same work: whoever computes the same function is compared
// before it is timed, and all of them take turns in one run.
//
//   npm run bench:kernel                       under 10 minutes
//   npm run bench:kernel -- --quick            under one
//   npm run bench:kernel -- --peers            with TensorFlow.js and brain.js, installed into a temporary folder
//   npm run bench:kernel -- --json FILE
//
// Tables go to standard output, progress to standard error. The exit code is 1 when a comparison fails.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runContest } from './kernel/contest.ts';
import { measureDrift, printDrift } from './kernel/drift.ts';
import { measureShares } from './kernel/floor.ts';
import { printBench, resultOf } from './kernel/report.ts';
import { measureCapacity } from './kernel/throughput.ts';

const { values } = parseArgs({
  options: { json: { type: 'string' }, quick: { type: 'boolean' }, peers: { type: 'boolean' } },
});
const folder = mkdtempSync(join(tmpdir(), 'gruard-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const clear = process.stderr.isTTY ? '\r\x1b[2K' : '';
let told = 0;
/** On a terminal one line that changes, elsewhere a line every few seconds. */
function progress(text: string): void {
  if (clear === '' && performance.now() - told < 5000) return;
  told = performance.now();
  process.stderr.write(clear === '' ? `${text}\n` : `${clear}${text}`);
}

const quick = values.quick === true;
const contest = await runContest({ quick, peers: values.peers === true, folder, progress });
const capacity = measureCapacity(contest.backends, quick, progress);
const floor = measureShares(contest);
const drift = measureDrift(quick ? 1e5 : 1e6, progress);
process.stderr.write(clear);
const bench = { contest, capacity, floor };
printBench(bench);
printDrift(drift);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ ...resultOf(bench), drift }, null, 2)}\n`);
if (contest.agreement.some(({ holds }) => !holds)) process.exitCode = 1;
