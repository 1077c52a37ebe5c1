// A broker behind a proxy, which also refuses who has no permission: what a daemon meets on a bad day.

import { type Broker, freePort, startBroker } from './broker.ts';
import { type FaultProxy, proxied, startFaultProxy } from './faultProxy.ts';

export interface TroubledBroker extends Broker {
  readonly proxy: FaultProxy;
  /** Address of a listener for the user `gruard`, whose password is `secret`, and who may do nothing yet. */
  readonly locked: string;
}

/** `brokers` is the straight way, `proxy.address` the one through the proxy: both may do everything. */
export async function startTroubledBroker(): Promise<TroubledBroker> {
  const [port, inner, outer, locked] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_gruard="secret";';
  const behind = proxied(port, inner, outer);
  const extras = {
    listeners: {
      ...behind.listeners,
      LOCKED: { protocol: 'SASL_PLAINTEXT', port: locked },
    },
    properties: [
      `${behind.properties[0]},LOCKED://127.0.0.1:${locked}`,
      'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users=User:ANONYMOUS',
      'listener.name.locked.sasl.enabled.mechanisms=PLAIN',
      `listener.name.locked.plain.sasl.jaas.config=${login}`,
    ],
    format: [],
  };
  const broker = await startBroker({ port, extras });
  const proxy = await startFaultProxy(outer, inner);
  return {
    ...broker,
    proxy,
    locked: `127.0.0.1:${locked}`,
    async stop() {
      await proxy.stop();
      await broker.stop();
    },
  };
}
