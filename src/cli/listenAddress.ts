import { isOpenToAll } from '../config/access.ts';
import { GruardError } from '../errors.ts';
import type { HttpSettings } from '../settings.ts';

/** What the command line makes of the listener. Throws `listen_open` where strangers could read then. */
export function listenerOf(
  http: HttpSettings,
  options: { readonly listen?: string | undefined; readonly anonymous: boolean },
): HttpSettings {
  const { listen, anonymous } = options;
  const changed = {
    ...http,
    ...(listen === undefined ? {} : listenAddress('--listen', listen)),
    anonymous: http.anonymous || anonymous,
  };
  if (isOpenToAll(changed)) {
    throw new GruardError('listen_open', `--listen: other machines reach ${listen}, and nobody is asked who they are.`);
  }
  return changed;
}

/** `HOST:PORT` from an option of the command line; `[::1]:9464` for IPv6. */
function listenAddress(option: string, text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(text.slice(colon + 1));
  if (colon < 1 || !/^\d{1,5}$/.test(text.slice(colon + 1)) || port > 65_535) {
    throw new GruardError('usage', `${option}: must be HOST:PORT, like 127.0.0.1:9464, is ${JSON.stringify(text)}.`);
  }
  return { host, port };
}
