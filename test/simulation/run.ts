// npm run sim -- [--seed N] [--schedules M] [--store kafka|file]
//
// The last line is the verdict; 1 = some schedule ended otherwise, and the line before says how to run it again.

import { parseArgs } from 'node:util';
import { type Kind, runSchedule } from './schedule.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    schedules: { type: 'string', default: '1000' },
    store: { type: 'string', default: 'both' },
  },
});
const kinds: readonly Kind[] = values.store === 'kafka' || values.store === 'file' ? [values.store] : ['kafka', 'file'];
const [first, count] = [Number(values.seed), Number(values.schedules)];
const from = performance.now();
let [done, ends, violations] = [0, 0, 0];
for (let seed = first; seed < first + count; seed++) {
  for (const kind of kinds) {
    const told = await runSchedule(seed, kind);
    done++;
    ends += told.ends;
    if (told.violation === undefined) continue;
    violations++;
    console.log(`sim: ${told.violation}: npm run sim -- --seed ${seed} --schedules 1 --store ${kind}`);
  }
}
const seconds = (performance.now() - from) / 1000;
const verdict = violations === 0 ? 'PASS' : `FAIL in ${violations} schedules,`;
console.log(
  `sim: ${verdict} seed=${first} schedules=${done} ends=${ends} (${Math.round((60 * done) / seconds)} a minute)`,
);
process.exitCode = violations === 0 ? 0 : 1;
