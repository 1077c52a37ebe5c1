// The bounded form of `npm run test:crash`: killed at random, also in checkpoints, nothing is lost or learned twice.

import { expect, inject, it } from 'vitest';
import { crashRun } from '../crash/crash.ts';
import { kafkaToolsReady } from '../support/kafkaTools.ts';

const brokers = inject('brokers');
const { GRUARD_SEED = String(Date.now() % 100_000) } = process.env;

it.runIf(kafkaToolsReady(brokers)).each(['kafka', 'file'] as const)(
  'SIGKILL at random moments, store %s: models and events end as those of an undisturbed run',
  { timeout: 240_000 },
  async (store) => {
    const [seed, told] = [Number(GRUARD_SEED), [] as string[]];
    const tell = (line: string): void => void told.push(line);
    const verdict = await crashRun({ brokers, store, kills: 3, records: 10_000, series: 100, seed, tell });
    expect(verdict.problems, [...told, verdict.text].join('\n')).toEqual([]);
    expect(verdict.kills).toBeGreaterThanOrEqual(3);
  },
);
