// The one listener: metrics and health. Bounded in headers, time and connections, and deaf to web pages that reach it
// by a name of their own (DNS rebinding). Paths are compared, never looked up anywhere.

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import { isLoopback } from '../config/loopback.ts';
import { GruardError } from '../errors.ts';
import type { Log } from '../ports.ts';
import type { HttpSettings } from '../settings.ts';
import { readCertificate, renewCertificate } from './certificate.ts';
import { type Gate, newGate } from './credentials.ts';
import type { Verdict } from './health.ts';

export interface HttpOptions {
  /** Port 0 = any free one. */
  readonly settings: HttpSettings;
  readonly log: Log;
  /** Between two looks at the files of the certificate; a minute unless told otherwise. */
  readonly renewEveryMs?: number;
  readonly metrics: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly liveness: () => Verdict;
  readonly readiness: () => Verdict;
}

export interface Listener {
  readonly port: number;
  /** `host:port` as a URL has it. */
  readonly address: string;
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  /** Stops listening, lets answers in hand end within a second, then ends every connection. Safe twice. */
  close(): Promise<void>;
}

const INDEX = `gruard

/metrics  what is watched, as Prometheus reads it
/healthz  200 while this process works
/readyz   200 when all partitions are restored and read; else what is missing
`;

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
} as const;
const CONNECTIONS_MAX = 256;
const CLOSE_MS_MAX = 1000;
const RENEW_MS = 60_000;

/** Resolves when it listens; rejects with `port_busy` when it cannot. */
export async function startHttp(options: HttpOptions): Promise<Listener> {
  const { host, port, tls, auth } = options.settings;
  const gate = newGate(auth);
  const { server, endRenewal } = await newServer(options, (request, response) => {
    answer(options, gate, request, response).catch((problem: unknown) => fail(response, problem));
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(host, port, cause)));
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  const address = authority(host, bound.port);
  const closing = newClosing(server);
  return {
    port: bound.port,
    address,
    url: `${tls === undefined ? 'http' : 'https'}://${address}`,
    close() {
      endRenewal();
      return closing();
    },
  };
}

async function newServer(
  { settings: { tls }, renewEveryMs = RENEW_MS, log }: HttpOptions,
  answers: RequestListener,
): Promise<{ readonly server: Server; endRenewal(): void }> {
  if (tls === undefined) return { server: createServer(LIMITS, answers), endRenewal() {} };
  const first = await readCertificate(tls);
  const server = createSecureServer({ ...LIMITS, handshakeTimeout: LIMITS.headersTimeout, ...first }, answers);
  return { server, endRenewal: renewCertificate(server, tls, first, renewEveryMs, log) };
}

/** How to close. Not by the server's own means alone: they do not know connections in the middle of a handshake. */
function newClosing(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const impatient = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, CLOSE_MS_MAX);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    clearTimeout(impatient);
  };
  return () => {
    closed ??= close();
    return closed;
  };
}

async function answer(
  options: HttpOptions,
  gate: Gate,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff');
  const { host } = options.settings;
  if (!isHostAllowed(host, request.headers.host)) {
    plain(response, 403, `Not for this Host: use localhost, 127.0.0.1 or ${host}, or listen on another address.`);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    plain(response, 405, 'Only GET and HEAD.');
    return;
  }
  const [path = ''] = (request.url ?? '').split('?', 1);
  const admission = await gate.admit(request.headers.authorization);
  const isHealth = path === '/healthz' || path === '/readyz';
  // Probes have no credentials. They learn whether, not what: that names brokers and topics.
  if (admission !== 'admitted' && !isHealth) {
    turnAway(options, gate, admission, response);
    return;
  }
  switch (path) {
    case '/metrics':
      await options.metrics(request, response);
      return;
    case '/healthz':
    case '/readyz': {
      const { ok, text } = path === '/healthz' ? options.liveness() : options.readiness();
      plain(response, ok ? 200 : 503, admission === 'admitted' ? text : ok ? 'ok' : 'not ok');
      return;
    }
    case '/':
      plain(response, 200, INDEX);
      return;
    default:
      plain(response, 404, 'There is /metrics, /healthz and /readyz.');
  }
}

function turnAway({ log }: HttpOptions, gate: Gate, why: 'refused' | 'busy', response: ServerResponse): void {
  if (why === 'busy') {
    response.setHeader('retry-after', '1');
    plain(response, 503, 'Too many passwords wait to be tried.');
    return;
  }
  log('warn', 'http_refused', 'a request without valid credentials was refused', {
    from: response.socket?.remoteAddress ?? 'unknown',
  });
  response.setHeader('www-authenticate', [...gate.challenges]);
  plain(response, 401, 'Who are you? See http.auth in the configuration of gruard.');
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`${text.trimEnd()}\n`);
}

/** A reader that went away is nobody's problem; anything else costs this answer, never the process. */
function fail(response: ServerResponse, problem: unknown): void {
  if (response.headersSent || response.destroyed) response.destroy();
  else plain(response, 500, problem instanceof Error ? problem.message : String(problem));
}

/**
 * Whoever listens beyond loopback meant to be reached by names that only he knows. On loopback, only names that no
 * foreign DNS server can give out; a request without Host comes from no browser.
 */
export function isHostAllowed(bound: string, host: string | undefined): boolean {
  if (!isLoopback(bound) || host === undefined) return true;
  const name = host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === '127.0.0.1' || name === '::1' || name === bound.toLowerCase();
}

function authority(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): GruardError {
  const address = authority(host, port);
  const why = cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message;
  return new GruardError('port_busy', `cannot listen on ${address}: ${why}`, { cause });
}
