// Seeded records with a planted spike: what a topic with history looks like.

import { gaussian, newRandom } from '../../src/kernel/random.ts';

export const MINUTE_MS = 60_000;
export const START_MS = Date.UTC(2026, 2, 2);

/** One host's value a minute: noise around a level, with a spike at `spikeAt`. */
export function hostLine(host: string, minute: number, value: number): string {
  return JSON.stringify({
    ts: START_MS + minute * MINUTE_MS,
    tags: { host },
    fields: { p99: Number(value.toFixed(3)) },
  });
}

export interface Record {
  readonly host: string;
  readonly minute: number;
  readonly line: string;
}

/** `minutes` records of each host, in order of time; the spike of host i comes at minute `spikeAt + 10 · i`. */
export function history(hosts: readonly string[], minutes: number, spikeAt: number, seed = 1): Record[] {
  const random = newRandom(seed);
  const records: Record[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    for (const [i, host] of hosts.entries()) {
      const level = 100 + 10 * Math.sin((2 * Math.PI * minute) / 180) + 2 * gaussian(random);
      const value = minute === spikeAt + 10 * i ? level + 100 : level;
      records.push({ host, minute, line: hostLine(host, minute, value) });
    }
  }
  return records;
}
