// Who may come in: gruard at the brokers, and readers at gruard. Reads certificates and keys, so that a wrong one is
// told with its key before anything starts.

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { KafkaSettings, Settings, TokenSettings } from '../settings.ts';
import type { Complain } from './columns.ts';
import { isLoopback } from './loopback.ts';
import type { ConfigOutput } from './schema.ts';
import type { KeyPath } from './tree.ts';

type Kafka = ConfigOutput['kafka'];
type Sasl = NonNullable<Kafka['sasl']>;

export function tlsOf(tls: Kafka['tls'], complain: Complain): KafkaSettings['tls'] {
  if (tls === false) return undefined;
  if (tls === true) return {};
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const [there, missing] = tls.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    const what = `stands without \`${missing}\`; mutual TLS needs both`;
    complain('conflict', ['kafka', 'tls', there], what, `Write ${missing}: too, or remove this key.`, 'key');
  }
  const { ca, cert, key } = tls;
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const result: { ca?: string; cert?: string; key?: string; insecure?: boolean; files?: typeof files } = {};
  if (tls.ca !== undefined) result.ca = certificate(tls.ca, ['kafka', 'tls', 'ca'], complain);
  if (tls.cert !== undefined) result.cert = certificate(tls.cert, ['kafka', 'tls', 'cert'], complain);
  if (tls.key !== undefined) result.key = pem(tls.key, ['kafka', 'tls', 'key'], complain);
  if (result.cert && result.key) checkPair(result.cert, result.key, ['kafka', 'tls', 'key'], complain);
  if (tls.insecure) result.insecure = true;
  if (Object.keys(files).length > 0) result.files = files;
  return result;
}

export function saslOf(sasl: Kafka['sasl'], complain: Complain): KafkaSettings['sasl'] {
  if (sasl === undefined) return undefined;
  const { mechanism, username, password, oauth } = sasl;
  const at = ['kafka', 'sasl'];
  if (mechanism === 'oauthbearer') {
    for (const key of ['username', 'password'] as const) {
      if (sasl[key] === undefined) continue;
      complain('conflict', [...at, key], 'belongs to the other mechanisms', 'Remove it.', 'key');
    }
    if (oauth === undefined) {
      const fix = 'Write oauth: with file:, or with url:, client_id: and client_secret:.';
      complain('missing_key', [...at, 'oauth'], 'is missing', fix);
      return undefined;
    }
    return { mechanism, token: tokenOf(oauth, complain) };
  }
  if (oauth !== undefined) {
    complain('conflict', [...at, 'oauth'], `does not go with ${mechanism}`, 'Remove it.', 'key');
  }
  if (username === undefined) complain('missing_key', [...at, 'username'], 'is missing', 'Write the name of the user.');
  if (password === undefined) {
    const fix = `Write "\${file:/path/of/the/secret}" or "\${env:NAME}".`;
    complain('missing_key', [...at, 'password'], 'is missing', fix);
  }
  return { mechanism, username: username ?? '', password: password?.reveal() ?? '' };
}

function tokenOf(oauth: NonNullable<Sasl['oauth']>, complain: Complain): TokenSettings {
  const { file, url, client_id: clientId, client_secret: secret, scope, ca } = oauth;
  const at = ['kafka', 'sasl', 'oauth'];
  if (file !== undefined) {
    const other = (['url', 'client_id', 'client_secret', 'scope', 'ca'] as const).find(
      (key) => oauth[key] !== undefined,
    );
    if (other !== undefined) {
      complain(
        'conflict',
        [...at, other],
        'stands beside `file`',
        'Keep the file, or the keys of the endpoint.',
        'key',
      );
    }
    return { kind: 'file', file };
  }
  for (const key of ['url', 'client_id', 'client_secret'] as const) {
    if (oauth[key] === undefined) complain('missing_key', [...at, key], 'is missing', 'Write it, or file: alone.');
  }
  if (url?.startsWith('http:') && !isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))) {
    const what = 'would send the secret in the clear';
    complain('bad_value', [...at, 'url'], what, 'Write an address that begins with https:.');
  }
  return {
    kind: 'endpoint',
    url: url ?? '',
    clientId: clientId ?? '',
    clientSecret: secret?.reveal() ?? '',
    scope,
    ca: ca === undefined ? undefined : certificate(ca, [...at, 'ca'], complain),
  };
}

export function httpOf({ listen, anonymous, tls, auth }: ConfigOutput['http'], complain: Complain): Settings['http'] {
  const { bearer, basic = {} } = auth ?? {};
  if (tls !== undefined) {
    const [cert, key] = [
      certificate(tls.cert, ['http', 'tls', 'cert'], complain),
      pem(tls.key, ['http', 'tls', 'key'], complain),
    ];
    if (cert !== '' && key !== '') checkPair(cert, key, ['http', 'tls', 'key'], complain);
  }
  if (auth !== undefined && bearer === undefined && Object.keys(basic).length === 0) {
    complain('missing_key', ['http', 'auth'], 'lets nobody in', 'Write bearer: or basic: below it, or remove it.');
  }
  const users = Object.entries(basic).map(([user, hash]) => [user, hash.reveal()] as const);
  const http = {
    ...addressOf(listen),
    anonymous,
    tls,
    auth: auth === undefined ? undefined : { bearer: bearer?.reveal(), basic: Object.fromEntries(users) },
  };
  if (isOpenToAll(http)) {
    const fix = 'Set http.auth, listen on 127.0.0.1, or write anonymous: true where everybody may read.';
    complain(
      'conflict',
      ['http', 'listen'],
      `is ${listen}, which other machines reach, and nobody is asked who they are`,
      fix,
    );
  }
  return http;
}

/** Whether strangers could read without anybody having said that they may. */
export function isOpenToAll({ host, auth, anonymous }: Settings['http']): boolean {
  return auth === undefined && !anonymous && !isLoopback(host);
}

/** `HOST:PORT`, `[::1]:PORT`: the schema has seen its form. */
function addressOf(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(colon + 1)) };
}

function certificate(file: string, path: KeyPath, complain: Complain): string {
  const text = pem(file, path, complain);
  if (text === '') return text;
  try {
    new X509Certificate(text);
    return text;
  } catch {
    complain('bad_value', path, `${file} holds no certificate`, 'It must hold one between its BEGIN and END lines.');
    return '';
  }
}

/** The text of a PEM file; empty after a complaint. */
function pem(file: string, path: KeyPath, complain: Complain): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
    complain('bad_value', path, `${file} is no PEM file`, 'It must have a line like -----BEGIN CERTIFICATE-----.');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const fix = 'Check the path and that this user may read it.';
    complain('unreadable_file', path, `${file} cannot be read (${why})`, fix);
  }
  return '';
}

function checkPair(cert: string, key: string, path: KeyPath, complain: Complain): void {
  try {
    createSecureContext({ cert, key });
  } catch {
    complain(
      'bad_value',
      path,
      'does not belong to the certificate',
      'Take the key that the certificate was made for.',
    );
  }
}
