import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type SecureVersion } from 'node:tls';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Listener, startHttp } from '../../src/report/http.ts';
import { newAuthority } from '../support/certificates.ts';

const authority = newAuthority();
afterAll(() => authority.remove());
const ca = readFileSync(authority.ca);
const [first, second] = [authority.issue('first'), authority.issue('second')];

let folder: string;
let listener: Listener;
let lines: string[];
const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gruard-'));
  copyFileSync(first.cert, at('cert'));
  copyFileSync(first.key, at('key'));
  lines = [];
  listener = await startHttp({
    settings: {
      host: '127.0.0.1',
      port: 0,
      anonymous: false,
      tls: { cert: at('cert'), key: at('key') },
      auth: undefined,
    },
    renewEveryMs: 50,
    log: (_level, code) => void lines.push(code),
    metrics: async (_request, response) => void response.end('metrics\n'),
    liveness: () => ({ ok: true, text: 'ok' }),
    readiness: () => ({ ok: true, text: 'ready' }),
  });
});
afterEach(async () => {
  await listener.close();
  rmSync(folder, { recursive: true });
});

interface Seen {
  readonly subject: string;
  readonly protocol: string | null;
  readonly body: string;
}

function look(maxVersion: SecureVersion = 'TLSv1.3'): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const options = { port: listener.port, host: '127.0.0.1', ca, minVersion: 'TLSv1' as const, maxVersion };
    const socket = connect({ ...options, ciphers: 'DEFAULT@SECLEVEL=0' }, () => {
      const subject = String(socket.getPeerCertificate().subject.CN);
      const protocol = socket.getProtocol();
      socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      text(socket).then((body) => resolve({ subject, protocol, body }), reject);
    });
    socket.on('error', reject);
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const from = performance.now(); !(await condition()); ) {
    if (performance.now() - from > 20_000) throw new Error(`did not happen; the log: ${lines.join()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('the listener with a certificate', { timeout: 60_000 }, () => {
  it('speaks TLS 1.2 and newer, and nothing older or plain', async () => {
    expect(listener.url).toBe(`https://127.0.0.1:${listener.port}`);
    expect(await look()).toMatchObject({ subject: 'first', protocol: 'TLSv1.3' });
    expect((await look('TLSv1.2')).protocol).toBe('TLSv1.2');
    expect((await look()).body).toContain('metrics\n');
    await expect(look('TLSv1.1')).rejects.toThrow(/alert protocol version|unsupported protocol/);
    await expect(fetch(`http://127.0.0.1:${listener.port}/metrics`)).rejects.toThrow();
  });

  it('shows a renewed one to new connections', async () => {
    copyFileSync(second.cert, at('cert'));
    copyFileSync(second.key, at('key'));
    await until(async () => (await look()).subject === 'second');
    expect(lines).toContain('certificate_renewed');
  });

  it('keeps the old one while the files are half renewed, broken or away', async () => {
    copyFileSync(second.cert, at('cert'));
    await until(() => lines.includes('certificate_unusable'));
    expect((await look()).subject).toBe('first');
    writeFileSync(at('cert'), 'not a certificate');
    rmSync(at('key'));
    lines.length = 0;
    await until(() => lines.includes('certificate_unusable'));
    expect((await look()).subject).toBe('first');
    copyFileSync(second.cert, at('cert'));
    copyFileSync(second.key, at('key'));
    await until(async () => (await look()).subject === 'second');
  });

  it("passes the image's healthcheck", async () => {
    const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
    const command = JSON.parse(/^ *CMD (\["node", "-e".*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
    const check = async (port: number): Promise<unknown> => {
      const [, ...args] = command.map((word) => word.replace('port: 9464', `port: ${port}`));
      const [code] = await once(spawn(process.execPath, args, { stdio: 'ignore' }), 'exit');
      return code;
    };
    expect(await check(listener.port)).toBe(0);
    const { port } = listener;
    await listener.close();
    expect(await check(port)).toBe(1);
  });

  it('closes although somebody hangs in the middle of a handshake', async () => {
    const socket = connectPlain(listener.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(Buffer.from([0x16, 0x03, 0x01]));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const from = performance.now();
    await listener.close();
    expect(performance.now() - from).toBeLessThan(5_000);
    socket.destroy();
  });

  it('does not start without its files', async () => {
    const tls = { cert: '/no/such', key: at('key') };
    const settings = { host: '127.0.0.1', port: 0, anonymous: false, tls, auth: undefined };
    const never = (): never => {
      throw new Error('not asked');
    };
    const starting = startHttp({ settings, log: () => {}, metrics: never, liveness: never, readiness: never });
    await expect(starting).rejects.toMatchObject({ code: 'config_invalid' });
  });
});
