// What a lane reads from and writes to, by the kind of its input: the only place that knows them all.

import type { PartitionId } from './domain.ts';
import type { LaneTask } from './messages.ts';
import type { Clock, EventSink, Log, RecordSource, RejectSink } from './ports.ts';
import { newKafkaEventSink, newKafkaRejectSink } from './report/kafkaSinks.ts';
import type { LaneReport } from './report/laneReport.ts';
import { newGenerator } from './source/generator.ts';
import { newKafkaSource } from './source/kafka.ts';
import { newKafkaClient } from './source/kafkaClient.ts';
import { newReplaySource } from './source/replay.ts';

export interface LaneInput {
  readonly source: RecordSource;
  /** Where events go beside the main thread; undefined = nowhere. */
  readonly events: EventSink | undefined;
  /** Undefined = rejected records are only counted. */
  readonly rejects: RejectSink | undefined;
  /** Offset of the first record of a partition; known when the source takes it. */
  firstOffset(): number;
  /** Facts for the report. */
  state(): Pick<
    LaneReport,
    'connected' | 'ready' | 'waitingFor' | 'rebalances' | 'handoffSeconds' | 'lastFetchMs' | 'backpressureSeconds'
  >;
}

/** `onGap` is told of records that were gone before they could be read. */
export function newInput(
  task: LaneTask,
  clock: Clock,
  log: Log,
  onGap: (partition: PartitionId, records: number) => void,
): LaneInput {
  const { input } = task;
  switch (input.kind) {
    case 'kafka':
      return kafkaInput(task, clock, log, onGap);
    case 'replay': {
      const source = newReplaySource({ ...input, linesPerBatch: LINES_PER_BATCH, log });
      return { source, events: undefined, rejects: undefined, firstOffset: () => source.firstOffset, state: reading };
    }
    case 'generator': {
      const source = newGenerator({ ...input, clock, log });
      return { source, events: undefined, rejects: undefined, firstOffset: () => 0, state: reading };
    }
  }
}

const LINES_PER_BATCH = 1000;

function reading(): ReturnType<LaneInput['state']> {
  return {
    connected: true,
    ready: true,
    waitingFor: undefined,
    rebalances: 0,
    handoffSeconds: undefined,
    lastFetchMs: undefined,
    backpressureSeconds: 0,
  };
}
