// What is allowed and yet worth a word at each start.

import type { Settings } from '../settings.ts';
import { isLoopback } from './loopback.ts';
import type { Problem, ProblemCode } from './problems.ts';
import { type KeyPath, keyText, parentPlaceAt, type Tree, treeAt, valuePlaceAt } from './tree.ts';

const SECRETS: readonly (readonly [path: KeyPath, file: string])[] = [
  [['kafka', 'sasl', 'password'], 'kafka'],
  [['kafka', 'sasl', 'oauth', 'client_secret'], 'kafka'],
  [['http', 'auth', 'bearer'], 'http'],
];

/** Secrets in the files themselves or on open wires, and certificates that nobody looks at. */
export function warnings(settings: Settings, tree: Tree): readonly Problem[] {
  const { kafka, http } = settings;
  const found: Problem[] = [];
  const warn = (code: ProblemCode, path: KeyPath, what: string, fix: string): void => {
    const place = valuePlaceAt(tree, path) ?? parentPlaceAt(tree, path);
    found.push({ code, place, key: keyText(path), what, fix });
  };
  for (const [path, file] of SECRETS) {
    const secret = treeAt(tree, path);
    if (secret?.kind !== 'scalar' || secret.readings !== undefined) continue;
    const variable = `${file.toUpperCase()}_SECRET`;
    const fix = `Take it from a file or variable: "\${file:/run/secrets/${file}}" or "\${env:${variable}}".`;
    warn('plain_secret', path, 'the secret itself stands in this file', fix);
  }
  if (kafka.tls?.insecure === true) {
    const what = 'any broker is believed, also one that only pretends to be yours';
    warn('insecure_tls', ['kafka', 'tls', 'insecure'], what, 'Set kafka.tls.ca to the authority of your brokers.');
  }
  const mechanism = kafka.sasl?.mechanism;
  if (kafka.tls === undefined && (mechanism === 'plain' || mechanism === 'oauthbearer')) {
    const what = `${mechanism} without kafka.tls sends the secret in the clear`;
    warn('plain_transport', ['kafka', 'sasl', 'mechanism'], what, 'Set kafka.tls, or take scram-sha-512.');
  }
  if (http.auth !== undefined && http.tls === undefined && !isLoopback(http.host)) {
    const what = 'without http.tls, tokens and passwords are sent in the clear';
    warn('plain_transport', ['http', 'auth'], what, 'Set http.tls, or let a proxy in front of gruard encrypt.');
  }
  return found;
}
