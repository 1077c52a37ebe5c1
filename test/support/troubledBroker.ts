// A broker behind a proxy: what a daemon meets on a bad day.

import { freePort, startBroker } from './broker.ts';
import type { Broker } from './brokerNode.ts';
import { type FaultProxy, proxied, startFaultProxy } from './faultProxy.ts';

export interface TroubledBroker extends Broker {
  readonly proxy: FaultProxy;
}

/** `brokers` is the straight way, `proxy.address` the one through the proxy. */
export async function startTroubledBroker(): Promise<TroubledBroker> {
  const [port, inner, outer] = [await freePort(), await freePort(), await freePort()];
  const broker = await startBroker({ port, extras: proxied(port, inner, outer) });
  const proxy = await startFaultProxy(outer, inner);
  return {
    ...broker,
    proxy,
    async stop() {
      await proxy.stop();
      await broker.stop();
    },
  };
}
