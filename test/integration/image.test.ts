// The image without a container engine: what the Dockerfile copies and runs, in a clean folder, then its command as its
// user. What only an engine can tell (base image, volumes, healthcheck timing) stays untested.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AnomalyEvent } from '../../src/domain.ts';
import { freePort } from '../support/broker.ts';
import { consumeAll, createTopic, eventually, freshName, kafkaToolsReady } from '../support/kafkaTools.ts';
import { available } from '../support/required.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'gruard-image-'));
const build = join(folder, 'build');
const app = join(folder, 'app');

type Instruction = readonly [name: string, rest: string];

/** The instructions of each stage. */
const stages: Instruction[][] = [];
for (const line of readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ').split('\n')) {
  const [, name, rest] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
  if (name === undefined || rest === undefined) continue;
  if (name === 'FROM') stages.push([]);
  stages.at(-1)?.push([name, rest]);
}
const instruction = (name: string): string => stages[1]?.findLast(([one]) => one === name)?.[1] ?? '';
const entrypoint = JSON.parse(instruction('ENTRYPOINT')) as string[];
const environment = Object.fromEntries(
  (stages[1] ?? []).flatMap(([name, rest]) => (name === 'ENV' ? [/^(\w+)=(.*)$/.exec(rest)?.slice(1) ?? []] : [])),
) as Record<string, string>;

/** Only root can become somebody else; others run the image as themselves. */
const [uid, gid] = process.getuid?.() === 0 ? instruction('USER').split(':').map(Number) : [];
const owner = uid === undefined || gid === undefined ? {} : { uid, gid };

/** Copies from the repository, where only what git knows counts, or from the folder of the stage before. */
function copy(rest: string, to: string): void {
  const words = rest.split(/\s+/);
  const fromBuild = words[0] === '--from=build';
  const sources = words.slice(fromBuild ? 1 : 0, -1);
  for (const source of sources) {
    if (fromBuild) {
      cpSync(source.replace('/app', build), join(to, words.at(-1) ?? ''), { recursive: true });
      continue;
    }
    const known = execFileSync('git', ['ls-files', '--', source], { cwd: root, encoding: 'utf8' }).split('\n');
    expect(known.length, `git knows nothing below ${source}`).toBeGreaterThan(1);
    for (const file of known.filter((one) => one !== '' && existsSync(join(root, one)))) {
      mkdirSync(dirname(join(to, file)), { recursive: true });
      cpSync(join(root, file), join(to, file));
    }
  }
}

function runStage(instructions: readonly Instruction[], to: string): void {
  mkdirSync(to);
  for (const [name, rest] of instructions) {
    if (name === 'COPY') copy(rest, to);
    if (name !== 'RUN' || !rest.startsWith('npm ')) continue;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', rest], { cwd: to, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${rest}: ${status}\n${stdout}${stderr}`);
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly said: () => string;
}

const running: Running[] = [];

/** Starts node as the image would; Node itself is ours instead of the base image's. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const [, ...command] = args;
  const { PATH } = process.env;
  const child = spawn(process.execPath, command, {
    cwd: app,
    env: { PATH, ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...owner,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const one = { child, said: () => said };
  running.push(one);
  return one;
}

async function exitOf({ child }: Running): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** A folder that the image's user may write. */
function ownFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  if (owner.uid !== undefined) chownSync(path, owner.uid, owner.gid);
  return path;
}

const ready = available('git', 'the steps of the Dockerfile') && available('npm', 'the steps of the Dockerfile');

