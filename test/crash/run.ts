// npm run test:crash -- [--kills 8] [--records 100000] [--series 1000] [--seed N] [--store kafka|file]
//
// The last line is the verdict; 0 = the same as undisturbed, 1 = not, or it could not be tried.

import { parseArgs } from 'node:util';
import { startBroker } from '../support/broker.ts';
import { missingTools } from '../support/kafkaJars.ts';
import { kafkaToolsReady } from '../support/kafkaTools.ts';
import { crashRun } from './crash.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '8' },
    records: { type: 'string', default: '100000' },
    series: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    store: { type: 'string', default: 'kafka' },
  },
});

async function main(): Promise<number> {
  const store = values.store === 'file' ? 'file' : 'kafka';
  const given = process.env['KAFKA_BROKERS'];
  const missing = given ? undefined : missingTools();
  if (missing !== undefined) {
    console.log(`crash: NOT RUN, ${missing}`);
    return 1;
  }
  const broker = given ? undefined : await startBroker();
  const brokers = given || (broker?.brokers ?? '');
  try {
    if (!kafkaToolsReady(brokers)) {
      console.log('crash: NOT RUN, kcat was not found');
      return 1;
    }
    const { ok, text, problems } = await crashRun({
      brokers,
      store,
      kills: Number(values.kills),
      records: Number(values.records),
      series: Number(values.series),
      seed: Number(values.seed),
      tell: (line) => console.log(`crash: ${line}`),
    });
    for (const problem of problems) console.log(`crash: ${problem}`);
    if (!ok) console.log(`crash: again with npm run test:crash -- ${again(values)}`);
    console.log(text);
    return ok ? 0 : 1;
  } finally {
    await broker?.stop();
  }
}

function again(options: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(options)
    .map(([name, value]) => `--${name} ${value}`)
    .join(' ');
}

process.exitCode = await main();
