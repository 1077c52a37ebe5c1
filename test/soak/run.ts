// npm run soak: what takes too long for every change. One line a part, the verdict of each; 1 when one failed.

import { spawnSync } from 'node:child_process';

const PARTS: readonly (readonly string[])[] = [
  ['test/crash/run.ts', '--kills', '40'],
  ['test/crash/run.ts', '--kills', '40', '--store', 'file'],
  ['test/soak/flood.ts'],
  ['test/soak/storm.ts'],
  ['test/soak/tenfoldRun.ts'],
  ['test/simulation/run.ts', '--schedules', '2000'],
];

let failed = 0;
const lines: string[] = [];
for (const part of PARTS) {
  const { status, stdout } = spawnSync(process.execPath, part, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  console.log(stdout.trimEnd());
  lines.push(stdout.trimEnd().split('\n').at(-1) ?? '');
  if (status !== 0) failed++;
}
console.log(['', 'soak:', ...lines, `soak: ${failed === 0 ? 'PASS' : `FAIL in ${failed} parts`}`].join('\n'));
process.exitCode = failed === 0 ? 0 : 1;
