// Answers scrapes from an exposition that was written ahead, as long as somebody asks now and then: so the time of an
// answer hangs neither on the number of series nor on a busy machine. Never more than two answers are on their way.

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

/** One exposition. */
export interface Rendering {
  readonly text: AsyncIterable<string>;
  /** Called once when the first reader has it: now what it showed for the last time may go. */
  shown(): Promise<void>;
}

/** Calls back after so many milliseconds; must not keep the process alive. */
export type Later = (ms: number, act: () => void) => void;

interface Body {
  readonly plain: readonly Buffer[];
  /** Compressed when the first one asks for it. */
  zipped: Promise<readonly Buffer[]> | undefined;
  readonly doneMs: number;
  readonly tookMs: number;
  shown: (() => Promise<void>) | undefined;
}

const IN_FLIGHT_MAX = 2;
/** Longer than any scrape timeout; a reader that is slower would keep its place in flight for ever. */
const ANSWER_MS_MAX = 30_000;
/** Who has asked within this time will ask again: longer than twice the usual intervals, 15 s and a minute. */
const ASKED_MS = 150_000;
/** Between two expositions. Writing them may take a twentieth of the time, but they are not to be too old. */
const EVERY_MS_MIN = 500;
const EVERY_MS_MAX = 5_000;
const WRITING_SHARE = 0.05;

const realLater: Later = (ms, act) => {
  setTimeout(act, ms).unref();
};

/** `render` begins a whole exposition. It is called again only after the text of the last one has ended. */
export function newScraping(render: () => Rendering, clock: Clock, later: Later = realLater): Scraping {
  const ahead = newAhead(render, clock, later);
  let inFlight = 0;
  let rejected = 0;

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
      const zip = acceptsGzip(request.headers['accept-encoding']);
      const body = await ahead.current(zip);
      await send(body, zip, request, response);
      if (request.method === 'HEAD') return;
      const { shown } = body;
      body.shown = undefined;
      await shown?.();
    } finally {
      clearTimeout(tooSlow);
      inFlight -= 1;
    }
  }

  return { answer, stats: () => ({ seconds: ahead.seconds, rejected }) };
}

interface Ahead {
  /** One that is fresh enough, or the next one. Somebody asks for it, compressed or not. */
  current(zip: boolean): Body | Promise<Body>;
  readonly seconds: number | undefined;
}

function newAhead(render: () => Rendering, clock: Clock, later: Later): Ahead {
  let ready: Body | undefined;
  let coming: Promise<Body> | undefined;
  let seconds: number | undefined;
  /** The first one who asks should not wait, either. */
  let askedMs = clock.monotonic();
  /** Who asked last took it compressed: then the next one is compressed ahead, too. */
  let zips = false;

  async function write(): Promise<Body> {
    const startedMs = clock.monotonic();
    const { text, shown } = render();
    const plain: Buffer[] = [];
    for await (const piece of text) plain.push(Buffer.from(piece));
    const doneMs = clock.monotonic();
    seconds = (doneMs - startedMs) / 1000;
    const zipped = zips ? compressed(plain) : undefined;
    await zipped;
    return { plain, zipped, doneMs, tookMs: clock.monotonic() - startedMs, shown };
  }

  function begin(): Promise<Body> {
    coming ??= write()
      .then((body) => {
        ready = body;
        prepareIn(everyMs(body), body);
        return body;
      })
      .finally(() => {
        coming = undefined;
      });
    return coming;
  }

  /** Writes the one after `body`, unless nobody asks any more or somebody was faster. */
  function prepareIn(ms: number, body: Body | undefined): void {
    later(ms, () => {
      if (ready !== body || clock.monotonic() - askedMs >= ASKED_MS) return;
      begin().catch(() => {}); // whoever asks next is told
    });
  }

  prepareIn(EVERY_MS_MIN, undefined);
  return {
    get seconds() {
      return seconds;
    },
    current(zip) {
      zips = zip;
      askedMs = clock.monotonic();
      return ready !== undefined && askedMs - ready.doneMs < 2 * everyMs(ready) ? ready : begin();
    },
  };
}

function everyMs({ tookMs }: Body): number {
  return Math.min(EVERY_MS_MAX, Math.max(EVERY_MS_MIN, tookMs / WRITING_SHARE));
}

async function send(body: Body, zip: boolean, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('content-type', CONTENT_TYPE);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('vary', 'accept-encoding');
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  if (zip) {
    response.setHeader('content-encoding', 'gzip');
    body.zipped ??= compressed(body.plain);
  }
  await pipeline(Readable.from(zip ? ((await body.zipped) ?? []) : body.plain), response);
}

/** By the fastest level: half the time of the default one; labels repeat so much that it still saves nine tenths. */
async function compressed(plain: readonly Buffer[]): Promise<readonly Buffer[]> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  const pieces: Buffer[] = [];
  await pipeline(Readable.from(plain), gzip, async (zipped: AsyncIterable<Buffer>) => {
    for await (const piece of zipped) pieces.push(piece);
  });
  return pieces;
}

/** `gzip` or `*`, unless its weight is 0. */
function acceptsGzip(accepted: string | string[] | undefined): boolean {
  const codings = String(accepted ?? '').toLowerCase();
  return codings.split(',').some((coding) => {
    const [name = '', ...parameters] = coding.split(';').map((part) => part.trim());
    return (name === 'gzip' || name === '*') && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
