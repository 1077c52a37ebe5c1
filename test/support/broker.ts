// One Apache Kafka for integration tests: that of KAFKA_BROKERS, or our own (kafkaJars.ts).

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type Broker, type BrokerExtras, newClusterId, newNode } from './brokerNode.ts';
import { leaveOut, missingTools } from './kafkaJars.ts';
import { lockedListener } from './lockedListener.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port[,…]`; empty when no broker could be had. */
    brokers: string;
    /** A listener of the same broker for the user `gruard`, who may do nothing yet; empty when there is none. */
    locked: string;
  }
}

/** vitest calls this once before the first integration test, and the answer after the last one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['KAFKA_BROKERS'];
  const missing = given ? undefined : missingTools();
  if (missing) leaveOut(missing);
  if (given || missing) {
    project.provide('brokers', given ?? '');
    project.provide('locked', '');
    return async () => {};
  }
  const port = await freePort();
  const broker = await startBroker({ extras: lockedListener(port) });
  project.provide('locked', `127.0.0.1:${port}`);
  project.provide('brokers', broker.brokers);
  return () => broker.stop();
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

/** Starts a broker and waits until it answers. `port` fixes its address, for clients that are older than it. */
export async function startBroker(options: { port?: number; extras?: BrokerExtras } = {}): Promise<Broker> {
  const { extras = { listeners: {}, properties: [], format: [] } } = options;
  const attempts = options.port === undefined ? 3 : 1;
  for (let attempt = 1; ; attempt++) {
    // Somebody may take a port between the bind that found it and the broker's own.
    const [port, controllerPort] = [options.port ?? (await freePort()), await freePort()];
    const cluster = { nodes: 1, clusterId: newClusterId(), controllerPort, heap: '512m' };
    const broker = newNode({ ...cluster, id: 1, controls: true, port, extras });
    try {
      await broker.restart();
      return broker;
    } catch (error) {
      await broker.stop();
      if (attempt === attempts) throw error;
    }
  }
}
