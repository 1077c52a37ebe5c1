// A lane: one worker thread = one source (a consumer-group member) = one memory for all its slabs. This file is its
// composition root; it builds the rim around the pipeline and tells the main thread how it goes.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { GruardError } from './errors.ts';
import { type Feed, newFeed } from './feed.ts';
import { newLaneMemory } from './kernel/memory.ts';
import { backendsOf, chooseKernels } from './kernelChoice.ts';
import { newInput } from './laneInput.ts';
import { newLaneStore } from './laneStore.ts';
import type { FromLane, LaneTask, ToLane } from './messages.ts';
import { newOverloadLadder } from './overload.ts';
import { newOwner, type Owner } from './owner.ts';
import { pipeline, type Rim, type Work } from './pipeline.ts';
import type { Clock, EventSink, Log } from './ports.ts';
import { beat, enter, type Pulse, pulseIn, standAt } from './pulse.ts';
import { anomalyEvent } from './report/events.ts';
import { SLICE_BOUNDS } from './report/metrics.ts';
import { DETECTOR_VERSION } from './share.ts';
import { labelsOf, newHistogram, newSummary, observe } from './summary.ts';
import { newTeller } from './teller.ts';

const REPORT_EVERY_MS = 500;
const CHECKPOINT_LOOK_MS = 250;
/** Records of a partition after which a checkpoint does not wait for its time: they bound what is read again. */
const CHECKPOINT_RECORDS = 50_000;
const SETTLE_MS = 15_000;
/** Events that main may not have written yet: a file can hold more than the memory, and its reader be slow. */
const PRINTED_MAX = 10_000;
/** A lane that failed leaves its group, so that nobody waits for its session, but not for long. */
const LEAVE_MS = 5_000;

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

if (parentPort !== null) {
  const port = parentPort;
  await runLane(port, workerData as LaneTask).catch((error) => port.postMessage(failure(error)));
  process.exit();
}

/** Runs until the input ends or main says stop; connections may still wait for something then. */
async function runLane(port: MessagePort, task: LaneTask): Promise<void> {
  const send = (message: FromLane): void => port.postMessage(message);
  const log: Log = (level, code, message, fields = {}) =>
    send({ kind: 'log', level, code, message, fields: { lane: task.lane, ...fields } });
  const { settings } = task;

  const memory = newLaneMemory();
  const kernels = chooseKernels(settings.streams, backendsOf(memory), log);
  const slices = newHistogram(SLICE_BOUNDS);
  let busyMs = 0;
  const pulse = pulseIn(task.pulse);
  const feed = watchedFeed(
    pulse,
    newFeed(clock.monotonic, (ms) => {
      busyMs += ms;
      observe(slices, ms / 1000);
      beat(pulse);
    }),
  );
  const ladder = newOverloadLadder(settings.overload.learning);
  const names = settings.streams.map(({ name }) => name);
  const summary = newSummary(names, clock, (partition) => input.flow(partition));
  const printed = printedEvents(port, send);
  const input = newInput(task, clock, log, (partition, gapRecords) => summary.note(partition, { gapRecords }));
  const sinks: readonly EventSink[] = input.events === undefined ? [printed] : [input.events, printed];

  const store = newLaneStore(task, clock, log);
  const owner = newOwner({
    streams: settings.streams,
    memory,
    kernelOf: kernels.of,
    store: store.checkpoints,
    everyMs: settings.state.everyMs,
    everyRecords: CHECKPOINT_RECORDS,
    load: ladder,
    feed,
    summary,
    rejects: input.rejects,
    flush: async () => {
      await Promise.all([...sinks.map((sink) => sink.flush()), input.rejects?.flush()]);
    },
    overfull: () => input.overfull() || printed.pending > PRINTED_MAX,
    commit: (positions) => input.source.commit(positions),
    clock,
    log,
    firstOffset: () => input.firstOffset(),
    file: task.input.kind === 'replay' ? task.input.file : undefined,
  });

  const timed: Rim['timed'] = (stage, step) =>
    summary.timed(stage, (work) => {
      enter(pulse, stage);
      return step(work);
    });
  const report = (work: Work): Work => {
    enter(pulse, 'report');
    summary.collect(work);
    publish(work, sinks);
    return work;
  };
  const drained = new Promise<void>((resolve, reject) => {
    pipeline(feed.works, { timed, report }).subscribe({ error: reject, complete: resolve });
  });

  const told = { kernels, memory, slices, input, owner, store, summary, ladder };
  const tell = newTeller(
    task.lane,
    told,
    () => busyMs,
    clock,
    log,
    (report) => send({ kind: 'report', report }),
  );
  setInterval(tell, REPORT_EVERY_MS);
  setInterval(() => owner.tick(), CHECKPOINT_LOOK_MS);
  // With a batch in hand only its slices count: an event loop that turns is no progress.
  setInterval(() => feed.isIdle() && beat(pulse), REPORT_EVERY_MS);
  beat(pulse); // from here on it is watched: the first slice may be the one that hangs
  let stopping = false;
  port.on('message', (message: ToLane) => {
    if (message.kind !== 'stop') return;
    stopping = true;
    void input.source.stop();
  });

  try {
    await Promise.race([input.source.run(owner), drained]);
    // A source that was stopped has settled the owner, and its input may go on another time.
    if (!stopping) await finish(task, owner);
    feed.end();
    await drained;
    await Promise.all([...sinks.map((sink) => sink.stop()), input.rejects?.stop(), store.stop()]);
    tell();
    send({ kind: 'ended', settled: owner.isSettled() });
  } catch (error) {
    send(failure(error));
    await Promise.race([input.source.stop(), sleep(LEAVE_MS)]);
  }
}

