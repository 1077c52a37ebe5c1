// How long a daemon at work takes to answer a scrape of many series, and a probe of its health.
//
//   npm run bench:scrape -- [--series 10000] [--seconds 20] [--plain]

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startDaemon, until, workFolder } from '../support/daemon.ts';

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '20' },
    plain: { type: 'boolean', default: false },
  },
});
const SERIES = Number(values.series);
const MINUTE_MS = 60_000;
/** Between two scrapes: longer than one exposition serves. */
const SCRAPE_EVERY_MS = 1_100;
const PROBE_EVERY_MS = 20;

const folder = await workFolder();
const config = await folder.file(
  'gruard.yaml',
  `version: 1
http: { listen: 127.0.0.1:0 }
state: { dir: ${folder.path}/state }
metrics: { series_budget: ${SERIES} }
streams:
  a:
    topic: t
    series: { host: $.h }
    time: $.t
    value: $.v
    window: { every: 1m, lateness: 0s }
    model: { hidden: 4, lookback: 8, warmup: { windows: 50 } }
    limits: { series: ${SERIES} }
`,
);
const daemon = startDaemon(['run', config, '--replay', '-'], {}, '', { inputStaysOpen: true });
let over = false;

/** As fast as they are read, for ever. */
async function feed(): Promise<void> {
  const { stdin } = daemon.child;
  for (let minute = 0; !over && stdin !== null; minute++) {
    for (let from = 0; from < SERIES; from += 1_000) {
      const records = Array.from({ length: Math.min(1_000, SERIES - from) }, (_, i) => {
        const host = from + i;
        const value = 100.25 + ((host * minute) % 17);
        return JSON.stringify({ h: host, t: 1_700_000_000_000 + minute * MINUTE_MS, v: value });
      });
      const isTaken = stdin.write(`${records.join('\n')}\n`);
      if (!isTaken) await Promise.race([once(stdin, 'drain').catch(() => {}), daemon.exited]);
      if (over) return;
    }
  }
}

let scrapeBytes = 0;
async function answerMs(path: string): Promise<number> {
  const from = performance.now();
  const headers = values.plain ? {} : { 'accept-encoding': 'gzip' };
  const [response] = (await once(get(`${url}${path}`, { agent: false, headers }), 'response')) as [IncomingMessage];
  let bytes = 0;
  for await (const piece of response) bytes += (piece as Buffer).length;
  if (path === '/metrics') scrapeBytes = bytes;
  return performance.now() - from;
}

async function ask(path: string, everyMs: number, untilMs: number): Promise<Record<string, number | string>> {
  const took: number[] = [];
  while (performance.now() < untilMs) {
    took.push(await answerMs(path));
    await sleep(everyMs);
  }
  took.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(took[Math.floor(share * took.length)] ?? Number.NaN);
  return { path, answers: took.length, p50: at(0.5), p99: at(0.99), max: Math.round(took.at(-1) ?? Number.NaN) };
}

const feeding = feed();
const url = await daemon.url();
const scored = async (): Promise<boolean> => ((await daemon.metric('gruard_windows_scored_total')) ?? 0) > SERIES;
await until('all series are scored', scored, daemon, 300_000);
const untilMs = performance.now() + 1_000 * Number(values.seconds);
const asked = [ask('/metrics', SCRAPE_EVERY_MS, untilMs), ask('/healthz', PROBE_EVERY_MS, untilMs)];
const rows = await Promise.all(asked);
over = true;
await daemon.stop('SIGKILL');
await feeding;
await folder.remove();
console.log(`${SERIES} series, ${scrapeBytes} bytes ${values.plain ? 'plain' : 'compressed'}, load ${loadavg()[0]}`);
console.table(rows);
