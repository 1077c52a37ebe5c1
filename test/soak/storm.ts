// Three minutes in which processes come and go every three seconds, and one stands still for forty.

import { isDeepStrictEqual } from 'node:util';
import { startBroker } from '../support/broker.ts';
import { missingTools } from '../support/kafkaJars.ts';
import { kafkaToolsReady } from '../support/kafkaTools.ts';
import { stormRun } from '../support/storm.ts';

const given = process.env['KAFKA_BROKERS'];
const missing = given ? undefined : missingTools();
if (missing !== undefined) {
  console.log(`storm: NOT RUN, ${missing}`);
  process.exit(1);
}
const broker = given ? undefined : await startBroker();
const brokers = given || (broker?.brokers ?? '');
try {
  if (!kafkaToolsReady(brokers)) throw new Error('kcat was not found');
  const facts = await stormRun({ brokers, seconds: 180, everyMs: 3_000, zombieMs: 40_000 });
  const { records, visitors, stillSeconds, exits, states, events } = facts;
  const same = isDeepStrictEqual(states[0], states[1]) && isDeepStrictEqual(events[0], events[1]);
  const ok = same && exits.every((exit) => exit === 0) && stillSeconds < 30 && visitors >= 10;
  console.log(
    `storm: ${ok ? 'PASS' : 'FAIL'} visitors=${visitors} records=${records} events=${events[1].length} ` +
      `longest stop ${stillSeconds.toFixed(1)} s, as undisturbed: ${same}, exits ${[...new Set(exits)].join(' ')}`,
  );
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.log(`storm: FAIL ${String(error)}`);
  process.exitCode = 1;
} finally {
  await broker?.stop();
}
