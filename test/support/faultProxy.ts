// A TCP proxy that behaves as bad networks do. It changes no byte; it holds them back, loses them, or lets nobody in.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { BrokerExtras } from './brokerNode.ts';

export interface FaultProxy {
  readonly address: string;
  /** Connections stay open, new ones are taken, and nothing comes through any more. */
  hole(): void;
  /** What is open goes silent for good; new connections work. So does a firewall that forgets. */
  forget(): void;
  /** Each piece arrives so much later, in both directions. */
  delay(ms: number): void;
  /** New connections work; what fell into the hole stays silent. */
  heal(): void;
  stop(): Promise<void>;
}

interface Pair {
  readonly sockets: readonly [Socket, Socket];
  mute: boolean;
}

/** Listens on `port` of the loopback address and passes on to `target` there. */
export async function startFaultProxy(port: number, target: number): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let holed = false;
  let delayMs = 0;
  const server = createServer((client) => {
    const pair: Pair = { sockets: [client, connect(target, '127.0.0.1')], mute: holed };
    pairs.add(pair);
    const [near, far] = pair.sockets;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      const later = (work: () => void): void => {
        if (pair.mute) return;
        if (delayMs === 0) work();
        else setTimeout(() => !pair.mute && work(), delayMs).unref();
      };
      from.setNoDelay(true);
      from.on('data', (bytes) => later(() => to.write(bytes)));
      from.on('end', () => later(() => to.end()));
      from.on('error', () => later(() => to.destroy()));
      from.on('close', () => later(() => to.destroy()));
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const forget = (): void => {
    for (const pair of pairs) pair.mute = true;
  };
  return {
    address: `127.0.0.1:${port}`,
    hole() {
      holed = true;
      forget();
    },
    forget,
    delay(ms) {
      delayMs = ms;
    },
    heal() {
      holed = false;
      delayMs = 0;
    },
    async stop() {
      for (const { sockets } of pairs) for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** For a broker on `port`: another listener on `inner`, of which it says that it is on `outer`, where the proxy is. */
export function proxied(port: number, inner: number, outer: number): BrokerExtras {
  const advertised = `PLAINTEXT://127.0.0.1:${port},PROXIED://127.0.0.1:${outer}`;
  return {
    listeners: { PROXIED: { protocol: 'PLAINTEXT', port: inner } },
    properties: [`advertised.listeners=${advertised}`],
    format: [],
  };
}
