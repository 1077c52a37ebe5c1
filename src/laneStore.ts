// Where a lane keeps its checkpoints, by configuration: files below a directory, or topics beside those that it reads.

import { newFileStore } from './checkpoint/fileStore.ts';
import { newKafkaStore } from './checkpoint/kafkaStore.ts';
import { GruardError } from './errors.ts';
import type { LaneTask } from './messages.ts';
import type { CheckpointStore, Clock, Log } from './ports.ts';
import { kafkaErrorCode, kafkaErrorText, newKafkaClient } from './source/kafkaClient.ts';
import { newKafkaStateLog } from './source/kafkaStateLog.ts';
import { ensureStateTopic, stateTopicOf } from './source/kafkaStateTopic.ts';

export interface LaneStore {
  /** Undefined: nothing is kept. */
  readonly checkpoints: CheckpointStore | undefined;
  /** What could not be read, so far. */
  damaged(): number;
  /** Records of former owners, behind the claim of their successor. */
  zombies(): number;
  stop(): Promise<void>;
}

/** A replayed file never touches the state of the topic that it stands for: it has files of its own. */
export function newLaneStore(task: LaneTask, clock: Clock, log: Log): LaneStore {
  const { settings, stateDir, input } = task;
  if (input.kind === 'kafka' && settings.state.store === 'kafka') return kafkaStore(task, clock, log);
  const none = (): number => 0;
  const stop = (): Promise<void> => Promise.resolve();
  if (stateDir === undefined) return { checkpoints: undefined, damaged: none, zombies: none, stop };
  const store = newFileStore({ dir: stateDir, keep: settings.state.keep, log });
  return { checkpoints: store, damaged: store.damaged, zombies: none, stop };
}

function kafkaStore({ settings }: LaneTask, clock: Clock, log: Log): LaneStore {
  const { kafka: connection, state: kept } = settings;
  const kafka = newKafkaClient(connection, log, clock);
  const state = newKafkaStateLog({ kafka, topicOf: (topic) => stateTopicOf(kept.kafka, connection.group, topic) });
  /** Topics that were looked at; once is enough. */
  const ready = new Set<string>();
  const store = newKafkaStore({
    log,
    state,
    async ready({ topic }) {
      if (ready.has(topic)) return;
      try {
        await ensureStateTopic(kafka, kept.kafka, connection.group, topic);
      } catch (error) {
        if (error instanceof GruardError) throw error;
        throw new GruardError(kafkaErrorCode(error), kafkaErrorText(error), { cause: error });
      }
      ready.add(topic);
    },
  });
  return { checkpoints: store, damaged: store.damaged, zombies: store.zombies, stop: () => state.stop() };
}
