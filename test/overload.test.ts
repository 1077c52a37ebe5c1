import { describe, expect, it } from 'vitest';
import { newOverloadLadder } from '../src/overload.ts';

interface Strains {
  readonly seconds: number;
  readonly behind?: number;
  /** Added each second. */
  readonly grows?: number;
  readonly waited?: boolean;
}

/** Looks each second; answers when it said something, and the level then; from 3 on with the share of training. */
function climb(strains: readonly Strains[], ladder = newOverloadLadder('keep')) {
  const changes: string[] = [];
  let second = 0;
  for (const { seconds, behind = 0, grows = 0, waited = false } of strains) {
    for (let i = 0; i < seconds; i++, second++) {
      const said = ladder.look({ nowMs: second * 1000, waited, behindSeconds: behind + i * grows });
      const { level, trainEvery } = ladder;
      if (said !== undefined) changes.push(`${second}: ${level}${level > 2 ? ` every ${trainEvery}` : ''}`);
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
  const ladder = newOverloadLadder('keep');
  expect(ladder.look({ nowMs: 0, waited: true, behindSeconds: 0 })).toContain('nothing is lost');
  expect(ladder.look({ nowMs: 1, waited: true, behindSeconds: 90 })).toBeUndefined();
  expect(ladder.look({ nowMs: 60_001, waited: true, behindSeconds: 95.2 })).toMatch(/^95 s of event time behind/);
});

describe('the rungs that leave out training', () => {
  const shedding = () => newOverloadLadder('shed');

  it('are never climbed unless the configuration says so', () => {
    expect(climb([{ seconds: 3600, behind: 301, grows: 1 }])).toEqual(['60: 2']);
  });

  it('are climbed one by one each minute while the lag of more than 5 min grows, and no longer', () => {
    const grows = [{ seconds: 600, behind: 301, grows: 1 }];
    expect(climb(grows, shedding())).toEqual([
      '60: 2',
      '61: 3 every 2',
      '121: 3 every 4',
      '181: 3 every 8',
      '241: 4 every 0',
    ]);
    const falls = [
      { seconds: 62, behind: 900, grows: 1 },
      { seconds: 300, behind: 960, grows: -1 },
    ];
    expect(climb(falls, shedding())).toEqual(['60: 2', '61: 3 every 2']);
    expect(climb([{ seconds: 600, behind: 300 }], shedding())).toEqual(['60: 2']);
  });

  it('are left one by one, each after 2 min below half of that, and the last one below half of a minute', () => {
    const strains = [
      { seconds: 200, behind: 301, grows: 1 },
      { seconds: 119, behind: 149 },
      { seconds: 1, behind: 150 },
      { seconds: 500, behind: 149 },
      { seconds: 500, behind: 29 },
    ];
    const down = ['440: 3 every 4', '561: 3 every 2', '682: 2', '940: 0'];
    expect(climb(strains, shedding()).slice(3)).toEqual(['181: 3 every 8', ...down]);
  });

  it('go on where recorded state was trained so, which is told, and climb from there as usual', () => {
    const ladder = shedding();
    ladder.resume(4);
    expect(
      climb(
        [
          { seconds: 50, behind: 400 },
          { seconds: 300, behind: 100 },
        ],
        ladder,
      ),
    ).toEqual(['0: 3 every 4', '170: 3 every 2', '291: 2']);
    ladder.resume(1);
    expect(ladder.level).toBe(2);
    const keeping = newOverloadLadder('keep');
    keeping.resume(8);
    expect([keeping.level, keeping.trainEvery]).toEqual([0, 1]);
  });

  it('need no second look to be tried after a restart: what was restored gets its minute', () => {
    const ladder = shedding();
    ladder.resume(2);
    expect(climb([{ seconds: 200, behind: 400, grows: 1 }], ladder)).toEqual([
      '0: 3 every 2',
      '70: 3 every 4',
      '130: 3 every 8',
      '190: 4 every 0',
    ]);
  });
});
