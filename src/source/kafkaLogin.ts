// Who logs in at the brokers and how, in kafkajs's words.

import type { AuthenticationProviderArgs, KafkaConfig, SASLOptions } from 'kafkajs';
import { GruardError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { KafkaSettings } from '../settings.ts';
import { newTokenProvider, type TokenProvider } from './kafkaToken.ts';

type Login = NonNullable<KafkaConfig['sasl']>;

/** One login for all connections of a client. */
export function kafkaLogin(sasl: NonNullable<KafkaSettings['sasl']>, clock: Clock): Login {
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl } as SASLOptions;
  const token = newTokenProvider(sasl.token, clock);
  return { mechanism: sasl.mechanism, authenticationProvider: (connection) => bearerLogin(connection, token) };
}

/**
 * In place of kafkajs's own, which takes any answer for a success: a broker that refuses a token says so in an answer
 * without an error code (RFC 7628, 3.2.3) and hangs up later, which looked like a broker that is down.
 */
function bearerLogin(connection: AuthenticationProviderArgs, token: TokenProvider): { authenticate(): Promise<void> } {
  return {
    async authenticate() {
      const text = Buffer.from(`n,,\u0001auth=Bearer ${await token()}\u0001\u0001`);
      const refusal = await connection.saslAuthenticate({
        request: { encode: () => sized(text) },
        response: { decode: (answer) => answer.subarray(4), parse: (answer) => answer.toString('latin1') },
      });
      if (typeof refusal !== 'string' || refusal === '') return;
      // Only the code: what else stands there is the broker's.
      const status = /"status"\s*:\s*"([\w-]{1,40})"/.exec(refusal)?.[1] ?? 'refused';
      throw new GruardError('kafka_auth', `kafka.sasl: the broker refuses this token (${status})`);
    },
  };
}

/** Kafka's `bytes`: their number, then they. */
function sized(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}
