// Passwords of readers, kept as scrypt hashes in the PHC string format: $scrypt$ln=15,r=8,p=1$SALT$HASH, where the cost
// is 2^ln and the two are base64 without padding.

import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MiB and about 0.1 s a try; OWASP's recommendation for r = 8 with some parallelism less. */
const COST_LOG2 = 15;
const BLOCKS = 8;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** A hash with a salt of its own: two of the same password differ. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derived(password, salt, HASH_BYTES, COST_LOG2);
  return `$scrypt$ln=${COST_LOG2},r=${BLOCKS},p=1$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Takes the same time for right and wrong. The hash must have the form that the configuration checks. */
export async function isPasswordOf(password: string, phc: string): Promise<boolean> {
  const [, , cost = '', salt = '', hash = ''] = phc.split('$');
  const wanted = Buffer.from(hash, 'base64');
  const costLog2 = Number(/^ln=(\d+),/.exec(cost)?.[1]);
  const given = await derived(password, Buffer.from(salt, 'base64'), wanted.length, costLog2);
  return timingSafeEqual(given, wanted);
}

function derived(password: string, salt: Buffer, bytes: number, costLog2: number): Promise<Buffer> {
  const cost = 2 ** costLog2;
  // OpenSSL needs a little more than the blocks themselves.
  const options: ScryptOptions = { N: cost, r: BLOCKS, p: 1, maxmem: 128 * BLOCKS * cost + 2 ** 20 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, bytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
