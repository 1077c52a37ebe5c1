// What is allowed and yet worth a word at each start.

import type { Settings } from '../settings.ts';
import { isLoopback } from './loopback.ts';
import type { Problem, ProblemCode } from './problems.ts';
import { durationText } from './quantities.ts';
import { type KeyPath, keyText, parentPlaceAt, type Tree, treeAt, valuePlaceAt } from './tree.ts';

const SECRETS: readonly (readonly [path: KeyPath, file: string])[] = [
  [['kafka', 'sasl', 'password'], 'kafka'],
  [['kafka', 'sasl', 'oauth', 'client_secret'], 'kafka'],
  [['http', 'auth', 'bearer'], 'http'],
];

/** More episodes than one in so many windows cannot be told from noise. */
const BUDGET_WINDOWS = 200;
const DAY_MS = 86_400_000;

/** Secrets in the files themselves or on open wires, certificates that nobody looks at, budgets without meaning. */
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
  for (const { name, perDay, everyMs } of looseBudgets(settings)) {
    const own = ['streams', name, 'detect', 'budget'];
    const most = Number((DAY_MS / everyMs / BUDGET_WINDOWS).toPrecision(2));
    const what =
      `allows ${Number(perDay.toPrecision(3))} episodes a day; with windows of ${durationText(everyMs)}, more than ` +
      `${most}, one in ${BUDGET_WINDOWS} windows, mean nothing: fewer will come`;
    const fix = `Lower it to ${most}/day, or shorten window.every.`;
    warn('loose_budget', treeAt(tree, own) === undefined ? ['defaults', 'detect', 'budget'] : own, what, fix);
  }
  return found;
}

/** Where both are known: of a budget per stream only the running daemon knows how many series share it. */
function looseBudgets({ streams }: Settings): { name: string; perDay: number; everyMs: number }[] {
  return streams.flatMap(({ name, window: { every }, detect: { threshold } }) => {
    if (every.kind !== 'fixed' || threshold.kind !== 'budget' || threshold.per === 'stream') return [];
    const { perDay } = threshold;
    return perDay * every.ms * BUDGET_WINDOWS > DAY_MS ? [{ name, perDay, everyMs: every.ms }] : [];
  });
}
