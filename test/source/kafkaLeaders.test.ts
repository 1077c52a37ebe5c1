import { describe, expect, it } from 'vitest';
import type { Log } from '../../src/ports.ts';
import { newLeaderWatch } from '../../src/source/kafkaLeaders.ts';

const of = (topic: string, ...leaders: number[]) => [
  { topic, partitionMetadata: leaders.map((leader, partitionId) => ({ partitionId, leader })) },
];

function watching() {
  const lines: string[] = [];
  const log: Log = (level, code, message) => void lines.push(`${level} ${code} ${message}`);
  const watch = newLeaderWatch();
  return {
    watch,
    lines,
    look: (connection: object, topics: ReturnType<typeof of>) => watch.look(connection, topics, log),
  };
}

describe('the watch of leaders', () => {
  it('tells and counts the partitions that have another leader than before', () => {
    const { watch, lines, look } = watching();
    const connection = {};
    look(connection, of('a', 1, 1, 2));
    expect([watch.moves, lines]).toEqual([0, []]);
    look(connection, of('a', 2, 2, 2));
    expect(watch.moves).toBe(2);
    expect(lines).toEqual(['info leader_moved 2 partitions of a have another leader: broker 2, not 1']);
  });

  it('waits while nobody leads, and counts the one that comes', () => {
    const { watch, look } = watching();
    const connection = {};
    for (const leader of [1, -1, -1, 1]) look(connection, of('a', leader));
    expect(watch.moves).toBe(0);
    for (const leader of [-1, 2]) look(connection, of('a', leader));
    expect(watch.moves).toBe(1);
  });

  it('counts a move once, however many connections hear of it, and one that hears late is no news', () => {
    const { watch, look } = watching();
    const [one, two] = [{}, {}];
    for (const connection of [one, two]) look(connection, of('a', 1));
    look(one, of('a', 2));
    look(two, of('a', 1));
    look(two, of('a', 2));
    expect(watch.moves).toBe(1);
    // A connection that was made anew, as a consumer's after a crash.
    look({}, of('a', 1));
    expect(watch.moves).toBe(2);
  });
});
