// Runs the table of cases.ts: each case with several seeds, through the real pipeline.

import { describe, expect, it } from 'vitest';
import type { Case } from './case.ts';
import { CASES, SEEDS } from './cases.ts';
import { episodesOf, type Told } from './course.ts';

/** So many windows behind the harm an episode still belongs to it: averages fade. */
const ECHO = 24;

function isDuring({ harm, lasts = Number.POSITIVE_INFINITY }: Case, { opened }: Told): boolean {
  return harm !== undefined && opened >= 0 && opened < lasts + ECHO;
}

async function check(one: Case): Promise<void> {
  const {
    found,
    within = Number.POSITIVE_INFINITY,
    evidence,
    kind,
    duration,
    closedBy,
    episodes,
    besides,
  } = one.expected;
  let others = 0;
  let during = 0;
  let hits = 0;
  const lines: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const told = await episodesOf(one, seed);
    const own = told.filter((episode) => isDuring(one, episode));
    lines.push(`seed ${seed}: ${JSON.stringify(told)}`);
    others += told.length - own.length;
    during += own.length;
    const [first] = own;
    if (first === undefined || first.opened > within) continue;
    hits++;
    const what = `${one.name}, seed ${seed}`;
    expect(first.since, `${what}: evidence begins no earlier than the harm`).toBeGreaterThanOrEqual(0);
    if (evidence !== undefined) expect(evidence, what).toContain(first.evidence);
    if (kind !== undefined) expect(kind, what).toContain(first.kind);
    if (closedBy !== undefined) expect(first.closedBy, what).toBe(closedBy);
    if (duration !== undefined) {
      expect(first.duration, what).toBeGreaterThanOrEqual(duration[0]);
      expect(first.duration, what).toBeLessThanOrEqual(duration[1]);
    }
  }
  const all = lines.join('\n');
  expect(hits, `found in runs\n${all}`).toBe(found);
  expect(others, `episodes besides\n${all}`).toBeLessThanOrEqual(besides);
  if (episodes !== undefined) {
    expect(during, `episodes during the harm\n${all}`).toBeGreaterThanOrEqual(episodes[0]);
    expect(during, `episodes during the harm\n${all}`).toBeLessThanOrEqual(episodes[1]);
  }
}

describe('what a user may expect', () => {
  it.each(CASES.filter(({ knownWeak }) => knownWeak === undefined))('$name', check, 120_000);
});

describe('known weaknesses, as they are', () => {
  it.each(CASES.filter(({ knownWeak }) => knownWeak !== undefined))('$name: $knownWeak', check, 120_000);
});
