// Which broker leads which partition, as the connections of this thread hear of it. A leader that moves explains a stop
// of some seconds, which else looked like a fault of gruard.

import type { Log } from '../ports.ts';

/** The answer of a broker about topics, as kafkajs keeps it. */
export interface TopicLeaders {
  readonly topic: string;
  readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[];
}

export interface LeaderWatch {
  /** Takes one answer that `connection` got. Says once, for all connections, which leaders moved. */
  look(connection: object, topics: readonly TopicLeaders[], log: Log): void;
  /** Partitions whose leader moved, each time. */
  readonly moves: number;
}

export function newLeaderWatch(): LeaderWatch {
  const known = new Map<string, number>();
  const heard = new WeakMap<object, Map<string, number>>();
  let moves = 0;
  return {
    look(connection, topics, log) {
      const before = heard.get(connection) ?? new Map<string, number>();
      heard.set(connection, before);
      for (const { topic, partitionMetadata } of topics) {
        const moved: { readonly partition: number; readonly from: number; readonly to: number }[] = [];
        for (const { partitionId, leader } of partitionMetadata) {
          // Nobody leads it just now: it has not moved yet.
          if (leader < 0) continue;
          const name = `${topic}/${partitionId}`;
          const [last, own] = [known.get(name), before.get(name)];
          before.set(name, leader);
          // A broker may answer what was true a moment ago. What this connection knew already is no news.
          if (last === leader || own === leader) continue;
          known.set(name, leader);
          if (last !== undefined) moved.push({ partition: partitionId, from: last, to: leader });
        }
        if (moved.length === 0) continue;
        moves += moved.length;
        const [first] = moved;
        const broker = `broker ${first?.to}, not ${first?.from}`;
        log('info', 'leader_moved', `${moved.length} partitions of ${topic} have another leader: ${broker}`, {
          topic,
          partitions: moved.slice(0, 20),
        });
      }
    },
    get moves() {
      return moves;
    },
  };
}

/** Of this thread, i.e. of one lane. */
export const leaderWatch = newLeaderWatch();
