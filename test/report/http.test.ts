import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpOptions, isHostAllowed, type Listener, startHttp } from '../../src/report/http.ts';
import type { HttpSettings } from '../../src/settings.ts';

const listeners: Listener[] = [];
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

const settings: HttpSettings = { host: '127.0.0.1', port: 0, anonymous: false, tls: undefined, auth: undefined };

async function start(more: Partial<HttpOptions> = {}): Promise<Listener> {
  const listener = await startHttp({
    settings,
    log: () => {},
    metrics: async (_request, response) => void response.end('metrics\n'),
    liveness: () => ({ ok: true, text: 'ok' }),
    readiness: () => ({ ok: false, text: 'lane 0: starting' }),
    ...more,
  });
  listeners.push(listener);
  return listener;
}

interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function ask(port: number, path: string, options: object = {}): Promise<Reply> {
  const request = httpRequest({ port, path, host: '127.0.0.1', agent: false, ...options }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

describe('the listener', () => {
  it('answers its four paths and no other', async () => {
    const { port, address, url } = await start();
    expect(address).toBe(`127.0.0.1:${port}`);
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(await ask(port, '/metrics?x=1')).toMatchObject({ status: 200, body: 'metrics\n' });
    expect(await ask(port, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await ask(port, '/readyz')).toMatchObject({ status: 503, body: 'lane 0: starting\n' });
    expect((await ask(port, '/')).body).toContain('/metrics');
    for (const path of ['/metric', '/metrics/', '//metrics', '/../metrics', 'http://127.0.0.1/metrics']) {
      expect((await ask(port, path)).status).toBe(404);
    }
  });

  it('only reads: other methods get 405, HEAD gets no body', async () => {
    const { port } = await start();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await ask(port, '/metrics', { method })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    }
    expect(await ask(port, '/healthz', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  it('refuses a name that a foreign DNS server could give out, and allows no other origin', async () => {
    const { port } = await start();
    const refused = await ask(port, '/metrics', {
      headers: { host: `evil.example:${port}`, origin: 'http://evil.example' },
    });
    expect(refused.status).toBe(403);
    expect(Object.keys(refused.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect((await ask(port, '/metrics', { headers: { host: `localhost:${port}` } })).status).toBe(200);
  });

  it('names the address that is busy', async () => {
    const { port } = await start();
    await expect(start({ settings: { ...settings, port } })).rejects.toMatchObject({
      code: 'port_busy',
      message: `cannot listen on 127.0.0.1:${port}: another program listens there`,
    });
  });

  it('bounds how long a request may take and how many connections there are', async () => {
    const { port } = await start();
    const servers: Server[] = [];
    const note = (message: unknown) => servers.push((message as { server: Server }).server);
    subscribe('http.server.request.start', note);
    await ask(port, '/healthz');
    unsubscribe('http.server.request.start', note);
    expect(servers[0]).toMatchObject({ headersTimeout: 10_000, requestTimeout: 15_000, maxConnections: 256 });
  });

  it('refuses headers beyond 16 kB', async () => {
    const { port } = await start();
    expect((await ask(port, '/healthz', { headers: { x: 'x'.repeat(20_000) } })).status).toBe(431);
  });

  it('turns a failed answer into 500 and goes on', async () => {
    const { port } = await start({ metrics: () => Promise.reject(new Error('broken')) });
    expect(await ask(port, '/metrics')).toMatchObject({ status: 500, body: 'broken\n' });
    expect((await ask(port, '/healthz')).status).toBe(200);
  });

  it('ends kept-alive, silent and half-spoken connections when it closes, and closes twice', async () => {
    const listener = await start();
    const sockets = ['GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', '', 'GET /healthz HTTP/1.1\r\nHos'].map(
      (said) => {
        const socket = connect(listener.port, '127.0.0.1');
        socket.on('error', () => {});
        if (said !== '') socket.write(said);
        return socket;
      },
    );
    const [kept] = sockets;
    if (kept !== undefined) await once(kept, 'data');
    const ended = sockets.map((socket) => new Promise((resolve) => socket.resume().once('close', resolve)));
    await Promise.all([listener.close(), listener.close()]);
    await Promise.all(ended);
    await expect(ask(listener.port, '/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('paths', () => {
  it.each([
    '/../../etc/passwd',
    '/metrics/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc/passwd',
    '/metrics%00',
    '/%6detrics',
    '/\\..\\..\\etc\\passwd',
    '//etc/passwd',
    `/${'x'.repeat(3000)}`,
    '/METRICS',
    '*',
  ])('lead to no file: %s', async (path) => {
    const { port } = await start();
    const { status, body } = await ask(port, path);
    expect(status).toBe(404);
    expect(body).toBe('There is /metrics, /healthz and /readyz.\n');
  });
});

describe('with credentials', () => {
  const token = 'a-token-of-the-test';
  const bearer = { authorization: `Bearer ${token}` };
  const guarded = { settings: { ...settings, auth: { bearer: token, basic: {} } } };

  it('everything but health is for those who have them', async () => {
    const { port } = await start(guarded);
    for (const path of ['/metrics', '/', '/nothing']) {
      const refused = await ask(port, path);
      expect(refused.status).toBe(401);
      expect(refused.headers['www-authenticate']).toBe('Bearer realm="gruard"');
      expect(refused.body).not.toContain('metrics');
    }
    expect(await ask(port, '/metrics', { headers: bearer })).toMatchObject({ status: 200, body: 'metrics\n' });
    expect((await ask(port, '/nothing', { headers: bearer })).status).toBe(404);
  });

  it('strangers learn whether it is healthy, and not what is wrong', async () => {
    const { port } = await start(guarded);
    expect(await ask(port, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await ask(port, '/readyz')).toMatchObject({ status: 503, body: 'not ok\n' });
    expect(await ask(port, '/readyz', { headers: bearer })).toMatchObject({ status: 503, body: 'lane 0: starting\n' });
    const wrong = { authorization: 'Bearer wrong' };
    expect(await ask(port, '/readyz', { headers: wrong })).toMatchObject({ status: 503, body: 'not ok\n' });
  });

  it('tells the log where a refused request came from, without what it sent', async () => {
    const lines: unknown[] = [];
    const { port } = await start({ ...guarded, log: (...line) => void lines.push(line) });
    await ask(port, '/metrics?secret', { headers: { authorization: 'Bearer wrong-token' } });
    expect(lines).toEqual([
      ['warn', 'http_refused', 'a request without valid credentials was refused', { from: '127.0.0.1' }],
    ]);
  });
});

describe('slow clients', () => {
  it('cannot keep a scrape out for longer than their headers may take', { timeout: 60_000 }, async () => {
    const { port } = await start();
    const sockets = Array.from({ length: 500 }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write('GET /metrics HTTP/1.1\r\nHost: loc');
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const from = performance.now();
    let status: number | undefined;
    while (status !== 200 && performance.now() - from < 30_000) {
      status = await ask(port, '/metrics').then(
        (reply) => reply.status,
        () => new Promise((resolve) => setTimeout(resolve, 250, undefined)),
      );
    }
    expect(status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });
});

describe('isHostAllowed', () => {
  it.each([
    ['127.0.0.1', 'localhost', true],
    ['127.0.0.1', 'LOCALHOST:9464', true],
    ['127.0.0.1', '127.0.0.1:9464', true],
    ['127.0.0.1', '[::1]:9464', true],
    ['127.0.0.1', undefined, true],
    ['127.0.0.1', 'evil.example:9464', false],
    ['127.0.0.1', 'localhost.evil.example', false],
    ['127.0.0.1', '', false],
    ['127.0.0.5', '127.0.0.5:9464', true],
    ['127.0.0.5', 'evil.example', false],
    ['localhost', 'evil.example', false],
    ['::1', '[::1]', true],
    ['::1', 'evil.example', false],
    ['0.0.0.0', 'gruard.monitoring.svc:9464', true],
    ['::', 'gruard.monitoring.svc:9464', true],
    ['10.0.0.7', 'gruard.example', true],
  ])('bound to %s, asked as %s: %s', (bound, host, allowed) => {
    expect(isHostAllowed(bound, host)).toBe(allowed);
  });
});
