// A real broker that wants to know who is there: every way in works, and every way out says what is wrong.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { KafkaSettings, Settings } from '../../src/settings.ts';
import { checkKafka } from '../../src/source/kafkaCheck.ts';
import { newAuthority } from '../support/certificates.ts';
import { type Daemon, startDaemon, until, workFolder } from '../support/daemon.ts';
import { consumeAll, createTopic, freshName, kafkaToolsReady, produceLines } from '../support/kafkaTools.ts';
import { startSecureBroker, unsignedToken } from '../support/secureBroker.ts';

const START = Date.UTC(2026, 0, 5);

type Secure = Awaited<ReturnType<typeof startSecureBroker>>;

/** Where a daemon comes in; `tls` as YAML. */
interface Way {
  readonly listener: Parameters<Secure['at']>[0];
  readonly tls: string;
}

describe.runIf(kafkaToolsReady(inject('brokers')))('a broker that asks who is there', () => {
  let broker: Secure;
  let stranger: ReturnType<typeof newAuthority>;
  let folder: Awaited<ReturnType<typeof workFolder>>;
  let running: Daemon[];
  let topic: string;
  beforeAll(async () => {
    broker = await startSecureBroker();
    stranger = newAuthority();
    topic = freshName('secure');
    await createTopic(broker.brokers, topic, 1);
  }, 120_000);
  afterAll(async () => {
    await broker?.stop();
    stranger?.remove();
  });
  beforeEach(async () => {
    folder = await workFolder();
    running = [];
  });
  afterEach(async () => {
    for (const daemon of running) await daemon.stop('SIGKILL');
    await folder.remove();
  });

  const read = (path: string): string => readFileSync(path, 'utf8');
  const own = (): { ca: string } => ({ ca: read(broker.authority.ca) });
  const user = (more: object = {}): KafkaSettings['sasl'] => ({
    mechanism: 'scram-sha-512',
    username: 'gruard',
    password: broker.password,
    ...more,
  });

  /** What `gruard validate` would say of these, each as `code text`. */
  async function problems(
    at: Parameters<Secure['at']>[0] | 'PLAINTEXT',
    rest: Partial<KafkaSettings>,
  ): Promise<string[]> {
    const brokers = [at === 'PLAINTEXT' ? broker.brokers : broker.at(at)];
    const none = { tls: undefined, sasl: undefined, verifyCrc: false, onBadBatch: 'pause' } as const;
    const kafka: KafkaSettings = { brokers, group: 'g', ...none, ...rest };
    const stream = { name: 's', topics: [topic] };
    // Only what the check looks at.
    const sinks = { events: undefined, rejects: undefined };
    const settings = { kafka, streams: [stream], sinks, state: { store: 'file' } };
    const found = await checkKafka(settings as unknown as Settings, () => {});
    for (const { text } of found) expect(text).not.toContain(broker.password);
    return found.map(({ code, text }) => `${code} ${text}`);
  }

  const token = async (text: string): Promise<KafkaSettings['sasl']> => ({
    mechanism: 'oauthbearer',
    token: { kind: 'file', file: await folder.file('token', text) },
  });

  it('lets in over TLS, with a certificate and without', async () => {
    expect(await problems('TLS', { tls: own() })).toEqual([]);
    const { cert, key } = broker.authority.issue('client');
    expect(await problems('MUTUAL', { tls: { ...own(), cert: read(cert), key: read(key) } })).toEqual([]);
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('lets in a user by %s', async (mechanism) => {
    expect(await problems('SASL', { tls: own(), sasl: user({ mechanism }) })).toEqual([]);
    expect(await problems('OPEN', { sasl: user({ mechanism }) })).toEqual([]);
  });

  it('lets in a token of a file, or of an authorisation server', async () => {
    expect(await problems('SASL', { tls: own(), sasl: await token(unsignedToken(60)) })).toEqual([]);
    const server = createServer((_request, response) => {
      response.end(JSON.stringify({ access_token: unsignedToken(60), expires_in: 60 }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const login = { clientId: 'c', clientSecret: 's', scope: undefined, ca: undefined };
    const sasl = { mechanism: 'oauthbearer', token: { kind: 'endpoint', url, ...login } } as const;
    try {
      expect(await problems('SASL', { tls: own(), sasl })).toEqual([]);
    } finally {
      server.close();
    }
  });

  it('believes any broker only when it is told to', async () => {
    expect(await problems('FOREIGN', { tls: { ...own(), insecure: true } })).toEqual([]);
    expect(await problems('EXPIRED', { tls: { insecure: true } })).toEqual([]);
  });

  it('says which certificate is not believed, and why', { timeout: 120_000 }, async () => {
    // All at once: each is tried again several times.
    const said = async (says: RegExp, ...at: Parameters<typeof problems>): Promise<void> =>
      expect((await problems(...at)).join('\n')).toMatch(says);
    const { cert, key } = stranger.issue('client');
    const foreign = { ...own(), cert: read(cert), key: read(key) };
    const untrusted =
      /^kafka_auth kafka\.brokers: \S+ cannot be used: kafka\.tls\.ca: .* signed by nobody who is trusted here/;
    await Promise.all([
      said(untrusted, 'TLS', { tls: { ca: read(stranger.ca) } }),
      said(/^kafka_auth .* kafka\.tls\.ca: .* signed by nobody/, 'TLS', { tls: {} }),
      said(/^kafka_auth .* kafka\.tls: .* certificate has expired/, 'EXPIRED', { tls: own() }),
      said(/^kafka_auth .* kafka\.tls: .* is for another name/, 'FOREIGN', { tls: own() }),
      said(/^kafka_auth .* kafka\.tls\.cert: .* wants another cert/, 'MUTUAL', { tls: own() }),
      said(/^kafka_auth .* kafka\.tls\.cert: .* wants another cert/, 'MUTUAL', { tls: foreign }),
    ]);
  });

  it('says that a listener wants more, or less, than it was given', { timeout: 120_000 }, async () => {
    const said = async (...at: Parameters<typeof problems>): Promise<string> => (await problems(...at)).join('\n');
    expect(await said('TLS', {})).toMatch(/^broker_unavailable .* may want kafka\.tls, or a user in kafka\.sasl/);
    expect(await said('SASL', { tls: own() })).toMatch(/^broker_unavailable .* a user in kafka\.sasl/);
    expect(await said('PLAINTEXT', { tls: own() })).toMatch(/^broker_unavailable .* may speak no TLS/);
    expect(await said('TLS', { tls: own(), sasl: user() })).toMatch(/^kafka_auth .* this listener takes no user/);
  });

  it('says who was refused, without the secret', { timeout: 120_000 }, async () => {
    const refused = async (sasl: KafkaSettings['sasl']): Promise<string> =>
      (await problems('SASL', { tls: own(), sasl })).join('\n');
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512']) {
      const text = await refused(user({ mechanism, password: 'canary-of-the-test' }));
      expect(text).toMatch(/^kafka_auth kafka\.brokers: .* kafka\.sasl: the broker refuses this user/);
      expect(text).not.toContain('canary');
    }
    expect(await refused(user({ username: 'nobody' }))).toMatch(/^kafka_auth .* refuses this user/);
    for (const text of [unsignedToken(-60), 'canary.canary.', 'canary']) {
      const said = await refused(await token(text));
      expect(said).toMatch(/^kafka_auth .* kafka\.sasl: the broker refuses this token \(invalid_token\)/);
      expect(said).not.toContain(text);
    }
    expect(await refused({ mechanism: 'oauthbearer', token: { kind: 'file', file: '/no/such' } })).toMatch(
      /^kafka_auth .* kafka\.sasl\.oauth\.file: \/no\/such cannot be read \(ENOENT\)/,
    );
  });

  /** A configuration for the built program; `sasl` as YAML. */
  async function configured(
    sasl: string | undefined,
    events?: string,
    { listener, tls }: Way = { listener: 'SASL', tls: `{ ca: "${broker.authority.ca}" }` },
  ): Promise<string> {
    return await folder.file(
      'gruard.yaml',
      `version: 1
kafka:
  brokers: ["${broker.at(listener)}"]
  group: ${freshName('group')}
  tls: ${tls}
${sasl === undefined ? '' : `  sasl: ${sasl}`}
lanes: 1
http: { listen: 127.0.0.1:0 }
state: { dir: "${folder.path}/state", every: 1s }
${events === undefined ? '' : `sinks: { events: { topic: ${events} } }`}
streams:
  a:
    topic: ${topic}
    value: $.v
    time: { path: $.t, unit: ms }
    window: { every: record }
    model: { cell: last, warmup: { windows: 50 } }
    detect: { range: { max: 9 } }
`,
    );
  }
  const start = (config: string): Daemon => {
    const daemon = startDaemon(['run', config], { GRUARD_KAFKA_SESSION_MS: '6000', PW: broker.password });
    running.push(daemon);
    return daemon;
  };
  const get = async (daemon: Daemon, path: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${await daemon.url()}${path}`);
    return { status: response.status, text: await response.text() };
  };
  const isReady = async (daemon: Daemon): Promise<boolean> => (await get(daemon, '/readyz')).status === 200;

  it('serves the daemon: records in and events out over SCRAM and TLS', { timeout: 120_000 }, async () => {
    const events = freshName('events');
    await createTopic(broker.brokers, events, 1);
    const daemon = start(
      await configured(`{ mechanism: scram-sha-512, username: gruard, password: "\${env:PW}" }`, events),
    );
    await until('it is ready', () => isReady(daemon), daemon);
    const lines = Array.from({ length: 100 }, (_, n) =>
      JSON.stringify({ t: START + n * 1000, v: n === 80 ? 50 : n % 5 }),
    );
    await produceLines(broker.brokers, topic, lines);
    await until('an event is written', async () => (await consumeAll(broker.brokers, events)).length > 0, daemon);
    expect(await daemon.stop()).toBe(0);
    expect(daemon.stderr() + daemon.stdout()).not.toContain(broker.password);
  });

  it('refuses a wrong password: validate ends with 77, the daemon lives, is not ready, and says why', {
    timeout: 120_000,
  }, async () => {
    const canary = 'canary-of-the-test';
    const config = await configured(`{ mechanism: scram-sha-256, username: gruard, password: "\${env:PW}" }`);
    const main = new URL('../../dist/main.js', import.meta.url).pathname;
    const options = { encoding: 'utf8', env: { ...process.env, PW: canary } } as const;
    const { status, stderr, stdout } = spawnSync(process.execPath, [main, 'validate', config], options);
    expect(status).toBe(77);
    expect(stderr).toContain('kafka.sasl: the broker refuses this user');
    expect(stderr).toContain('Check kafka.sasl, kafka.tls and the ACLs of this user.');
    const daemon = startDaemon(['run', config], { PW: canary });
    running.push(daemon);
    await until('it says so', () => daemon.stderr().includes('"code":"kafka_auth"'), daemon);
    const whatIsMissing = async (): Promise<string> => (await get(daemon, '/readyz')).text;
    await until('so does its readiness', async () => (await whatIsMissing()).includes('permission of the'), daemon);
    expect((await get(daemon, '/readyz')).status).toBe(503);
    expect((await get(daemon, '/healthz')).status).toBe(200);
    expect(await daemon.stop()).toBe(0);
    expect(stdout + stderr + daemon.stderr() + daemon.stdout()).not.toContain(canary);
  });

  it('takes certificates that were renewed, for its next connection', { timeout: 120_000 }, async () => {
    const [wrong, good] = [stranger.issue('client'), broker.authority.issue('client')];
    const [ca, cert, key] = [
      await folder.file('ca.pem', read(stranger.ca)),
      await folder.file('cert.pem', read(wrong.cert)),
      await folder.file('key.pem', read(wrong.key)),
    ];
    const tls = `{ ca: "${ca}", cert: "${cert}", key: "${key}" }`;
    const daemon = start(await configured(undefined, undefined, { listener: 'MUTUAL', tls }));
    const says = (text: string): Promise<void> => until(text, () => daemon.stderr().includes(text), daemon);
    await says('signed by nobody who is trusted here');
    writeFileSync(ca, read(broker.authority.ca));
    await until('so it does', async () => (await get(daemon, '/readyz')).text.includes('permission'), daemon);
    writeFileSync(cert, read(good.cert));
    await says('"code":"certificate_unusable"');
    writeFileSync(key, read(good.key));
    await until('it is ready', () => isReady(daemon), daemon);
    expect(daemon.stderr()).toContain('"code":"certificate_renewed"');
    expect(await daemon.metric('gruard_lane_restarts_total')).toBe(0);
    expect(await daemon.stop()).toBe(0);
  });

  it('comes in by itself when the file gets a good token, and outlives its sessions', {
    timeout: 180_000,
  }, async () => {
    // Empty, so that the number of its records is known.
    topic = freshName('renewed');
    await createTopic(broker.brokers, topic, 1);
    const file = await folder.file('token', unsignedToken(-60));
    const daemon = start(await configured(`{ mechanism: oauthbearer, oauth: { file: "${file}" } }`));
    await until('it is refused', () => daemon.stderr().includes('refuses this token'), daemon);
    // Shorter than the test; who renews it leaves it most of its life.
    const renew = (): void => writeFileSync(file, unsignedToken(14));
    renew();
    const renewal = setInterval(renew, 3_000);
    try {
      await until('it is ready', () => isReady(daemon), daemon);
      for (let round = 1; round <= 2; round++) {
        await new Promise((resolve) => setTimeout(resolve, 8_000));
        await produceLines(broker.brokers, topic, [JSON.stringify({ t: START + 1000 * (1000 + round), v: 1 })]);
        await until(
          `record ${round} is read`,
          async () => (await daemon.metric('gruard_records_received_total')) === round,
          daemon,
        );
      }
    } finally {
      clearInterval(renewal);
    }
    expect(daemon.stderr().match(/"code":"kafka_crash"|"lane_restarted"/g)).toBeNull();
    expect(await daemon.stop()).toBe(0);
  });
});
