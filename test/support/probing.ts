// Asks a daemon for its metrics and its health again and again, to see whether trouble elsewhere makes it late.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Daemon } from './daemon.ts';

export interface Probing {
  end(): Promise<Readonly<Record<'/metrics' | '/healthz', Answers>>>;
}

/** How long half of the answers took at most, 99 of 100, and the slowest, in milliseconds. */
interface Answers {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
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
      return { '/metrics': answersOf(took['/metrics']), '/healthz': answersOf(took['/healthz']) };
    },
  };
}

function answersOf(took: readonly number[]): Answers {
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * sorted.length)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? Number.NaN };
}
