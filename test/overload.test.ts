import { expect, it } from 'vitest';
import { newOverloadLadder } from '../src/overload.ts';

/** Looks each second; answers the level after each, and what was said. */
function climb(strains: readonly { readonly seconds: number; readonly behind?: number; readonly waited?: boolean }[]) {
  const ladder = newOverloadLadder();
  const changes: string[] = [];
  let second = 0;
  for (const { seconds, behind = 0, waited = false } of strains) {
    for (let i = 0; i < seconds; i++, second++) {
      const said = ladder.look({ nowMs: second * 1000, waited, behindSeconds: behind });
      if (said !== undefined) changes.push(`${second}: ${ladder.level}`);
    }
  }
  return changes;
}

it('counts as overloaded after 60 s of more than 60 s behind, and is back 120 s after less than half of that', () => {
  expect(climb([{ seconds: 200, behind: 61 }])).toEqual(['60: 2']);
  expect(climb([{ seconds: 59, behind: 100 }, { seconds: 1 }, { seconds: 59, behind: 100 }])).toEqual([]);
  const back = [
    { seconds: 100, behind: 300 },
    { seconds: 500, behind: 31 },
    { seconds: 119, behind: 29 },
    { seconds: 1, behind: 31 },
    { seconds: 200, behind: 29 },
  ];
  expect(climb(back)).toEqual(['60: 2', '840: 0']);
});

it('tells that reading waits at once, and that it waits no more after two minutes', () => {
  expect(
    climb([{ seconds: 1, waited: true }, { seconds: 100 }, { seconds: 5, waited: true }, { seconds: 200 }]),
  ).toEqual(['0: 1', '226: 0']);
});

it('climbs from waiting to overloaded, and down in one step', () => {
  const strains = [{ seconds: 5, waited: true }, { seconds: 100, behind: 100, waited: true }, { seconds: 300 }];
  expect(climb(strains)).toEqual(['0: 1', '65: 2', '225: 0']);
});

it('says in one line what it means', () => {
  const ladder = newOverloadLadder();
  expect(ladder.look({ nowMs: 0, waited: true, behindSeconds: 0 })).toContain('nothing is lost');
  expect(ladder.look({ nowMs: 1, waited: true, behindSeconds: 90 })).toBeUndefined();
  expect(ladder.look({ nowMs: 60_001, waited: true, behindSeconds: 95.2 })).toMatch(/^95 s of event time behind/);
});
