// A real Prometheus for tests: scrapes every second, keeps its data below the system's temporary directory.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  readonly url: string;
  /** An instant query; throws on an expression that Prometheus refuses. */
  query(promql: string): Promise<QueryResult[]>;
  /** Asks until the answer pleases, then gives it; throws after the deadline, with the last answer. */
  until(promql: string, pleases: (results: QueryResult[]) => boolean, deadlineMs?: number): Promise<QueryResult[]>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** `host:port` of what is scraped at /metrics. */
  readonly targets: readonly string[];
  /** Label `job` of everything scraped. */
  readonly job?: string;
  /** More of the scrape configuration, like `scheme`. */
  readonly scrape?: Readonly<Record<string, unknown>>;
}

const PROGRAM = 'prometheus';
const READY_MS_MAX = 20_000;
const QUERY_MS_MAX = 15_000;

/** Resolves when it is ready. The caller stops it. */
export async function startPrometheus({
  targets,
  job = 'gruard',
  scrape: more,
}: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'gruard-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  const scrape = { job_name: job, static_configs: [{ targets }], ...more };
  // JSON is YAML.
  const text = JSON.stringify({ global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: [scrape] });
  await writeFile(config, text);
  const address = `127.0.0.1:${await freePort()}`;
  const options = [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
  const child = spawn(PROGRAM, options, { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  child.once('error', (problem) => said.push(problem.message));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => said.push(piece));
  const url = `http://${address}`;
  try {
    await ready(url, child);
  } catch (cause) {
    await stop(child, folder);
    throw new Error(`Prometheus did not become ready:\n${said.join('')}`, { cause });
  }
  return {
    url,
    query: (promql) => query(url, promql),
    until: (promql, pleases, deadlineMs) => until(url, promql, pleases, deadlineMs ?? QUERY_MS_MAX),
    stop: () => stop(child, folder),
  };
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`it ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    await answer?.text();
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`not ready after ${READY_MS_MAX} ms`);
}

interface Answer {
  readonly error?: string;
  readonly data?: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
  };
}

async function query(url: string, promql: string): Promise<QueryResult[]> {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: promql })}`);
  const answer = (await response.json()) as Answer;
  if (answer.data === undefined) throw new Error(`${promql}: ${answer.error}`);
  return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

async function until(
  url: string,
  promql: string,
  pleases: (results: QueryResult[]) => boolean,
  deadlineMs: number,
): Promise<QueryResult[]> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const results = await query(url, promql);
    if (pleases(results)) return results;
    if (performance.now() > deadline) {
      throw new Error(`${promql}: after ${deadlineMs} ms still ${JSON.stringify(results)}`);
    }
    await sleep(200);
  }
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(late);
  }
  await rm(folder, { recursive: true, force: true });
}

/** Somebody else may take it before Prometheus does; then `startPrometheus` fails and says so. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
