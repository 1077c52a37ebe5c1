// What a lane reads from and writes to, by the kind of its input: the only place that knows them all.

import type { PartitionId } from './domain.ts';
import type { LaneTask } from './messages.ts';
import type { Clock, EventSink, Log, RecordSource, RejectSink } from './ports.ts';
import {
  type KafkaSinkOptions,
  newKafkaEventSink,
  newKafkaRejectSink,
  PENDING_BYTES_MAX,
} from './report/kafkaSinks.ts';
import type { LaneReport } from './report/laneReport.ts';
import { newGenerator } from './source/generator.ts';
import { newKafkaSource } from './source/kafka.ts';
import { newKafkaClient } from './source/kafkaClient.ts';
import { leaderWatch } from './source/kafkaLeaders.ts';
import { rightsFor } from './source/kafkaRights.ts';
import type { KafkaState } from './source/kafkaState.ts';
import { partitionText } from './source/kafkaTopics.ts';
import { newReplaySource } from './source/replay.ts';
import type { Flow } from './summary.ts';

export interface LaneInput {
  readonly source: RecordSource;
  /** Where events go beside the main thread; undefined = nowhere. */
  readonly events: EventSink | undefined;
  /** Undefined = rejected records are only counted. */
  readonly rejects: RejectSink | undefined;
  /** Offset of the first record of a partition; known when the source takes it. */
  firstOffset(): number;
  /** So much waits for acknowledgement that reading must wait, too. */
  overfull(): boolean;
  flow(partition: PartitionId): Flow;
  /** Facts for the report. */
  state(): Pick<
    LaneReport,
    | 'connected'
    | 'ready'
    | 'waitingFor'
    | 'rebalances'
    | 'handoffSeconds'
    | 'lastFetchMs'
    | 'blockedPartitions'
    | 'leaderMoves'
    | 'rightsMissing'
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
      return {
        source,
        events: undefined,
        rejects: undefined,
        firstOffset: () => source.firstOffset,
        overfull: never,
        flow: unknownFlow,
        state: reading,
      };
    }
    case 'generator': {
      const source = newGenerator({ ...input, clock, log });
      return {
        source,
        events: undefined,
        rejects: undefined,
        firstOffset: () => 0,
        overfull: never,
        flow: unknownFlow,
        state: reading,
      };
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
    blockedPartitions: 0,
    leaderMoves: 0,
    rightsMissing: 0,
  };
}

const never = (): boolean => false;
/** A file has an end, and a generator has none. */
const unknownFlow = (): Flow => ({ endOffset: undefined, isReading: false });

/** Fetches come back several times a second, with records or without. */
const FETCH_OLD_MS = 15_000;

function kafkaInput(
  { settings, lane }: LaneTask,
  clock: Clock,
  log: Log,
  onGap: (partition: PartitionId, records: number) => void,
): LaneInput {
  const { events: eventsTopic, rejects: rejectsTopic } = settings.sinks;
  const written = [eventsTopic, rejectsTopic].filter((topic) => topic !== undefined);
  let state: KafkaState | undefined;
  const source = newKafkaSource({
    settings: settings.kafka,
    topics: [...new Set(settings.streams.flatMap(({ topics }) => topics))],
    exclude: written,
    lane,
    log,
    clock,
    onState: (now) => {
      state = now;
    },
    onGap,
    rights: (existing) => rightsFor(settings, existing),
  });
  // One connection for both sinks; it opens with the first message.
  const kafka = written.length === 0 ? undefined : newKafkaClient(settings.kafka, log, clock);
  const sinkTo = <Sink>(topic: string | undefined, make: (options: KafkaSinkOptions) => Sink): Sink | undefined =>
    kafka === undefined || topic === undefined ? undefined : make({ kafka, topic, log, clock });
  const events = sinkTo(eventsTopic, newKafkaEventSink);
  const rejects = sinkTo(rejectsTopic, newKafkaRejectSink);
  return {
    source,
    events,
    rejects,
    firstOffset: () => 0,
    overfull: () => (events?.pendingBytes ?? 0) + (rejects?.pendingBytes ?? 0) > PENDING_BYTES_MAX,
    flow: (partition) => ({
      endOffset: state?.endOffsets.get(partitionText(partition)),
      isReading:
        state?.joined === true &&
        state.waitingFor === undefined &&
        !state.blocked.includes(partitionText(partition)) &&
        clock.now() - (state.lastFetchMs ?? 0) < FETCH_OLD_MS,
    }),
    state() {
      const troubles = [events?.trouble, rejects?.trouble].filter((trouble) => trouble !== undefined);
      const waitingFor = state?.waitingFor ?? troubles[0]?.text;
      const refused = troubles.filter(({ code }) => code === 'kafka_auth').length;
      return {
        connected: state?.joined ?? false,
        ready: state?.joined === true && waitingFor === undefined,
        waitingFor,
        rebalances: state?.rebalances ?? 0,
        handoffSeconds: undefined,
        lastFetchMs: state?.lastFetchMs,
        blockedPartitions: state?.blocked.length ?? 0,
        leaderMoves: leaderWatch.moves,
        rightsMissing: (state?.rightsMissing ?? 0) + refused,
      };
    },
  };
}
