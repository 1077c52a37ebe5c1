// Schedules of crashes and moves by seed; and the mutants of the protocol that they must find.

import { describe, expect, it } from 'vitest';
import { MUTANTS } from './mutants.ts';
import { runSchedule } from './schedule.ts';

const SCHEDULES = 60;
const MUTANT_SCHEDULES_MAX = 400;

describe('a partition through crashes, moves, zombies, torn writes and lost answers', () => {
  it.each(['kafka', 'file'] as const)(
    `%s: ends as if nothing had happened, in ${SCHEDULES} schedules`,
    { timeout: 240_000 },
    async (kind) => {
      let ends = 0;
      for (let seed = 0; seed < SCHEDULES; seed++) {
        const told = await runSchedule(seed, kind);
        ends += told.ends;
        const again = `npm run sim -- --seed ${seed} --schedules 1 --store ${kind}`;
        expect(told.violation, again).toBeUndefined();
      }
      expect(ends).toBeGreaterThan(SCHEDULES);
    },
  );

  it.each(Object.entries(MUTANTS))('would not with: %s', { timeout: 240_000 }, async (_, { kind, make }) => {
    let found: string | undefined;
    for (let seed = 0; seed < MUTANT_SCHEDULES_MAX && found === undefined; seed++) {
      found = (await runSchedule(seed, kind, make())).violation;
    }
    expect(found).toBeDefined();
  });
});
