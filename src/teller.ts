// What a lane tells the main thread twice a second: put together from everything that it holds. How it copes with its
// load is found out here, because nothing else looks at all of that.

import type { LaneMemory } from './kernel/memory.ts';
import type { chooseKernels } from './kernelChoice.ts';
import type { LaneInput } from './laneInput.ts';
import type { newLaneStore } from './laneStore.ts';
import type { OverloadLadder } from './overload.ts';
import type { Owner } from './owner.ts';
import type { Clock, Log } from './ports.ts';
import type { LaneReport } from './report/laneReport.ts';
import { countsOf, type newHistogram, type Summary } from './summary.ts';

interface Told {
  readonly kernels: ReturnType<typeof chooseKernels>;
  readonly memory: LaneMemory;
  readonly slices: ReturnType<typeof newHistogram>;
  readonly input: LaneInput;
  readonly owner: Owner;
  readonly store: ReturnType<typeof newLaneStore>;
  readonly summary: Summary;
  readonly ladder: OverloadLadder;
}

/** Answers what sends one report. `busyMs` is the time that the lane has computed so far. */
export function newTeller(
  lane: number,
  { kernels, memory, slices, input, owner, store, summary, ladder }: Told,
  busyMs: () => number,
  clock: Clock,
  log: Log,
  send: (report: LaneReport) => void,
): () => void {
  const startedAt = clock.monotonic();
  let reports = 0;
  let waitedSeconds = 0;
  return () => {
    const told = summary.take(reports++ % ladder.rarer.rows === 0);
    const waited = owner.waits.seconds > waitedSeconds;
    waitedSeconds = owner.waits.seconds;
    const behindSeconds = Math.max(0, ...told.shares.map((share) => share.behindSeconds));
    const change = ladder.look({ nowMs: clock.monotonic(), waited, behindSeconds });
    const { level, trainEvery } = ladder;
    if (change !== undefined) log(level === 0 ? 'info' : 'warn', 'overload', change, { level, trainEvery });
    const state = input.state();
    const refused = owner.checkpoint.failure?.code === 'kafka_auth' ? 1 : 0;
    send({
      lane,
      ...state,
      rightsMissing: state.rightsMissing + refused,
      backpressureSeconds: owner.waits.seconds,
      recreations: owner.recreations.count,
      overload: level,
      trainEvery,
      busyRatio: Math.min(1, busyMs() / Math.max(1, clock.monotonic() - startedAt)),
      bankBytes: memory.top,
      kernels: kernels.used.map(({ backend, fused }) => ({ backend, fused })),
      slices: countsOf(slices),
      checkpoint: {
        ...owner.checkpoint,
        durations: countsOf(owner.checkpoint.durations),
        damaged: store.damaged(),
        zombies: store.zombies(),
      },
      ...told,
    });
  };
}
