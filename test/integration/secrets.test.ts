// Secrets in files, variables and headers, and everything that can go wrong around them: none may come out anywhere.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { request as secureRequest } from 'node:https';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Canaries, newCanaries } from '../support/canaries.ts';
import { newAuthority } from '../support/certificates.ts';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { faultyBuild } from '../support/faultyBuild.ts';
import { createTopic, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';
import { startSecureBroker, unsignedToken } from '../support/secureBroker.ts';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const STREAMS = 'streams:\n  a: { topic: TOPIC, value: $.v, time: { path: $.t }, model: { cell: last } }\n';

/** A line from the middle of a key. */
function keyLine(path: string): string {
  return readFileSync(path, 'utf8').split('\n')[1] ?? '';
}

it('are found by the search when they do come out', () => {
  const canaries = newCanaries();
  const secret = canaries.secret('it');
  const forms = [
    secret,
    encodeURIComponent(secret),
    `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
    JSON.stringify({ password: secret }),
    Buffer.concat([Buffer.from([0, 255]), Buffer.from(secret), Buffer.from([1])]),
  ];
  for (const form of forms) canaries.heard('here', form);
  canaries.heard('there', secret.slice(2));
  expect(canaries.found()).toEqual(forms.map(() => 'it in here'));
});

describe.runIf(kafkaToolsReady(inject('brokers')))('secrets', () => {
  let broker: Awaited<ReturnType<typeof startSecureBroker>>;
  let folder: Awaited<ReturnType<typeof workFolder>>;
  let canaries: Canaries;
  let topic: string;
  let env: Record<string, string>;
  const authority = newAuthority();
  const running: Daemon[] = [];
  const servers: Server[] = [];
  const paths: Record<string, string> = {};

  beforeAll(async () => {
    broker = await startSecureBroker();
    folder = await workFolder();
    canaries = newCanaries();
    topic = freshName('canary');
    await createTopic(broker.brokers, topic, 1);
    canaries.add('right password', broker.password);
    env = {
      CANARY_PASSWORD: canaries.secret('wrong password'),
      RIGHT_PASSWORD: broker.password,
      UNRELATED_SECRET: canaries.secret('variable that is not used'),
    };
    for (const [name, pair] of Object.entries({
      client: broker.authority.issue('client'),
      http: authority.issue('l'),
    })) {
      Object.assign(paths, { [`${name}Cert`]: pair.cert, [`${name}Key`]: pair.key });
      canaries.add(`key of ${name}`, keyLine(pair.key));
    }
    for (const name of ['bearer', 'client secret', 'reader password']) {
      paths[name] = await folder.file(name.replace(' ', '-'), `${canaries.secret(name)}\n`);
    }
    paths['token'] = await folder.file('token', canaries.add('token', unsignedToken(-60)));
    const input = readFileSync(paths['reader password'] ?? '');
    const { stdout, stderr } = spawnSync(process.execPath, [MAIN, 'config', 'hash'], { input, encoding: 'utf8' });
    canaries.heard('config hash', stderr);
    expect(stdout).toMatch(/^\$scrypt\$\S+\n$/);
    paths['hash'] = await folder.file('hash', stdout);
    canaries.add('hash', stdout.trim());
  }, 120_000);
  afterAll(async () => {
    for (const daemon of running) await daemon.stop('SIGKILL');
    for (const server of servers) server.close();
    authority.remove();
    await folder?.remove();
    await broker?.stop();
  });

  const secretOf = (name: string): string => readFileSync(paths[name] ?? '', 'utf8').trim();

  function kafka(sasl: string, listener: 'SASL' | 'MUTUAL' = 'SASL'): string {
    const pair = `cert: "${paths['clientCert']}", key: "${paths['clientKey']}"`;
    const brokers = `brokers: ["${broker.at(listener)}"], group: ${freshName('group')}`;
    return `kafka: { ${brokers}, tls: { ca: "${broker.authority.ca}", ${pair} }, sasl: ${sasl} }\n`;
  }
  const user = (password: string, mechanism = 'scram-sha-512'): string =>
    `{ mechanism: ${mechanism}, username: gruard, password: "${password}" }`;
  const http = (): string =>
    `http:
  listen: 127.0.0.1:0
  tls: { cert: "${paths['httpCert']}", key: "${paths['httpKey']}" }
  auth: { bearer: "\${file:${paths['bearer']}}", basic: { reader: "\${file:${paths['hash']}}" } }
`;
  const rest = (state: string): string =>
    `lanes: 1\nlog: { level: debug }\nstate: { dir: "${folder.path}/${state}", every: 1s }\n${STREAMS}`;
  let files = 0;
  const write = (content: string): Promise<string> =>
    folder.file(`${files++}.yaml`, content.replaceAll('TOPIC', topic));

  /** Runs a command to its end. */
  function command(name: string, args: readonly string[]): number | null {
    const options = { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 50_000 } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], options);
    canaries.heard(name, stdout + stderr);
    return status;
  }
  function start(args: readonly string[], more: Parameters<typeof startDaemon>[3] = {}, input?: string): Daemon {
    const daemon = startDaemon(args, { GRUARD_KAFKA_SESSION_MS: '6000', ...env }, input, more);
    running.push(daemon);
    return daemon;
  }
  async function ended(name: string, daemon: Daemon): Promise<number | string> {
    const exit = await daemon.exited;
    canaries.heard(name, daemon.stdout() + daemon.stderr());
    return exit;
  }
  /** Body of the last answer. */
  let last = '';
  /** Status of an answer; its head and body are heard. */
  async function ask(url: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<number> {
    return await new Promise((resolve, reject) => {
      const options = { ca: readFileSync(authority.ca), headers, method, agent: false, servername: 'localhost' };
      const request = secureRequest(`${url}${path}`, options, (response) => {
        text(response).then((body) => {
          canaries.heard(`${method} ${path}`, JSON.stringify(response.rawHeaders) + body);
          last = body;
          resolve(response.statusCode ?? 0);
        }, reject);
      });
      request.on('error', reject);
      request.end();
    });
  }

  it('stay in where a configuration is wrong', { timeout: 120_000 }, async () => {
    const inline = canaries.secret('in the file itself');
    const faults = [
      `${kafka(user(inline))}lanes: "\${env:CANARY_PASSWORD}"\n`,
      `kafka: { sasl: { mechanism: plain, username: u, pasword: "${inline}" } }\n`,
      `kafka: { sasl: { mechanism: plain, username: u, password: [${inline}] } }\n`,
      `kafka:\n  sasl:\n    password: "${inline}\n`,
      `kafka: { sasl: "${inline}" }\n`,
      `kafka: { group: "\${file:${paths['token']}}", sasl: ${user('')} }\n`,
      `kafka: { sasl: { mechanism: oauthbearer, oauth: { url: "https://u:${inline}@login.example/" } } }\n`,
      `kafka: { sasl: { mechanism: oauthbearer, oauth: "${inline}" } }\n`,
      `http: { listen: "\${env:CANARY_PASSWORD}" }\n`,
      `http: { auth: { bearer: { a: "${inline}" } } }\n`,
      `http: { auth: { basic: { reader: "${inline}" } } }\n`,
      `http: { auth: { basci: { reader: "${inline}" } } }\n`,
      `http: { auth: { bearer: ${inline} }\n`,
      `http: { auth: "${inline}", tls: { cert: "${paths['httpKey']}", key: "${paths['clientKey']}" } }\n`,
      `state: { every: "\${file:${paths['bearer']}}" }\nlog: { level: "\${env:CANARY_PASSWORD}" }\n`,
      `kafka: { tls: { ca: "${paths['clientKey']}" } }\n`,
    ];
    for (const [index, fault] of faults.entries()) {
      const path = await write(fault + STREAMS);
      for (const words of [['validate', '--offline'], ['run']]) {
        expect(command(`${words[0]} of fault ${index}`, [...words, path]), fault.slice(0, 60)).toBe(78);
      }
    }
    const data = await folder.file('data.csv', 'timestamp,value\n2026-01-01T00:00:00Z,1\n');
    const valid = await write(kafka(user(inline, 'plain')) + http() + rest('none'));
    expect(command('validate --offline', ['validate', '--offline', valid])).toBe(0);
    expect(command('backtest', ['backtest', '--config', valid, '--out', `${folder.path}/results`, data])).toBe(0);
    expect(canaries.heardFiles(`${folder.path}/results`)).toBe(3);
    expect(canaries.found()).toEqual([]);
  });

  it('stay in where the brokers or the authorisation server refuse', { timeout: 300_000 }, async () => {
    const server = createServer((request, response) => {
      text(request).then(
        (body) => {
          response.statusCode = 401;
          response.end(JSON.stringify({ error: 'invalid_client', echo: [request.headers.authorization, body] }));
        },
        () => {},
      );
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const client = `client_id: c, client_secret: "\${file:${paths['client secret']}}"`;
    const refused = [
      kafka(user(`\${env:CANARY_PASSWORD}`)),
      kafka(user(`\${env:CANARY_PASSWORD}`, 'plain')),
      kafka(user(`\${env:CANARY_PASSWORD}`, 'scram-sha-256')),
      kafka(user(`\${env:RIGHT_PASSWORD}`), 'MUTUAL'),
      kafka(`{ mechanism: oauthbearer, oauth: { file: "${paths['token']}" } }`),
      kafka(`{ mechanism: oauthbearer, oauth: { file: "${paths['clientKey']}" } }`),
      kafka(`{ mechanism: oauthbearer, oauth: { url: "${url}", ${client} } }`),
    ];
    for (const [index, part] of refused.entries()) {
      const path = await write(part + http() + rest(`refused-${index}`));
      expect(command(`validate ${index}`, ['validate', path]), part).toBe(77);
      const daemon = start(['run', path]);
      await until('it is refused', () => daemon.stderr().includes('"code":"kafka_auth"'), daemon);
      await ask(await daemon.url(), '/readyz', { authorization: `Bearer ${secretOf('bearer')}` });
      await daemon.stop();
      expect(await ended(`run ${index}`, daemon)).toBe(0);
    }
    expect(canaries.found()).toEqual([]);
  });

  it('stay in while all goes well, whatever readers ask', { timeout: 120_000 }, async () => {
    const path = await write(kafka(user(`\${env:RIGHT_PASSWORD}`)) + http() + rest('state'));
    expect(command('validate', ['validate', path])).toBe(0);
    const daemon = start(['run', path]);
    const url = await daemon.url();
    const bearer = { authorization: `Bearer ${secretOf('bearer')}` };
    const basic = (password: string): Record<string, string> => ({
      authorization: `Basic ${Buffer.from(`reader:${password}`).toString('base64')}`,
    });
    await until('it is ready', async () => (await ask(url, '/readyz', bearer)) === 200, daemon);
    const metrics = async (): Promise<string> => {
      await ask(url, '/metrics', bearer);
      return last;
    };
    const lines = Array.from({ length: 200 }, (_, n) => JSON.stringify({ t: 1.8e12 + n * 1000, v: n % 7 }));
    await produceLines(broker.brokers, topic, [...lines, 'broken']);
    await until('all is read', async () => /_offset\{.*\} 201\n/.test(await metrics()), daemon);
    expect(await ask(url, '/metrics')).toBe(401);
    expect(await ask(url, '/metrics', { authorization: `Bearer ${env['CANARY_PASSWORD']}` })).toBe(401);
    expect(await ask(url, '/metrics', basic(env['CANARY_PASSWORD'] ?? ''))).toBe(401);
    expect(await ask(url, '/metrics', basic(secretOf('reader password')))).toBe(200);
    for (const asked of ['/metrics', '/healthz', '/readyz', '/page', '/', '/config', '/debug', '/api/v1/status']) {
      for (const headers of [{}, bearer]) await ask(url, asked, headers);
    }
    expect(await ask(url, '/metrics', bearer, 'POST')).toBe(405);
    expect(await ask(url, '/metrics', { ...bearer, host: 'evil.example' })).toBe(403);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await daemon.stop();
    expect(await ended('run', daemon)).toBe(0);
    expect(canaries.heardFiles(`${folder.path}/state`)).toBeGreaterThan(0);
    expect(canaries.found()).toEqual([]);
  });

  it('stay in where gruard cannot start, or breaks', { timeout: 120_000 }, async () => {
    const busy = createNetServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => busy.once('listening', resolve));
    const good = kafka(user(`\${env:RIGHT_PASSWORD}`)) + http();
    const path = await write(good + rest('broken'));
    const port = (busy.address() as AddressInfo).port;
    expect(command('busy port', ['run', path, '--listen', `127.0.0.1:${port}`])).toBe(69);
    busy.close();
    writeFileSync(join(folder.path, 'plain-file'), '');
    expect(command('no directory', ['run', await write(good + rest('plain-file'))])).toBe(73);

    const faults = [
      ['report/merge.js', 'export function accept(merge, report) {', 1],
      ['laneInput.js', 'export function newInput(task, clock, log, onGap) {', 1],
    ] as const;
    for (const [file, before, exit] of faults) {
      const at = join(folder.path, file.replaceAll('/', '-'));
      await mkdir(at);
      const main = faultyBuild(at, file, before, `${before} Promise.reject(new TypeError('planted fault'));`);
      const daemon = start(['run', path], { main });
      expect(await ended(`fault in ${file}`, daemon), daemon.stderr()).toBe(exit);
      expect(daemon.stderr()).toContain('planted fault');
    }
    expect(canaries.found()).toEqual([]);
    expect(canaries.length).toBeGreaterThan(50_000);
  });

  it('do not change the hash of the configuration, on which they could be tried', { timeout: 60_000 }, async () => {
    const shaOf = async (password: string, group: string): Promise<string> => {
      const path = await folder.file(
        'sha.yaml',
        `kafka: { group: ${group}, sasl: ${user(password)} }\nhttp: { listen: 127.0.0.1:0 }\n${STREAMS}`,
      );
      const daemon = start(['run', path, '--replay', '-', '--topic', 'TOPIC'], { inputStaysOpen: true }, '\n');
      const body = await (await fetch(`${await daemon.url()}/metrics`)).text();
      await daemon.stop();
      return /gruard_config_info\{sha="(\w+)"/.exec(body)?.[1] ?? '';
    };
    const sha = await shaOf('one-password', 'g');
    expect(sha).toMatch(/^[0-9a-f]{12}$/);
    expect(await shaOf('another-password', 'g')).toBe(sha);
    expect(await shaOf('one-password', 'h')).not.toBe(sha);
  });
});
