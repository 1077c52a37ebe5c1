// `gruard config hash`.

import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { GruardError } from '../errors.ts';
import { hashPassword } from '../report/passwordHash.ts';

const HELP = `gruard config hash: makes of a password what http.auth.basic holds.

usage: gruard config hash < FILE

Reads the password from standard input; a line end behind it does not count. Prints its scrypt hash.

examples:
  gruard config hash < password.txt > /etc/gruard/prometheus.hash
  openssl rand -base64 24 | tee password.txt | gruard config hash
`;

/** Answers the exit code. */
export async function runHash(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options: { help: { type: 'boolean', short: 'h' } } });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  // Typed on a terminal it would stand there to be read.
  if (process.stdin.isTTY) throw new GruardError('usage', 'gruard config hash reads the password from a file or pipe.');
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password === '') throw new GruardError('usage', 'gruard config hash found no password on standard input.');
  process.stdout.write(`${await hashPassword(password)}\n`);
  return 0;
}
