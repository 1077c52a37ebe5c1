import { describe, expect, it } from 'vitest';
import { passwordHash } from '../../src/config/values.ts';
import { hashPassword, isPasswordOf } from '../../src/report/passwordHash.ts';

describe('a hash', { timeout: 60_000 }, () => {
  it('knows its password and no other', async () => {
    const hash = await hashPassword('correct horse');
    expect(await isPasswordOf('correct horse', hash)).toBe(true);
    for (const wrong of ['', 'correct hors', 'correct horse ', 'Correct horse', hash]) {
      expect(await isPasswordOf(wrong, hash), wrong).toBe(false);
    }
  });

  it('has a salt of its own, and the form that the configuration takes', async () => {
    const [one, other] = [await hashPassword('p'), await hashPassword('p')];
    expect(one).not.toBe(other);
    for (const hash of [one, other]) expect(passwordHash.safeParse(hash).success).toBe(true);
  });

  // Made by Python 3.11: hashlib.scrypt(b'swordfish', salt=bytes(range(16)), n=2**14, r=8, p=1, dklen=32).
  it('is that of other programs', async () => {
    const theirs = '$scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$h8ll5f0OJ4qjPjqgjRUO2w5k9eREEB33x0ulE0defnE';
    expect(await isPasswordOf('swordfish', theirs)).toBe(true);
    expect(await isPasswordOf('Swordfish', theirs)).toBe(false);
  });

  it('does not care how an accent was typed', async () => {
    const hash = await hashPassword('caf\u00e9');
    expect(await isPasswordOf('cafe\u0301', hash)).toBe(true);
  });

  it.each(['', 'plain', '$scrypt$ln=1,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA', '$2b$12$abcdefghijklmnopqrstuv'])(
    'is not %o',
    (text) => expect(passwordHash.safeParse(text).success).toBe(false),
  );
});
