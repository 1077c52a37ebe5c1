// Who comes in when a share is full.

import { expect, it } from 'vitest';
import type { SeriesKey } from '../../src/domain.ts';
import { isExpected, newDoorkeeper, packDoor, sight, unpackDoor } from '../../src/window/doorkeeper.ts';
import { HOUR, MINUTE } from '../support/streams.ts';
import { newStage, type TestSample } from './stage.ts';

const key = (text: string): SeriesKey => text as SeriesKey;

/** One sample of each key at minute `minute`. */
const at = (minute: number, ...keys: readonly string[]): TestSample[] =>
  keys.map((name, i) => ({ key: name, timeMs: minute * MINUTE + i }));

const full = (changes = {}): ReturnType<typeof newStage> => {
  const stage = newStage({ seriesMax: 2, quietMs: 5 * MINUTE, every: { kind: 'record' }, ...changes });
  stage.take(at(0, 'steady', 'once'));
  return stage;
};
const keysOf = ({ state }: ReturnType<typeof newStage>): string[] => [...state.table.byKey.keys()].sort();

it('lets a key in at its third sighting, in the place of the series that has been silent longest', () => {
  const stage = full();
  for (let minute = 1; minute <= 7; minute++) stage.take(at(minute, 'steady'));
  stage.take(at(8, 'steady', 'new'));
  stage.take(at(9, 'steady', 'new'));
  expect(keysOf(stage)).toEqual(['once', 'steady']);
  const closed = stage.take(at(10, 'steady', 'new'));
  expect(keysOf(stage)).toEqual(['new', 'steady']);
  expect(closed.map((window) => window.key)).toEqual(['steady', 'new']);
  expect(stage.state.forgotten.map((series) => series.key)).toEqual(['once']);
  expect(stage.state.counters).toMatchObject({ seriesRefused: 2, seriesEvicted: 1, samplesDropped: { key_limit: 2 } });
});

it('moves nobody who goes on sending, however often others knock', () => {
  const stage = full();
  for (let minute = 1; minute <= 60; minute++) stage.take(at(minute, 'steady', 'once', 'knocks', 'knocks', 'too'));
  expect(keysOf(stage)).toEqual(['once', 'steady']);
  expect(stage.state.counters.seriesEvicted).toBe(0);
});

it('waits ten windows before it takes a slow series for a silent one', () => {
  const stage = full({ every: { kind: 'fixed', ms: HOUR }, futureMs: 24 * HOUR });
  for (let minute = 30; minute <= 590; minute += 10) stage.take(at(minute, 'steady', 'new'));
  expect(keysOf(stage)).toEqual(['once', 'steady']);
  for (let minute = 600; minute <= 640; minute += 10) stage.take(at(minute, 'steady', 'new'));
  expect(keysOf(stage)).toEqual(['new', 'steady']);
});

it('counts what a moved series still held as dropped, so that no sample vanishes', () => {
  const stage = full({ every: { kind: 'auto' } });
  const { counters } = stage.state;
  for (let minute = 1; minute <= 9; minute++) stage.take(at(minute, 'steady', 'new'));
  expect(keysOf(stage)).toEqual(['new', 'steady']);
  expect(counters.samplesDropped).toMatchObject({ late: 1 });
});

it('decides the same whatever the waves are', () => {
  const keys = Array.from({ length: 3000 }, (_, i) => `k${Math.floor(Math.abs(Math.sin(i * i)) * 12)}`);
  const samples = keys.map((name, i) => ({ key: name, timeMs: i * 20_000, value: i }));
  const run = (waveRows: number): unknown => {
    const stage = newStage({ seriesMax: 5, quietMs: MINUTE, waveRows });
    const closed = stage.take(samples);
    return [closed, keysOf(stage), stage.state.counters];
  };
  const wanted = run(256);
  expect(run(1)).toEqual(wanted);
  expect(newStage({ seriesMax: 5 }).state.counters).not.toEqual((wanted as unknown[])[2]);
});

it('takes several fields of one record for one sighting', () => {
  const door = newDoorkeeper(10);
  for (const offset of [1, 1, 1, 2]) sight(door, key('a'), offset);
  expect([isExpected(door, key('a'), 2), isExpected(door, key('a'), 3)]).toEqual([false, true]);
  expect(isExpected(door, key('b'), 3)).toBe(false);
});

it('forgets by counting: keys that come once do not add up', () => {
  const door = newDoorkeeper(10_000);
  let expected = 0;
  const keys = 500_000;
  for (let i = 0; i < keys; i++) {
    if (isExpected(door, key(`once ${i}`), i)) expected++;
    sight(door, key(`once ${i}`), i);
  }
  expect(expected / keys).toBeLessThan(0.01);
});

it('comes back from its bytes as it was, and begins anew under another limit', () => {
  const door = newDoorkeeper(100);
  for (let i = 0; i < 700; i++) sight(door, key(`k${i % 200}`), i);
  const again = newDoorkeeper(100);
  unpackDoor(again, packDoor(door), door.counted);
  expect([again.counts, again.counted]).toEqual([door.counts, door.counted]);
  const other = newDoorkeeper(10_000);
  unpackDoor(other, packDoor(door), door.counted);
  expect(other.counts).toHaveLength(0);
  expect(packDoor(newDoorkeeper(100))).toHaveLength(0);
});
