// Whether a request comes from somebody who may read. Everything is compared in constant time, and what costs time,
// scrypt, is bounded: strangers can keep one thread of the pool busy, and cannot keep out who was let in before.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { HttpSettings } from '../settings.ts';
import { isPasswordOf } from './passwordHash.ts';

/** `busy`: too many passwords wait to be tried. */
type Admission = 'admitted' | 'refused' | 'busy';

export interface Gate {
  /** `authorization` is the header. */
  admit(authorization: string | undefined): Promise<Admission>;
  /** What to answer with a refusal (RFC 9110, 11.6.1). */
  readonly challenges: readonly string[];
}

/** Tries that may wait; one runs. */
const WAITING_MAX = 4;
/** Of no password: who does not exist takes as long as who does. */
const NOBODY = `$scrypt$ln=15,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** A gate that is always open where nobody is to be asked. */
export function newGate(auth: HttpSettings['auth']): Gate {
  if (auth === undefined) return { admit: () => Promise.resolve('admitted'), challenges: [] };
  const key = randomBytes(32);
  // Of one length, whatever is compared.
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const token = auth.bearer === undefined ? undefined : digest(auth.bearer);
  const users = new Map(Object.entries(auth.basic));
  /** What was right before, by user, so that a scraper costs no scrypt each time. */
  const known = new Map<string, Buffer>();
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  async function isUser(login: string): Promise<Admission> {
    const colon = login.indexOf(':');
    if (colon < 0) return 'refused';
    const [user, password] = [login.slice(0, colon), login.slice(colon + 1)];
    const given = digest(login);
    const before = known.get(user);
    if (before !== undefined && timingSafeEqual(given, before)) return 'admitted';
    if (waiting >= WAITING_MAX) return 'busy';
    waiting += 1;
    const tried = last.then(() => isPasswordOf(password, users.get(user) ?? NOBODY));
    last = tried.catch(() => {});
    try {
      if (!(await tried) || !users.has(user)) return 'refused';
      known.set(user, given);
      return 'admitted';
    } finally {
      waiting -= 1;
    }
  }

  return {
    challenges: [
      ...(token === undefined ? [] : ['Bearer realm="gruard"']),
      ...(users.size === 0 ? [] : ['Basic realm="gruard", charset="UTF-8"']),
    ],
    async admit(authorization = '') {
      const [, scheme = '', value = ''] = /^(\w+) +(\S+) *$/.exec(authorization) ?? [];
      switch (scheme.toLowerCase()) {
        case 'bearer':
          return token !== undefined && timingSafeEqual(digest(value), token) ? 'admitted' : 'refused';
        case 'basic':
          return users.size === 0 ? 'refused' : isUser(Buffer.from(value, 'base64').toString());
        default:
          return 'refused';
      }
    },
  };
}
