import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { load } from '../../src/config/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'gruard-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = 'do-not-show-this';

function warningsOf(text: string): readonly string[] {
  const file = join(folder, 'gruard.yaml');
  writeFileSync(file, `${text}\nstreams: { a: { topic: t, value: $.v } }\n`);
  const loaded = load([file], { PW: SECRET }, { cores: 4, memoryBytes: 2 ** 40 });
  if (!loaded.ok) throw new Error(loaded.text);
  expect(loaded.warnings.join()).not.toContain(SECRET);
  return loaded.warnings.map((warning) => /warning\[\w+\] \S+(?=:)/.exec(warning)?.[0] ?? warning);
}

const endpoint = `{ url: "https://a/", client_id: c, client_secret: ${SECRET} }`;
const scram = `mechanism: scram-sha-512, username: u`;

it.each([
  [`kafka: { sasl: { ${scram}, password: ${SECRET} } }`, ['warning[plain_secret] kafka.sasl.password']],
  [`kafka: { sasl: { ${scram}, password: "\${env:PW}" } }`, []],
  [
    `kafka: { tls: true, sasl: { mechanism: oauthbearer, oauth: ${endpoint} } }`,
    ['warning[plain_secret] kafka.sasl.oauth.client_secret'],
  ],
  [`http: { auth: { bearer: ${SECRET} } }`, ['warning[plain_secret] http.auth.bearer']],
  [`kafka: { tls: { insecure: true } }`, ['warning[insecure_tls] kafka.tls.insecure']],
  [
    `kafka: { sasl: { mechanism: plain, username: u, password: "\${env:PW}" } }`,
    ['warning[plain_transport] kafka.sasl.mechanism'],
  ],
  [`kafka: { tls: true, sasl: { mechanism: plain, username: u, password: "\${env:PW}" } }`, []],
  [`http: { listen: 0.0.0.0:1, auth: { bearer: "\${env:PW}" } }`, ['warning[plain_transport] http.auth']],
  [`http: { auth: { bearer: "\${env:PW}" } }`, []],
  ['defaults: { window: { every: 1h }, detect: { budget: 1/day } }', ['warning[loose_budget] defaults.detect.budget']],
  ['defaults: { window: { every: 1h }, detect: { budget: 1/week } }', ['warning[loose_budget] defaults.detect.budget']],
  ['defaults: { window: { every: 1h }, detect: { budget: 1/9d } }', []],
  ['defaults: { window: { every: 1m }, detect: { budget: 7/day } }', []],
  ['defaults: { detect: { budget: 1000/day } }', []],
  ['defaults: { window: { every: 1h }, detect: { budget: 1/day per stream } }', []],
])('%s', (text, warnings) => {
  expect(warningsOf(text)).toEqual(warnings);
});
