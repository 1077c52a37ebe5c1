// Answers scrapes: one render for all who ask within a second, and never more than two answers on their way.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import type { Clock } from '../ports.ts';
import { CONTENT_TYPE } from './exposition.ts';

export interface Scraping {
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** `seconds` of the last complete render; undefined before the first. */
  stats(): { readonly seconds: number | undefined; readonly rejected: number };
}

interface Render {
  readonly body: Promise<readonly Buffer[]>;
  /** When it was complete; undefined until then. */
  doneMs: number | undefined;
}

const IN_FLIGHT_MAX = 2;
const FRESH_MS = 1000;
/** Longer than any scrape timeout; a reader that is slower would keep its place in flight for ever. */
const ANSWER_MS_MAX = 30_000;

/** `render` writes the whole exposition. It is called again only after its last call ended. */
export function newScraping(render: () => AsyncIterable<string>, clock: Clock): Scraping {
  let latest: Render | undefined;
  let inFlight = 0;
  let rejected = 0;
  let seconds: number | undefined;

  async function write(own: { doneMs: number | undefined }): Promise<readonly Buffer[]> {
    const startedMs = clock.monotonic();
    const pieces: Buffer[] = [];
    for await (const piece of render()) pieces.push(Buffer.from(piece));
    own.doneMs = clock.monotonic();
    seconds = (own.doneMs - startedMs) / 1000;
    return pieces;
  }

  function current(): Promise<readonly Buffer[]> {
    if (latest !== undefined && (latest.doneMs === undefined || clock.monotonic() - latest.doneMs < FRESH_MS)) {
      return latest.body;
    }
    const state: { doneMs: number | undefined } = { doneMs: undefined };
    const body = write(state);
    const started: Render = Object.assign(state, { body });
    latest = started;
    body.catch(() => {
      if (latest === started) latest = undefined;
    });
    return body;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (inFlight >= IN_FLIGHT_MAX) {
      rejected += 1;
      response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '1' });
      response.end('Two scrapes are in flight already.\n');
      return;
    }
    inFlight += 1;
    const tooSlow = setTimeout(() => response.destroy(), ANSWER_MS_MAX);
    try {
      await send(await current(), request, response);
    } finally {
      clearTimeout(tooSlow);
      inFlight -= 1;
    }
  }

  return { answer, stats: () => ({ seconds, rejected }) };
}

async function send(body: readonly Buffer[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('content-type', CONTENT_TYPE);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('vary', 'accept-encoding');
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  if (!acceptsGzip(request.headers['accept-encoding'])) {
    await pipeline(Readable.from(body), response);
    return;
  }
  response.setHeader('content-encoding', 'gzip');
  // The fastest level: half the time of the default one, and labels repeat so much that it still saves nine tenths.
  await pipeline(Readable.from(body), createGzip({ level: constants.Z_BEST_SPEED }), response);
}

/** `gzip` or `*`, unless its weight is 0. */
function acceptsGzip(accepted: string | string[] | undefined): boolean {
  const codings = String(accepted ?? '').toLowerCase();
  return codings.split(',').some((coding) => {
    const [name = '', ...parameters] = coding.split(';').map((part) => part.trim());
    return (name === 'gzip' || name === '*') && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
