// Certificates of a test's own, made by openssl: an authority, and what it signs.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of PEM files. */
interface Pair {
  readonly cert: string;
  readonly key: string;
  /** Key and certificate in one file, as Kafka wants it. */
  readonly both: string;
}

export interface Authority {
  /** Path of its certificate. */
  readonly ca: string;
  /** A certificate for `subject`, like `/CN=broker`; `names` as openssl writes them, like `IP:127.0.0.1`. */
  issue(name: string, options?: { readonly names?: string; readonly days?: number; readonly subject?: string }): Pair;
  /** Removes all files. */
  remove(): void;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A new authority in a folder of its own. Nobody else trusts it. */
export function newAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'gruard-certificates-'));
  const at = (name: string): string => join(folder, name);
  const [ca, caKey] = [at('ca.pem'), at('ca.key')];
  openssl('req', '-x509', ...EC, '-keyout', caKey, '-out', ca, '-subj', '/CN=authority of a test', '-days', '2');
  return {
    ca,
    issue(name, { names = 'IP:127.0.0.1,DNS:localhost', days = 2, subject = `/CN=${name}` } = {}) {
      const pair = { cert: at(`${name}.pem`), key: at(`${name}.key`), both: at(`${name}.both.pem`) };
      openssl('req', ...EC, '-keyout', pair.key, '-out', at('request'), '-subj', subject);
      writeFileSync(at('extensions'), `subjectAltName=${names}\n`);
      const by = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-extfile', at('extensions')];
      openssl('x509', '-req', '-in', at('request'), ...by, '-days', String(days), '-out', pair.cert);
      writeFileSync(pair.both, readFileSync(pair.key, 'utf8') + readFileSync(pair.cert, 'utf8'));
      return pair;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
