// One node of an Apache Kafka: its properties, its disk, its process.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka } from 'kafkajs';
import { applyKafkaPatches } from '../../src/source/kafkaPatches.ts';
import { chosenVersion, javaOptions, resolveJars } from './kafkaJars.ts';

/** A broker of a test's own. */
export interface Broker {
  readonly brokers: string;
  /** Process id of the broker, to freeze it with SIGSTOP. */
  pid(): number;
  /** Ends the process and keeps its data. */
  down(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts again on the same port with the same data. */
  restart(): Promise<void>;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
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

export interface NodePlan {
  readonly id: number;
  /** Whether it is the controller, too. There is one, the node with the first id. */
  readonly controls: boolean;
  readonly port: number;
  /** Where the controller listens. */
  readonly controllerPort: number;
  /** Of the cluster: Kafka's internal topics have so many replicas. */
  readonly nodes: number;
  readonly clusterId: string;
  readonly heap: string;
  readonly extras: BrokerExtras;
}

const startMs = 60_000;

/** A node with a formatted disk that does not run yet. */
export function newNode(plan: NodePlan): Broker {
  const jars = resolveJars(chosenVersion());
  const folder = mkdtempSync(join(tmpdir(), 'gruard-kafka-'));
  const properties = join(folder, 'server.properties');
  const brokers = `127.0.0.1:${plan.port}`;
  writeFileSync(properties, serverProperties(join(folder, 'data'), plan));
  const format = ['kafka.tools.StorageTool', 'format', '-t', plan.clusterId, '-c', properties, '--ignore-formatted'];
  execFileSync('java', [...javaOptions(jars), ...format, ...plan.extras.format], { stdio: 'pipe' });
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
    down: (signal = 'SIGTERM') => down(signal),
    async restart() {
      await down('SIGTERM');
      running = await supervised(
        [...javaOptions(jars), '-Xms64m', `-Xmx${plan.heap}`, 'kafka.Kafka', properties],
        folder,
      );
      await answering(brokers, running.shell, join(folder, 'broker.log'));
    },
    async stop() {
      await down('SIGKILL');
      process.off('exit', onExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Kafka reads an id that begins with `-` as an option. */
export function newClusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A');
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

function serverProperties(data: string, plan: NodePlan): string {
  const { id, controls, port, controllerPort, nodes, extras } = plan;
  const more = Object.entries(extras.listeners);
  const own = more.map(([name, one]) => `,${name}://127.0.0.1:${one.port}`).join('');
  const protocols = more.map(([name, { protocol }]) => `,${name}:${protocol}`).join('');
  const advertised = `PLAINTEXT://127.0.0.1:${port}${own}`;
  return [
    `process.roles=broker${controls ? ',controller' : ''}`,
    `node.id=${id}`,
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=${advertised}${controls ? `,CONTROLLER://127.0.0.1:${controllerPort}` : ''}`,
    `advertised.listeners=${advertised}`,
    'inter.broker.listener.name=PLAINTEXT',
    'controller.listener.names=CONTROLLER',
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT${protocols}`,
    ...extras.properties,
    `log.dirs=${data}`,
    `offsets.topic.replication.factor=${nodes}`,
    'offsets.topic.num.partitions=4',
    `transaction.state.log.replication.factor=${nodes}`,
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
