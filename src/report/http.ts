// The one listener: metrics and health. Bounded in headers, time and connections, and deaf to web pages that reach it
// by a name of their own (DNS rebinding).

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, BlockList, isIP } from 'node:net';
import { GruardError } from '../errors.ts';
import type { Verdict } from './health.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly metrics: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly liveness: () => Verdict;
  readonly readiness: () => Verdict;
}

export interface Listener {
  readonly port: number;
  /** `host:port` as a URL has it. */
  readonly address: string;
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

/** Resolves when it listens; rejects with `port_busy` when it cannot. */
export async function startHttp(options: HttpOptions): Promise<Listener> {
  const { host, port } = options;
  const server = createServer(LIMITS, (request, response) => {
    answer(options, request, response).catch((problem: unknown) => fail(response, problem));
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(host, port, cause)));
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const impatient = setTimeout(() => server.closeAllConnections(), CLOSE_MS_MAX);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    clearTimeout(impatient);
  };
  return {
    port: bound.port,
    address: authority(host, bound.port),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

async function answer(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff');
  if (!isHostAllowed(options.host, request.headers.host)) {
    plain(
      response,
      403,
      `Not for this Host: use localhost, 127.0.0.1 or ${options.host}, or listen on another address.`,
    );
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    plain(response, 405, 'Only GET and HEAD.');
    return;
  }
  const [path = ''] = (request.url ?? '').split('?', 1);
  switch (path) {
    case '/metrics':
      await options.metrics(request, response);
      return;
    case '/healthz':
      verdict(response, options.liveness());
      return;
    case '/readyz':
      verdict(response, options.readiness());
      return;
    case '/':
      plain(response, 200, INDEX);
      return;
    default:
      plain(response, 404, 'There is /metrics, /healthz and /readyz.');
  }
}

function verdict(response: ServerResponse, { ok, text }: Verdict): void {
  plain(response, ok ? 200 : 503, text);
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

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

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

function isLoopback(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return address.toLowerCase() === 'localhost';
  return loopback.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

function authority(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): GruardError {
  const address = authority(host, port);
  const why = cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message;
  return new GruardError('port_busy', `cannot listen on ${address}: ${why}`, { cause });
}
