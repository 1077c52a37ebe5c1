// The listener's certificate: read at the start, and again whenever its files change.

import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { GruardError } from '../errors.ts';
import type { Log } from '../ports.ts';
import type { HttpSettings } from '../settings.ts';

type Paths = NonNullable<HttpSettings['tls']>;

export interface SecureOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
}

/** Rejects with `config_invalid` where a file cannot be read. */
export async function readCertificate(paths: Paths): Promise<SecureOptions> {
  try {
    const [cert, key] = await Promise.all([readFile(paths.cert), readFile(paths.key)]);
    return { cert, key, minVersion: 'TLSv1.2' };
  } catch (cause) {
    throw new GruardError('config_invalid', `http.tls: ${textOf(cause)}`, { cause });
  }
}

/**
 * Looks every `everyMs` and gives new connections what lies there then. Half a renewal (a key that does not belong to
 * its certificate, a file that is away) keeps the old pair and is looked at again. Answers how to end it.
 */
export function renewCertificate(
  server: Server,
  paths: Paths,
  first: SecureOptions,
  everyMs: number,
  log: Log,
): () => void {
  let used = first;
  const look = async (): Promise<void> => {
    try {
      const found = await readCertificate(paths);
      if (found.cert.equals(used.cert) && found.key.equals(used.key)) return;
      server.setSecureContext({ ...found });
      used = found;
      log('info', 'certificate_renewed', `new connections get ${paths.cert} as it is now`);
    } catch (error) {
      log('warn', 'certificate_unusable', `${paths.cert} is not used, the old one stays: ${textOf(error)}`);
    }
  };
  const timer = setInterval(() => void look(), everyMs).unref();
  return () => clearInterval(timer);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
