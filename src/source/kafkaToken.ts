// Bearer tokens for SASL OAUTHBEARER: from a file that somebody else renews, or from the endpoint of an authorisation
// server (RFC 6749, 4.4). No message ever holds a token or an answer of the endpoint.

import { type FileHandle, open } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { GruardError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { TokenSettings } from '../settings.ts';

/** Tokens and answers are of this size at most; real ones have a few kilobytes. */
const BYTES_MAX = 65_536;
const ANSWER_MS_MAX = 10_000;
/** Share of its life after which a token is not given to a new connection any more. */
const FRESH_SHARE = 0.8;
/** RFC 6750, 2.1. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Gives a token that is valid now; rejects with `kafka_auth`, which says where it looked and what was wrong there. */
export type TokenProvider = () => Promise<string>;

export function newTokenProvider(settings: TokenSettings, clock: Clock): TokenProvider {
  switch (settings.kind) {
    case 'file':
      // Each time: whoever renews the file tells nobody.
      return () => tokenOfFile(settings.file);
    case 'endpoint':
      return tokenOfEndpoint(settings, clock);
  }
}

async function tokenOfFile(path: string): Promise<string> {
  const where = `kafka.sasl.oauth.file: ${path}`;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BYTES_MAX + 1), 0, BYTES_MAX + 1, 0);
    if (bytesRead > BYTES_MAX) throw refusal(`${where} has more than ${BYTES_MAX} bytes`);
    return checked(buffer.toString('latin1', 0, bytesRead).trim(), where);
  } catch (error) {
    if (error instanceof GruardError) throw error;
    throw refusal(`${where} cannot be read (${codeOf(error)})`);
  } finally {
    await handle?.close();
  }
}

type Endpoint = Extract<TokenSettings, { kind: 'endpoint' }>;

interface Held {
  readonly token: string;
  readonly untilMs: number;
}

/** One question at a time; its answer serves all connections until most of its life is over. */
function tokenOfEndpoint(endpoint: Endpoint, clock: Clock): TokenProvider {
  let held: Held | undefined;
  let asking: Promise<Held> | undefined;
  return async () => {
    if (held !== undefined && clock.monotonic() < held.untilMs) return held.token;
    asking ??= askEndpoint(endpoint, clock).finally(() => {
      asking = undefined;
    });
    held = await asking;
    return held.token;
  };
}

async function askEndpoint(endpoint: Endpoint, clock: Clock): Promise<Held> {
  const where = `kafka.sasl.oauth.url: ${shownUrl(endpoint.url)}`;
  const askedMs = clock.monotonic();
  const { status, text } = await post(endpoint).catch((error: unknown) => {
    if (error instanceof GruardError) throw error;
    throw refusal(`${where} does not answer (${codeOf(error)})`);
  });
  const answer = parsed(text);
  if (status !== 200) {
    const { error } = answer;
    // A code of RFC 6749, 5.2, or none: never what else an endpoint may say.
    const reason = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` ${error}` : '';
    throw refusal(`${where} answers ${status}${reason}`);
  }
  const { access_token: token, expires_in: seconds } = answer;
  const lifeMs = Number(seconds) > 0 ? Number(seconds) * 1000 : 0;
  return { token: checked(token, where), untilMs: askedMs + lifeMs * FRESH_SHARE };
}

function post({ url, clientId, clientSecret, scope, ca }: Endpoint): Promise<{ status: number; text: string }> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) });
  // Encoded before they are joined: RFC 6749, 2.3.1.
  const login = [clientId, clientSecret].map(encodeURIComponent).join(':');
  const options = {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(login).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    agent: false,
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
    ...(ca === undefined ? {} : { ca }),
  } as const;
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(url, options, (response) => {
      let text = '';
      response.setEncoding('latin1');
      response.on('error', reject);
      response.on('data', (piece: string) => {
        text += piece;
        if (text.length <= BYTES_MAX) return;
        reject(refusal(`kafka.sasl.oauth.url: ${shownUrl(url)} answers more than ${BYTES_MAX} bytes`));
        request.destroy();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end(form.toString());
  });
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function checked(token: unknown, where: string): string {
  if (typeof token === 'string' && TOKEN.test(token)) return token;
  throw refusal(`${where} gives no bearer token`);
}

/** Without user, password and query. */
function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Without a cause: the original may hold headers. */
function refusal(text: string): GruardError {
  return new GruardError('kafka_auth', text);
}
