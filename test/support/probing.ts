// Asks a daemon for its metrics and its health again and again, to see whether trouble elsewhere makes it late.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Daemon } from './daemon.ts';

export interface Probing {
  /** How long 99 of 100 answers of each path took at most, in milliseconds: one may wait for a busy machine. */
  end(): Promise<Readonly<Record<'/metrics' | '/healthz', number>>>;
}

/** Throws at the end when liveness ever was anything but 200. */
export function startProbing(daemon: Daemon): Probing {
  const took: Record<'/metrics' | '/healthz', number[]> = { '/metrics': [], '/healthz': [] };
  const statuses = new Set<number>();
  let over = false;
  const probing = (async () => {
    const url = await daemon.url();
    while (!over) {
      for (const path of ['/metrics', '/healthz'] as const) {
        const from = performance.now();
        const answer = await fetch(`${url}${path}`);
        await answer.text();
        took[path].push(Math.round(performance.now() - from));
        statuses.add(answer.status);
      }
      await sleep(100);
    }
  })();
  probing.catch(() => {});
  return {
    async end() {
      over = true;
      await probing;
      if (statuses.size !== 1 || !statuses.has(200)) throw new Error(`answered ${[...statuses].join()}`);
      const p99 = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(0.99 * all.length)] ?? 0;
      return { '/metrics': p99(took['/metrics']), '/healthz': p99(took['/healthz']) };
    },
  };
}
