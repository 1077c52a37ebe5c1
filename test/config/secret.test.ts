import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';

it('prints nothing of itself, however it is printed', () => {
  const secret = new Secret('hunter2');
  const ways = [`${secret}`, String(secret), JSON.stringify({ secret }), inspect(secret), inspect({ deep: [secret] })];
  const keys = Object.values(secret).join();
  for (const text of [...ways, keys]) expect(text).not.toContain('hunter2');
  for (const text of ways) expect(text).toContain('***');
});

it('reveals its text to those who ask for it', () => {
  expect(new Secret('hunter2').reveal()).toBe('hunter2');
});
