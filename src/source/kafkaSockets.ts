// Connections to brokers, with the certificates that lie in the configured files when each is made: who renews them
// need not restart anything. kafkajs itself would use for ever what it was given at first.

import { readFileSync } from 'node:fs';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure, createSecureContext } from 'node:tls';
import type { Log } from '../ports.ts';
import type { KafkaSettings } from '../settings.ts';

type Tls = NonNullable<KafkaSettings['tls']>;
type Texts = Pick<Tls, 'ca' | 'cert' | 'key'>;

/** What kafkajs asks for; `ssl` is set where the connection is to be a secure one. */
interface Wanted {
  readonly host: string;
  readonly port: number;
  readonly ssl: object | undefined;
  readonly onConnect: () => void;
}

const KEEP_ALIVE_MS = 60_000;

/** By paths: what all clients of this thread use now. */
const used = new Map<string, Texts>();

/** Half a renewal (a key that does not belong to its certificate, a file that is away) changes nothing. */
export function newSocketFactory(tls: KafkaSettings['tls'], log: Log): (wanted: Wanted) => Socket {
  return ({ host, port, ssl, onConnect }) => {
    const server = isIP(host) === 0 ? { servername: host } : {};
    const socket =
      ssl === undefined || tls === undefined
        ? connectPlain({ host, port }, onConnect)
        : connectSecure({ host, port, ...server, ...ssl, ...sslOptions(newest(tls, log)) }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return socket;
  };
}

/** In the words of node:tls. */
export function sslOptions({ ca, cert, key }: Texts): { ca?: string[]; cert?: string; key?: string } {
  return {
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function newest(tls: Tls, log: Log): Texts {
  const { files } = tls;
  if (files === undefined) return tls;
  const paths = [files.ca, files.cert, files.key];
  const name = paths.join('\n');
  const before = used.get(name) ?? tls;
  const where = paths.filter((path) => path !== undefined).join(', ');
  try {
    const read = (path: string | undefined): string | undefined =>
      path === undefined ? undefined : readFileSync(path, 'utf8');
    const [ca, cert, key] = [read(files.ca), read(files.cert), read(files.key)];
    if (ca === before.ca && cert === before.cert && key === before.key) return before;
    const found = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
    createSecureContext(sslOptions(found));
    used.set(name, found);
    log('info', 'certificate_renewed', `new connections to the brokers use ${where} as they are now`);
    return found;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log('warn', 'certificate_unusable', `${where} are not used, what was read before stays: ${why}`);
    return before;
  }
}
