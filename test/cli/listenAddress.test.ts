import { expect, it } from 'vitest';
import { listenerOf } from '../../src/cli/listenAddress.ts';

const http = { host: '127.0.0.1', port: 9464, anonymous: false, tls: undefined, auth: undefined };
const auth = { bearer: 'a-token-of-the-test', basic: {} };

it('changes the address and nothing else', () => {
  expect(listenerOf(http, { anonymous: false })).toEqual(http);
  expect(listenerOf({ ...http, auth }, { listen: '[::]:1', anonymous: false })).toEqual({
    ...http,
    auth,
    host: '::',
    port: 1,
  });
});

it.each(['0.0.0.0:1', '[::]:1', '10.0.0.7:1', 'metrics.example:1'])(
  'opens %s to strangers only when told to',
  (listen) => {
    expect(() => listenerOf(http, { listen, anonymous: false })).toThrow(
      expect.objectContaining({ code: 'listen_open' }),
    );
    expect(listenerOf(http, { listen, anonymous: true }).anonymous).toBe(true);
    expect(listenerOf({ ...http, anonymous: true }, { listen, anonymous: false }).anonymous).toBe(true);
    expect(listenerOf({ ...http, auth }, { listen, anonymous: true }).auth).toBe(auth);
  },
);

it.each(['9464', ':9464', 'a:', 'a:x', '127.0.0.1:65536', '127.0.0.1:-1', ''])('refuses %o', (listen) => {
  expect(() => listenerOf(http, { listen, anonymous: false })).toThrow(expect.objectContaining({ code: 'usage' }));
});
