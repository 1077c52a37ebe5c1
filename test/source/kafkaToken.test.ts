import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { TokenSettings } from '../../src/settings.ts';
import { newTokenProvider } from '../../src/source/kafkaToken.ts';
import { newAuthority } from '../support/certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'gruard-'));
const authority = newAuthority();
afterAll(() => {
  rmSync(folder, { recursive: true });
  authority.remove();
});
const clock = { ms: 0, now: () => clock.ms, monotonic: () => clock.ms };
const SECRET = 's3cret/with+odd characters';
const TOKEN = 'eyJhbGciOiJub25lIn0.e30.';

/** What a rejected provider says; it must be a refusal without any of the secrets. */
async function refusal(settings: TokenSettings): Promise<string> {
  const error: unknown = await newTokenProvider(settings, clock)().catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'kafka_auth' });
  const { message, cause } = error as Error;
  expect(cause).toBeUndefined();
  for (const hidden of [SECRET, TOKEN, 'canary']) expect(message).not.toContain(hidden);
  return message;
}

describe('a token from a file', () => {
  const file = join(folder, 'token');
  const settings = { kind: 'file', file } as const;

  it('is read again each time', async () => {
    const provider = newTokenProvider(settings, clock);
    writeFileSync(file, `${TOKEN}\n`);
    expect(await provider()).toBe(TOKEN);
    writeFileSync(file, '  another.token=  \r\n');
    expect(await provider()).toBe('another.token=');
  });

  it('is refused when it is none, without being shown', async () => {
    for (const content of ['', '\n', 'canary canary', 'canary\u0001auth', '{"canary":1}', 'canary\nx']) {
      writeFileSync(file, content);
      expect(await refusal(settings)).toBe(`kafka.sasl.oauth.file: ${file} gives no bearer token`);
    }
    writeFileSync(file, 'x'.repeat(65_537));
    expect(await refusal(settings)).toBe(`kafka.sasl.oauth.file: ${file} has more than 65536 bytes`);
    expect(await refusal({ kind: 'file', file: '/no/such' })).toBe(
      'kafka.sasl.oauth.file: /no/such cannot be read (ENOENT)',
    );
    expect(await refusal({ kind: 'file', file: folder })).toContain('cannot be read (EISDIR)');
  });
});

describe('a token from an endpoint', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  interface Asked {
    readonly headers: IncomingMessage['headers'];
    readonly method: string | undefined;
    readonly body: string;
  }

  async function endpoint(
    answer: (response: ServerResponse, count: number) => void,
    secure = false,
  ): Promise<{ readonly url: string; readonly asked: Asked[] }> {
    const asked: Asked[] = [];
    const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      asked.push({ headers: request.headers, method: request.method, body: await text(request) });
      answer(response, asked.length);
    };
    const pair = authority.issue('endpoint');
    const server = secure
      ? createSecureServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, handle)
      : createServer(handle);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return { url: `${secure ? 'https' : 'http'}://127.0.0.1:${port}/token?canary=1`, asked };
  }

  const settings = (url: string, ca?: string) =>
    ({ kind: 'endpoint', url, clientId: 'client:id', clientSecret: SECRET, scope: 'a b', ca }) as const;
  const giving = (life: number) => (response: ServerResponse, count: number) =>
    void response.end(JSON.stringify({ access_token: `${TOKEN}${count}`, token_type: 'bearer', expires_in: life }));

  it('is asked for as RFC 6749 wants it', async () => {
    const { url, asked } = await endpoint(giving(60));
    expect(await newTokenProvider(settings(url), clock)()).toBe(`${TOKEN}1`);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'POST', body: 'grant_type=client_credentials&scope=a+b' });
    const [, login = ''] = asked[0]?.headers.authorization?.split(' ') ?? [];
    expect(Buffer.from(login, 'base64').toString().split(':').map(decodeURIComponent)).toEqual(['client:id', SECRET]);
  });

  it('serves all who ask at once, and later ones until four fifths of its life are over', async () => {
    const { url, asked } = await endpoint(giving(100));
    const provider = newTokenProvider(settings(url), clock);
    clock.ms = 0;
    expect(await Promise.all([provider(), provider(), provider()])).toEqual([1, 1, 1].map((n) => `${TOKEN}${n}`));
    clock.ms = 79_999;
    expect(await provider()).toBe(`${TOKEN}1`);
    clock.ms = 80_000;
    expect(await provider()).toBe(`${TOKEN}2`);
    expect(asked).toHaveLength(2);
  });

  it('is asked for each time where its life is not known, and again after a failure', async () => {
    const { url, asked } = await endpoint((response, count) => {
      if (count === 2) response.statusCode = 500;
      response.end(JSON.stringify({ access_token: TOKEN }));
    });
    const provider = newTokenProvider(settings(url), clock);
    expect(await provider()).toBe(TOKEN);
    await expect(provider()).rejects.toMatchObject({ code: 'kafka_auth' });
    expect(await provider()).toBe(TOKEN);
    expect(asked).toHaveLength(3);
  });

  it('comes over TLS from whom the authority knows, and from nobody else', async () => {
    const { url } = await endpoint(giving(60), true);
    expect(await newTokenProvider(settings(url, readFileSync(authority.ca, 'utf8')), clock)()).toBe(`${TOKEN}1`);
    expect(await refusal(settings(url))).toMatch(/does not answer \((UNABLE_TO_VERIFY|SELF_SIGNED)\w*\)$/);
  });

  it.each([
    [401, '{"error":"invalid_client","error_description":"canary"}', 'answers 401 invalid_client'],
    [400, '{"error":"canary <b>"}', 'answers 400'],
    [302, '', 'answers 302'],
    [200, 'canary', 'gives no bearer token'],
    [200, '{"access_token":5}', 'gives no bearer token'],
    [200, '{"access_token":"canary canary"}', 'gives no bearer token'],
    [200, 'null', 'gives no bearer token'],
    [200, 'x'.repeat(100_000), 'answers more than 65536 bytes'],
  ])('is refused when it answers %d %o', async (status, body, what) => {
    const { url } = await endpoint((response) => void response.writeHead(status).end(body));
    const shown = url.replace('?canary=1', '');
    expect(await refusal(settings(url))).toBe(`kafka.sasl.oauth.url: ${shown} ${what}`);
  });

  it('is refused when nobody answers', async () => {
    const { url } = await endpoint(giving(1));
    for (const server of servers.splice(0)) server.close();
    expect(await refusal(settings(url))).toContain('does not answer (ECONNREFUSED)');
  });
});
