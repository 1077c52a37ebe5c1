import { expect, it } from 'vitest';
import { isLoopback } from '../../src/config/loopback.ts';

it.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::1', true],
  ['localhost', true],
  ['LOCALHOST', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.7', false],
  ['128.0.0.1', false],
  ['localhost.example', false],
  ['::ffff:127.0.0.1', true],
  ['', false],
])('%s is reached from this machine only: %s', (host, only) => {
  expect(isLoopback(host)).toBe(only);
});
