// Secrets that are looked for afterwards, in every form in which they might come out.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Canaries {
  /** Makes a secret of a form that every key takes, and remembers it by this name. */
  secret(name: string): string;
  /** Remembers one that was made elsewhere. */
  add(name: string, secret: string): string;
  /** Whatever a program put out. */
  heard(where: string, text: string | Buffer): void;
  /** All files below a folder; answers how many. */
  heardFiles(folder: string): number;
  /** As `secret in place`; empty when none came out. */
  found(): readonly string[];
  /** Characters that were looked at. */
  readonly length: number;
}

export function newCanaries(): Canaries {
  const secrets = new Map<string, readonly Buffer[]>();
  const places: { readonly where: string; readonly bytes: Buffer }[] = [];
  const canaries: Canaries = {
    secret: (name) => canaries.add(name, `canary/${randomBytes(9).toString('hex')}+of=test`),
    add(name, secret) {
      secrets.set(name, formsOf(secret));
      return secret;
    },
    heard: (where, text) => void places.push({ where, bytes: Buffer.from(text) }),
    heardFiles(folder) {
      const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      for (const file of files) canaries.heard(file, readFileSync(file));
      return files.length;
    },
    found: () =>
      places.flatMap(({ where, bytes }) =>
        [...secrets].flatMap(([name, forms]) =>
          forms.some((form) => bytes.includes(form)) ? [`${name} in ${where}`] : [],
        ),
      ),
    get length() {
      return places.reduce((sum, { bytes }) => sum + bytes.length, 0);
    },
  };
  return canaries;
}

/** As it is, as JSON, in a URL, and as base64 however it is aligned. */
function formsOf(secret: string): readonly Buffer[] {
  const encoded = [0, 1, 2].map((shift) => {
    const text = Buffer.from('x'.repeat(shift) + secret).toString('base64');
    // Without the ends, which depend on what stands beside.
    return text.slice(4, -4);
  });
  const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...encoded];
  return [...new Set(forms)].map((form) => Buffer.from(form));
}
