// One Apache Kafka for integration tests: that of KAFKA_BROKERS, or our own, whose jars Maven resolves once into
// .kafka/. KAFKA_VERSION chooses another release than the default; 3.9.1 is the oldest that works.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka } from 'kafkajs';
import type { TestProject } from 'vitest/node';
import { applyKafkaPatches } from '../../src/source/kafkaPatches.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port[,…]`; empty when no broker could be had. */
    brokers: string;
  }
}

/** A broker of a test's own. */
export interface Broker {
  readonly brokers: string;
  /** Process id of the broker, to freeze it with SIGSTOP. */
  pid(): number;
  /** Ends the process and keeps its data. */
  down(): Promise<void>;
  /** Starts again on the same port with the same data. */
  restart(): Promise<void>;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

const repository = resolve(import.meta.dirname, '../..');
const defaultVersion = '4.1.1';
const javaMin = 17;
const startMs = 60_000;

/** vitest calls this once before the first integration test, and the answer after the last one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['KAFKA_BROKERS'];
  const missing = given ? undefined : missingTools();
  if (missing) leaveOut(missing);
  if (given || missing) {
    project.provide('brokers', given ?? '');
    return async () => {};
  }
  const broker = await startBroker();
  project.provide('brokers', broker.brokers);
  return () => broker.stop();
}

/** Says what was not tested and why; a failure where nothing may be left out. */
export function leaveOut(reason: string): void {
  const line = `Kafka integration tests are left out: ${reason}`;
  if (process.env['GRUARD_NO_SKIP'] === '1') throw new Error(line);
  console.warn(line);
}

/** What must be installed before a broker can be started here; undefined when nothing. */
export function missingTools(): string | undefined {
  const java = javaVersion();
  const remedy = `install Java ${javaMin} or newer and Maven, or set KAFKA_BROKERS=host:port`;
  if (java === undefined) return `no Java was found; ${remedy}.`;
  if (java < javaMin) return `Java ${java} is too old; ${remedy}.`;
  if (!existsSync(jarFolder(chosenVersion())) && !canRun('mvn', ['--version'])) return `no Maven was found; ${remedy}.`;
  return undefined;
}

/** A port of the loopback address that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What a broker has beside its plain listener. */
export interface BrokerExtras {
  /** By name in capitals: protocol (`SSL`, `SASL_SSL` …) and port. */
  readonly listeners: Readonly<Record<string, { readonly protocol: string; readonly port: number }>>;
  /** Lines of server.properties. */
  readonly properties: readonly string[];
  /** Arguments of the command that formats the disk, like users. */
  readonly format: readonly string[];
}

/** Starts a broker and waits until it answers. `port` fixes its address, for clients that are older than it. */
export async function startBroker(options: { port?: number; extras?: BrokerExtras } = {}): Promise<Broker> {
  const { extras = { listeners: {}, properties: [], format: [] } } = options;
  const version = chosenVersion();
  const jars = resolveJars(version);
  const attempts = options.port === undefined ? 3 : 1;
  for (let attempt = 1; ; attempt++) {
    // Somebody may take a port between the bind that found it and the broker's own.
    const broker = newBroker(version, jars, options.port ?? (await freePort()), await freePort(), extras);
    try {
      await broker.restart();
      return broker;
    } catch (error) {
      await broker.stop();
      if (attempt === attempts) throw error;
    }
  }
}

function newBroker(version: string, jars: string, port: number, controllerPort: number, extras: BrokerExtras): Broker {
  const folder = mkdtempSync(join(tmpdir(), 'gruard-kafka-'));
  const properties = join(folder, 'server.properties');
  const standalone = Number(version.split('.')[0]) >= 4;
  const brokers = `127.0.0.1:${port}`;
  writeFileSync(properties, serverProperties(join(folder, 'data'), port, controllerPort, standalone, extras));
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', properties, '--ignore-formatted'];
  const more = [...(standalone ? ['--standalone'] : []), ...extras.format];
  execFileSync('java', [...javaOptions(jars), ...format, ...more], { stdio: 'pipe' });
  let running: { readonly shell: ChildProcess; readonly pid: number } | undefined;

  // Covers an end of this process in which no teardown runs; `supervised` covers its being killed.
  const onExit = (): void => {
    end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  const end = (signal: NodeJS.Signals): void => {
    if (running !== undefined && running.shell.exitCode === null) process.kill(running.pid, signal);
  };
  const down = async (signal: NodeJS.Signals): Promise<void> => {
    if (running === undefined) return;
    const { shell } = running;
    const ended = shell.exitCode === null ? once(shell, 'exit') : Promise.resolve([]);
    end('SIGCONT');
    end(signal);
    const force = setTimeout(() => end('SIGKILL'), 10_000);
    await ended;
    clearTimeout(force);
    shell.stdin?.destroy();
    running = undefined;
  };
  process.once('exit', onExit);
  return {
    brokers,
    pid: () => running?.pid ?? 0,
    down: () => down('SIGTERM'),
    async restart() {
      await down('SIGTERM');
      running = await supervised([...javaOptions(jars), '-Xms128m', '-Xmx512m', 'kafka.Kafka', properties], folder);
      await answering(brokers, running.shell, join(folder, 'broker.log'));
    },
    async stop() {
      await down('SIGKILL');
      process.off('exit', onExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs java below a shell that kills it when our end of its input closes, i.e. also when we are killed. */
async function supervised(
  args: readonly string[],
  folder: string,
): Promise<{ readonly shell: ChildProcess; readonly pid: number }> {
  const script =
    'exec 3<&0; java "$@" </dev/null >>broker.log 2>&1 & java=$!; echo "$java"; exec >/dev/null; ' +
    '(read -r _ <&3; kill -9 "$java") 2>/dev/null & wait "$java"';
  const shell = spawn('sh', ['-c', script, 'sh', ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
  const [line] = (await once(shell.stdout, 'data')) as [Buffer];
  return { shell, pid: Number(line.toString().trim()) };
}

async function answering(brokers: string, shell: ChildProcess, log: string): Promise<void> {
  applyKafkaPatches(() => {});
  const kafka = new Kafka({ brokers: [brokers], logLevel: 0, retry: { retries: 0 } });
  const deadline = Date.now() + startMs;
  for (;;) {
    const admin = kafka.admin();
    try {
      await admin.connect();
      if ((await admin.describeCluster()).brokers.length > 0) return;
    } catch (error) {
      if (shell.exitCode !== null || Date.now() > deadline) {
        const lines = readFileSync(log, 'utf8').split('\n').slice(-15).join('\n');
        throw new Error(`The Kafka broker did not start. The end of its log:\n${lines}`, { cause: error });
      }
    } finally {
      await admin.disconnect();
    }
    await sleep(200);
  }
}

/** Maven copies the jars beside their place first, so that a run that was cut off leaves nothing half done. */
function resolveJars(version: string): string {
  const jars = jarFolder(version);
  if (existsSync(jars)) return jars;
  mkdirSync(join(repository, '.kafka'), { recursive: true });
  const partial = mkdtempSync(join(repository, '.kafka/partial-'));
  const args = [
    '-B',
    '-q',
    '-Dstyle.color=never',
    '-f',
    join(import.meta.dirname, 'pom.xml'),
    `-Dkafka.version=${version}`,
  ];
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${partial}`];
  execFileSync('mvn', [...args, ...goal], { stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    renameSync(partial, jars);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(jars)) throw error;
  }
  return jars;
}

/** Jars of a broker, and of the Java client; Maven brings them with the first broker. */
export function jarFolder(version = chosenVersion()): string {
  return join(repository, '.kafka', `libs-${version}`);
}

function serverProperties(
  data: string,
  port: number,
  controllerPort: number,
  standalone: boolean,
  extras: BrokerExtras,
): string {
  const more = Object.entries(extras.listeners);
  const own = more.map(([name, one]) => `,${name}://127.0.0.1:${one.port}`).join('');
  const listeners = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${own}`;
  const protocols = more.map(([name, { protocol }]) => `,${name}:${protocol}`).join('');
  const quorum = standalone
    ? [
        `controller.quorum.bootstrap.servers=127.0.0.1:${controllerPort}`,
        'share.coordinator.state.topic.replication.factor=1',
        'share.coordinator.state.topic.min.isr=1',
      ]
    : [`controller.quorum.voters=1@127.0.0.1:${controllerPort}`];
  return [
    'process.roles=broker,controller',
    'node.id=1',
    ...quorum,
    `listeners=${listeners}`,
    `advertised.listeners=${listeners}`,
    'inter.broker.listener.name=PLAINTEXT',
    'controller.listener.names=CONTROLLER',
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT${protocols}`,
    ...extras.properties,
    `log.dirs=${data}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=4',
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=1000',
    'log.cleaner.dedupe.buffer.size=16777216',
    'auto.create.topics.enable=false',
    // Tests send records of 5 MB.
    'message.max.bytes=6291456',
    '',
  ].join('\n');
}

function javaOptions(jars: string): string[] {
  return ['-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', join(jars, '*')];
}

/** Kafka reads an id that begins with `-` as an option. */
function clusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A');
}

function chosenVersion(): string {
  return process.env['KAFKA_VERSION'] || defaultVersion;
}

function javaVersion(): number | undefined {
  try {
    const text = execFileSync('sh', ['-c', 'java -version 2>&1'], { encoding: 'utf8' });
    return Number(/version "(\d+)/.exec(text)?.[1] ?? Number.NaN) || undefined;
  } catch {
    return undefined;
  }
}

function canRun(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