/** A feed that leaves in the pulse what it has in hand. */
function watchedFeed(pulse: Pulse, feed: Feed): Feed & { isIdle(): boolean } {
  let inHand = 0;
  return {
    works: feed.works,
    end: () => feed.end(),
    isIdle: () => inHand === 0,
    async push(works) {
      const [first] = works;
      if (first !== undefined) standAt(pulse, first.share.partition, first.batch.records[0]?.offset ?? -1);
      inHand++;
      try {
        await feed.push(works);
      } finally {
        inHand--;
        enter(pulse, 'idle');
      }
    },
  };
}

function failure(error: unknown): FromLane {
  if (error instanceof GruardError) return { kind: 'failed', code: error.code, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'failed', code: 'lane_failed', message };
}

async function finish(task: LaneTask, owner: Owner): Promise<void> {
  if (task.input.kind === 'replay' && task.input.flush) await owner.finish();
  await owner.settle(SETTLE_MS);
}

/** Builds the wave's events and hands them to the sinks, in order of rows. */
function publish(work: Work, sinks: readonly EventSink[]): void {
  const { share, wave } = work;
  for (const change of work.changes) {
    const owner = share.series.bySlot[wave.slot[change.row] ?? -1];
    if (owner === undefined) throw new Error('an episode of a series that is gone');
    const { series, field } = owner;
    const event = anomalyEvent(
      {
        stream: share.stream,
        partition: share.partition,
        key: series.key,
        labels: labelsOf(share, series.labels),
        field: share.decode.fieldNames[field] ?? '',
        file: work.batch.file,
        detectorVersion: DETECTOR_VERSION,
      },
      wave,
      change,
    );
    for (const sink of sinks) sink.publish(event, series.key, wave.endMs[change.row] ?? 0);
  }
}

/** Events on their way to the terminal or to standard output, which the main thread writes. */
function printedEvents(
  port: MessagePort,
  send: (message: FromLane) => void,
): EventSink & { /** Since the last flush. */ readonly pending: number } {
  const waiting = new Map<number, () => void>();
  let flushes = 0;
  let pending = 0;
  port.on('message', (message: ToLane) => {
    if (message.kind !== 'flushed') return;
    waiting.get(message.number)?.();
    waiting.delete(message.number);
  });
  return {
    get pending() {
      return pending;
    },
    publish(event) {
      pending++;
      send({ kind: 'event', event });
    },
    flush: () =>
      new Promise((resolve) => {
        const number = ++flushes;
        waiting.set(number, resolve);
        pending = 0;
        send({ kind: 'flush', number });
      }),
    stop: () => Promise.resolve(),
  };
}
