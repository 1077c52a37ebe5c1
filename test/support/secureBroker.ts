// A real broker with every way to be let in: TLS alone, mutual TLS, each SASL mechanism, and certificates that no
// client should accept. Its users and their passwords are made up for each run.

import { randomBytes } from 'node:crypto';
import { freePort, startBroker } from './broker.ts';
import type { Broker } from './brokerNode.ts';
import { type Authority, newAuthority } from './certificates.ts';

interface SecureBroker extends Broker {
  readonly authority: Authority;
  /** Of the user `gruard`, for every mechanism. */
  readonly password: string;
  /** `host:port` of a listener. */
  at(listener: Listener): string;
}

/**
 * `TLS`: the broker shows its certificate. `MUTUAL`: it wants one, too. `SASL`: a user, over TLS. `EXPIRED`, `FOREIGN`:
 * TLS with a certificate that is too old, or for another name. `OPEN`: a user without TLS.
 */
type Listener = keyof typeof LISTENERS;

const LISTENERS = {
  TLS: 'SSL',
  MUTUAL: 'SSL',
  SASL: 'SASL_SSL',
  EXPIRED: 'SSL',
  FOREIGN: 'SSL',
  OPEN: 'SASL_PLAINTEXT',
} as const;

const USER = 'gruard';
const MODULES = 'org.apache.kafka.common.security';

/** Takes as long as any broker. `stop` removes its certificates, too. */
export async function startSecureBroker(): Promise<SecureBroker> {
  const authority = newAuthority();
  const password = `pw-${randomBytes(12).toString('hex')}`;
  const certificates: Readonly<Record<Listener, string>> = (() => {
    const good = authority.issue('broker').both;
    const expired = authority.issue('expired', { days: -1 }).both;
    const foreign = authority.issue('foreign', { names: 'DNS:other.example' }).both;
    return { TLS: good, MUTUAL: good, SASL: good, EXPIRED: expired, FOREIGN: foreign, OPEN: good };
  })();
  const listeners: Record<string, { protocol: string; port: number }> = {};
  const properties: string[] = [];
  for (const [name, protocol] of Object.entries(LISTENERS)) {
    listeners[name] = { protocol, port: await freePort() };
    const prefix = `listener.name.${name.toLowerCase()}`;
    if (protocol.endsWith('SSL')) {
      properties.push(
        `${prefix}.ssl.keystore.type=PEM`,
        `${prefix}.ssl.keystore.location=${certificates[name as Listener]}`,
        `${prefix}.ssl.truststore.type=PEM`,
        `${prefix}.ssl.truststore.location=${authority.ca}`,
        `${prefix}.ssl.client.auth=${name === 'MUTUAL' ? 'required' : 'none'}`,
      );
    }
    if (protocol.startsWith('SASL')) properties.push(...saslProperties(prefix, password));
  }
  const format = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${USER},password=${password}]`,
  ]);
  try {
    const broker = await startBroker({ extras: { listeners, properties, format } });
    const stop = async (): Promise<void> => {
      await broker.stop();
      authority.remove();
    };
    return { ...broker, stop, authority, password, at: (listener) => `127.0.0.1:${listeners[listener]?.port}` };
  } catch (error) {
    authority.remove();
    throw error;
  }
}

/** A token as this broker takes it: unsigned, which Kafka allows where nothing else is configured. */
export function unsignedToken(seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: USER, iat: now, exp: now + seconds })}.`;
}

function saslProperties(prefix: string, password: string): string[] {
  const jaas = (mechanism: string, module: string, more = ''): string =>
    `${prefix}.${mechanism}.sasl.jaas.config=${MODULES}.${module} required ${more};`;
  return [
    `${prefix}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER`,
    jaas('plain', 'plain.PlainLoginModule', `user_${USER}="${password}"`),
    jaas('scram-sha-256', 'scram.ScramLoginModule'),
    jaas('scram-sha-512', 'scram.ScramLoginModule'),
    jaas('oauthbearer', 'oauthbearer.OAuthBearerLoginModule', 'unsecuredLoginStringClaim_sub="broker"'),
    // Sessions end with their token.
    `${prefix}.oauthbearer.connections.max.reauth.ms=3600000`,
  ];
}
