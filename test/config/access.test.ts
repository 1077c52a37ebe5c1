import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { httpOf, isOpenToAll, saslOf, tlsOf } from '../../src/config/access.ts';
import { Config, type ConfigInput } from '../../src/config/schema.ts';
import { newAuthority } from '../support/certificates.ts';

const authority = newAuthority();
afterAll(() => authority.remove());
const pair = authority.issue('one');
const other = authority.issue('other');
const noPem = join(authority.ca, '../words.txt');
writeFileSync(noPem, 'words\n');
const noCertificate = join(authority.ca, '../broken.pem');
writeFileSync(noCertificate, '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n');

const streams = { a: { topic: 't', value: '$.v' } };
const HASH = `$scrypt$ln=15,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
const SECRET = 'sixteen-characters';

function judged<T>(
  input: Partial<ConfigInput>,
  judge: (config: ReturnType<typeof Config.parse>, complain: Parameters<typeof tlsOf>[1]) => T,
): { readonly settings: T; readonly complaints: readonly string[] } {
  const complaints: string[] = [];
  const settings = judge(Config.parse({ streams, ...input }), (code, path) => {
    complaints.push(`${code} ${path.join('.')}`);
  });
  return { settings, complaints };
}

type Kafka = NonNullable<ConfigInput['kafka']>;
const tls = (kafka: Kafka['tls']) => judged({ kafka: { tls: kafka } }, (config, say) => tlsOf(config.kafka.tls, say));
const sasl = (kafka: Kafka['sasl']) =>
  judged({ kafka: { sasl: kafka } }, (config, say) => saslOf(config.kafka.sasl, say));
const http = (input: ConfigInput['http']) => judged({ http: input }, (config, say) => httpOf(config.http, say));

describe('TLS to the brokers', () => {
  it('with the authorities of the system is an empty object', () => {
    expect(tls(true).settings).toEqual({});
    expect(tls({}).settings).toEqual({});
    expect(tls(false).settings).toBeUndefined();
  });

  it('has texts for files, and where they are', () => {
    const { settings, complaints } = tls({ ca: authority.ca, cert: pair.cert, key: pair.key, insecure: true });
    const [certificate, key] = ['CERTIFICATE', 'PRIVATE KEY'].map((what) => expect.stringContaining(`BEGIN ${what}`));
    const files = { ca: authority.ca, cert: pair.cert, key: pair.key };
    expect(settings).toEqual({ ca: certificate, cert: certificate, key, insecure: true, files });
    expect(complaints).toEqual([]);
  });

  it.each([
    [{ cert: pair.cert }, 'conflict kafka.tls.cert'],
    [{ key: pair.key }, 'conflict kafka.tls.key'],
    [{ ca: '/no/such' }, 'unreadable_file kafka.tls.ca'],
    [{ ca: noPem }, 'bad_value kafka.tls.ca'],
    [{ ca: noCertificate }, 'bad_value kafka.tls.ca'],
    [{ cert: pair.cert, key: other.key }, 'bad_value kafka.tls.key'],
  ])('complains about %o', (files, complaint) => {
    expect(tls(files).complaints).toEqual([complaint]);
  });
});

describe('a login at the brokers', () => {
  it('is a user with a password', () => {
    const user = { mechanism: 'scram-sha-512', username: 'u', password: 'p' } as const;
    expect(sasl(user)).toEqual({ settings: user, complaints: [] });
    expect(sasl(undefined).settings).toBeUndefined();
  });

  it('is a token from a file', () => {
    expect(sasl({ mechanism: 'oauthbearer', oauth: { file: '/run/token' } })).toEqual({
      settings: { mechanism: 'oauthbearer', token: { kind: 'file', file: '/run/token' } },
      complaints: [],
    });
  });

  it('is a token from an endpoint', () => {
    const oauth = { url: 'https://login.example/token', client_id: 'c', client_secret: 's', ca: authority.ca };
    const { settings, complaints } = sasl({ mechanism: 'oauthbearer', oauth });
    expect(settings).toEqual({
      mechanism: 'oauthbearer',
      token: {
        kind: 'endpoint',
        url: 'https://login.example/token',
        clientId: 'c',
        clientSecret: 's',
        scope: undefined,
        ca: expect.stringContaining('BEGIN CERTIFICATE'),
      },
    });
    expect(complaints).toEqual([]);
  });

  const endpoint = { url: 'https://login.example/token', client_id: 'c', client_secret: 's' };
  it.each([
    [{ mechanism: 'plain' }, ['missing_key kafka.sasl.username', 'missing_key kafka.sasl.password']],
    [{ mechanism: 'plain', username: 'u', password: 'p', oauth: { file: 'f' } }, ['conflict kafka.sasl.oauth']],
    [{ mechanism: 'oauthbearer' }, ['missing_key kafka.sasl.oauth']],
    [{ mechanism: 'oauthbearer', username: 'u', oauth: { file: 'f' } }, ['conflict kafka.sasl.username']],
    [{ mechanism: 'oauthbearer', oauth: { ...endpoint, file: 'f' } }, ['conflict kafka.sasl.oauth.url']],
    [
      { mechanism: 'oauthbearer', oauth: { ...endpoint, client_secret: undefined } },
      ['missing_key kafka.sasl.oauth.client_secret'],
    ],
    [
      { mechanism: 'oauthbearer', oauth: { ...endpoint, url: 'http://login.example' } },
      ['bad_value kafka.sasl.oauth.url'],
    ],
    [{ mechanism: 'oauthbearer', oauth: { ...endpoint, url: 'http://[::1]:8080/' } }, []],
  ] as const)('complains about %o: %o', (input, complaints) => {
    expect(sasl(input as Kafka['sasl']).complaints).toEqual(complaints);
  });

  it('refuses a user in the address of the endpoint', () => {
    const oauth = { ...endpoint, url: 'https://u:p@login.example/' };
    expect(() => sasl({ mechanism: 'oauthbearer', oauth })).toThrow(/be an address|Invalid/);
  });
});

describe('the listener', () => {
  it('is on this machine and open to it, unless the file says more', () => {
    expect(http({})).toEqual({
      settings: { host: '127.0.0.1', port: 9464, anonymous: false, tls: undefined, auth: undefined },
      complaints: [],
    });
    expect(http({ listen: '[::1]:0' }).settings).toMatchObject({ host: '::1', port: 0 });
  });

  it('asks for tokens and passwords', () => {
    const { settings, complaints } = http({
      listen: '0.0.0.0:1',
      auth: { bearer: SECRET, basic: { u: HASH } },
      tls: { cert: pair.cert, key: pair.key },
    });
    expect(settings).toMatchObject({ auth: { bearer: SECRET, basic: { u: HASH } } });
    expect(complaints).toEqual([]);
  });

  it.each([
    [{ listen: '0.0.0.0:9464' }, ['conflict http.listen']],
    [{ listen: '[::]:9464' }, ['conflict http.listen']],
    [{ listen: 'metrics.example:9464' }, ['conflict http.listen']],
    [{ listen: '0.0.0.0:9464', tls: { cert: pair.cert, key: pair.key } }, ['conflict http.listen']],
    [{ listen: '0.0.0.0:9464', anonymous: true }, []],
    [{ listen: '0.0.0.0:9464', auth: { bearer: SECRET } }, []],
    [{ listen: '127.0.0.9:9464' }, []],
    [{ auth: {} }, ['missing_key http.auth']],
    [{ auth: { basic: {} } }, ['missing_key http.auth']],
    [{ tls: { cert: pair.cert, key: other.key } }, ['bad_value http.tls.key']],
    [{ tls: { cert: '/no/such', key: pair.key } }, ['unreadable_file http.tls.cert']],
  ])('%o: %o', (input, complaints) => {
    expect(http(input).complaints).toEqual(complaints);
  });

  it('is open to all only where nobody is asked and nobody said so', () => {
    const { settings } = http({ listen: '0.0.0.0:9464', anonymous: true });
    expect(isOpenToAll(settings)).toBe(false);
    expect(isOpenToAll({ ...settings, anonymous: false })).toBe(true);
    expect(isOpenToAll({ ...settings, anonymous: false, host: '127.0.0.1' })).toBe(false);
  });
});
