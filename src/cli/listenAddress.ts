import { GruardError } from '../errors.ts';

/** `HOST:PORT` from an option of the command line; `[::1]:9464` for IPv6. */
export function listenAddress(option: string, text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(text.slice(colon + 1));
  if (colon < 1 || !/^\d{1,5}$/.test(text.slice(colon + 1)) || port > 65_535) {
    throw new GruardError('usage', `${option}: must be HOST:PORT, like 127.0.0.1:9464, is ${JSON.stringify(text)}.`);
  }
  return { host, port };
}
