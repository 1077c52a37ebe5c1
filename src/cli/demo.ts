// `gruard demo`: the main job with nothing around it. Generated streams, the shipped demo configuration, no state.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runApp } from '../app.ts';
import { GruardError } from '../errors.ts';
import { newLog, paintFor } from '../report/log.ts';
import { newPeopleScreen } from '../screen.ts';
import { listenerOf } from './listenAddress.ts';
import { loadOrComplain } from './loadOrComplain.ts';
import { version } from './version.ts';

const HELP = `gruard demo: runs on generated, life-like streams with planted anomalies. Needs nothing, keeps nothing.

usage: gruard demo [OPTIONS]

  --until first-anomaly   ends by itself at the first anomaly
  --speed N               event seconds per second (default 3600: an hour a second)
  --seed N                another seed gives other noise and other places for the anomalies (default 1)
  --listen HOST:PORT      where /metrics and health are (default 127.0.0.1:9464, or any free port)
  --anonymous             everybody who reaches that address may read

examples:
  gruard demo
  gruard demo --until first-anomaly
`;

const DAY_MS = 86_400_000;
const HISTORY_DAYS = 14;
/** A Monday: weeks of the generated streams begin where a reader expects them. */
const START = Date.UTC(2026, 0, 5);

export async function demo(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', short: 'h' },
      until: { type: 'string' },
      speed: { type: 'string', default: '3600' },
      seed: { type: 'string', default: '1' },
      listen: { type: 'string' },
      anonymous: { type: 'boolean', default: false },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (values.until !== undefined && values.until !== 'first-anomaly') {
    throw new GruardError('usage', `--until knows only first-anomaly, not ${JSON.stringify(values.until)}.`);
  }
  const speed = numberOf('--speed', values.speed, 1, 1e6);
  const seed = numberOf('--seed', values.seed, 0, 2 ** 31);
  const settings = loadOrComplain([fileURLToPath(new URL('../../config/demo.yaml', import.meta.url))]);
  if (settings === undefined) return 78;
  const log = newLog(settings.log);
  const paint = paintFor(process.stdout);
  const running = {
    what: 'demo',
    version: version(),
    streams: settings.streams.map(({ name }) => name),
    source: `a generator, ${paceOf(speed)}, after ${HISTORY_DAYS} days of history`,
  };
  return runApp({
    settings: { ...settings, http: listenerOf(settings.http, values) },
    input: { kind: 'generator', seed, startMs: START + HISTORY_DAYS * DAY_MS, historyMs: HISTORY_DAYS * DAY_MS, speed },
    stateDir: undefined,
    fresh: false,
    version: version(),
    configSha: undefined,
    anyPort: values.listen === undefined,
    untilFirstAnomaly: values.until === 'first-anomaly',
    screen: newPeopleScreen(running, paint),
    log,
  });
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (text.trim() === '' || !(number >= least && number <= most)) {
    throw new GruardError('usage', `${option}: must be a number from ${least} to ${most}, is ${JSON.stringify(text)}.`);
  }
  return number;
}

function paceOf(speed: number): string {
  return speed === 3600 ? 'an hour a second' : `${speed} event seconds a second`;
}