describe.runIf(ready)('the image', () => {
  beforeAll(() => {
    chmodSync(folder, 0o755);
    runStage(stages[0] ?? [], build);
    runStage(stages[1] ?? [], app);
  }, 300_000);

  afterEach(async () => {
    for (const one of running.splice(0)) {
      one.child.kill('SIGKILL');
      await exitOf(one);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('holds what runs, and nothing that only builds or tests', () => {
    expect(existsSync(join(app, 'dist/main.js'))).toBe(true);
    for (const needless of ['src', 'test', 'node_modules/typescript', 'node_modules/vitest']) {
      expect(existsSync(join(app, needless)), needless).toBe(false);
    }
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const one = start([...entrypoint, '--version']);
    expect(await exitOf(one), one.said()).toBe(0);
    expect(one.said()).toBe(`${version}\n`);
  });

  it('finds an anomaly by itself', async () => {
    const one = start([...entrypoint, 'demo', '--until', 'first-anomaly', '--listen', '127.0.0.1:0']);
    expect(await exitOf(one), one.said()).toBe(0);
  });

  const brokers = inject('brokers');
  describe.runIf(kafkaToolsReady(brokers))('with the compose demo', () => {
    const topic = freshName('shop');
    const events = freshName('events');
    const rejects = freshName('rejects');

    /** The demo's configuration with this test's brokers, topics and folders. */
    function configuration(): string {
      const text = readFileSync(join(root, 'deploy/gruard/gruard.yaml'), 'utf8')
        .replace('kafka:9092', brokers)
        .replace('group: gruard', `group: ${freshName('group')}`)
        .replace('shop.metrics.v1', topic)
        .replace('gruard.events', events)
        .replace('gruard.rejects', rejects)
        .replace('/var/lib/gruard', ownFolder('state'));
      const path = join(folder, 'etc');
      mkdirSync(path);
      writeFileSync(join(path, 'gruard.yaml'), text);
      return path;
    }

    it('learns the history of the producer and reports the first incident', { timeout: 120_000 }, async () => {
      for (const one of [topic, events, rejects]) await createTopic(brokers, one, 3);
      // Mounted below the image's folder, so that it finds kafkajs there.
      cpSync(join(root, 'deploy/producer'), join(app, 'deploy/producer'), { recursive: true });
      const heartbeat = join(ownFolder('heartbeat'), 'sent');
      const producer = start(['node', join(app, 'deploy/producer/producer.mjs')], {
        KAFKA_BROKERS: brokers,
        TOPIC: topic,
        SEED: '1',
        TICK_MS: '100',
        HEARTBEAT_FILE: heartbeat,
      });
      await eventually('the history is written', () => producer.said().includes('live samples follow'));
      expect(existsSync(heartbeat)).toBe(true);

      const port = await freePort();
      const daemon = start([...entrypoint, 'run', configuration(), '--listen', `127.0.0.1:${port}`]);
      const opened = async (): Promise<AnomalyEvent[]> =>
        (await consumeAll(brokers, events))
          .map(({ payload }) => JSON.parse(payload ?? '') as AnomalyEvent)
          .filter(({ event, series: { host } }) => event === 'opened' && host === 'node-1');
      const liveMs = Date.parse(/history until (\S+)/.exec(producer.said())?.[1] ?? '');
      const incidentMs = liveMs + 2.5 * 3_600_000;
      await eventually('the first incident is reported', async () => {
        expect(daemon.child.exitCode, daemon.said()).toBe(null);
        return (await opened()).some(({ started_at, kind, value, upper }) => {
          const startedMs = Date.parse(started_at);
          const inside = startedMs >= incidentMs && startedMs < incidentMs + 15 * 60_000;
          return inside && kind !== 'gap' && Number(value) > Number(upper);
        });
      });

      const health = /CMD (\[.*\])$/.exec(instruction('HEALTHCHECK'))?.[1] ?? '[]';
      const [, ...check] = JSON.parse(health.replace('port: 9464', `port: ${port}`)) as string[];
      expect(await exitOf(start(['node', ...check]))).toBe(0);

      for (const one of [producer, daemon]) {
        one.child.kill('SIGTERM');
        expect(await exitOf(one), one.said()).toBe(0);
      }
      expect(await exitOf(start(['node', ...check])), 'the healthcheck of a stopped daemon').toBe(1);
    });
  });
});
