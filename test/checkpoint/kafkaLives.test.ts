// What a crash, a lost answer, a former owner or compaction can take: nothing that was acknowledged, and never a part.

import { describe, expect, it } from 'vitest';
import { LOG_MUTANTS, logViolationIn } from './kafkaLives.ts';

const SEEDS = 4_000;
const MUTANT_SEEDS_MAX = 1_500;

describe('the Kafka store on a log that fails, is compacted and has former owners', () => {
  it(`restores what it acknowledged, or something newer, in ${SEEDS} histories`, async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const violation = await logViolationIn(seed);
      if (violation !== undefined) expect.fail(`seed ${seed}: ${violation}`);
    }
  }, 120_000);

  it.each(Object.entries(LOG_MUTANTS))(
    'would not with: %s',
    async (_, mutate) => {
      let found: string | undefined;
      for (let seed = 0; seed < MUTANT_SEEDS_MAX && found === undefined; seed++) {
        found = await logViolationIn(seed, mutate).catch(String);
      }
      expect(found).toBeDefined();
    },
    60_000,
  );
});
