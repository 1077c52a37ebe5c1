// What a loss of power can take: nothing that was acknowledged, and never a part of a file.

import { describe, expect, it } from 'vitest';
import { MUTANTS, violationIn } from './lives.ts';

const SEEDS = 20_000;
const MUTANT_SEEDS_MAX = 3_000;

describe('the file store on a disk that loses power, and fails in between', () => {
  it(`restores what it acknowledged, or something newer, in ${SEEDS} histories`, async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const violation = await violationIn(seed);
      if (violation !== undefined) expect.fail(`seed ${seed}: ${violation}`);
    }
  }, 60_000);

  it.each(Object.entries(MUTANTS))(
    'would not with: %s',
    async (_, mutate) => {
      let found: string | undefined;
      for (let seed = 0; seed < MUTANT_SEEDS_MAX && found === undefined; seed++)
        found = await violationIn(seed, mutate);
      expect(found).toBeDefined();
    },
    30_000,
  );
});
