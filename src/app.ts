// The supervisor on the main thread: builds everything in one straight line, watches the lanes, writes what they tell,
// and stops in reverse order. It never computes, so a busy model can never make /metrics late.

import { totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { claimStateDir } from './checkpoint/stateDir.ts';
import { ERRORS, type ErrorCode, GruardError } from './errors.ts';
import { BAND_NOMINAL } from './forecast/band.ts';
import type { FromLane, Input, LaneTask, ToLane } from './messages.ts';
import type { Clock, Log } from './ports.ts';
import { LOOK_MS, newPulseMemory, newWatch, pulseIn, whereabouts } from './pulse.ts';
import { newReport, type Report } from './report/report.ts';
import type { Screen } from './screen.ts';
import type { Settings } from './settings.ts';

/** For the lanes. With what main itself has to end, a stop takes at most 25 s: orchestrators grant 30. */
const STOP_MS_MAX = 23_000;
/** For output that waits for its reader, once everything else has stopped. */
const WRITE_MS_MAX = 1_000;
const RESTART_MS = 1_000;
/** The failure of a lane with which it is given up, and the time within which they count. */
const FAILURES_MAX = 3;
const FAILURES_WITHIN_MS = 600_000;
/** Exit codes of programs that a signal ends, 128 + its number. */
const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;

export interface AppOptions {
  readonly settings: Settings;
  readonly input: Input;
  /** Directory of the checkpoints; undefined = keep nothing. */
  readonly stateDir: string | undefined;
  /** Forget what lies there. */
  readonly fresh: boolean;
  readonly version: string;
  readonly configSha: string | undefined;
  /** Take the next free port when the wanted one is busy. */
  readonly anyPort: boolean;
  /** End with success at the first opened episode. */
  readonly untilFirstAnomaly: boolean;
  readonly screen: Screen;
  readonly log: Log;
}

interface Supervised {
  worker: Worker;
  /** Ends with the worker's life. */
  watching: NodeJS.Timeout;
  /** Undefined until the lane says that it has ended; then whether its checkpoints hold everything that it read. */
  settled: boolean | undefined;
  failure: { readonly code: ErrorCode; readonly message: string } | undefined;
  readonly failedAt: number[];
}

/** Runs until the input ends, a signal comes or nothing can go on. Answers the exit code. */
export async function runApp(options: AppOptions): Promise<number> {
  const { settings, log, screen } = options;
  const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const lanes = options.input.kind === 'kafka' ? settings.lanes : 1;
  const stops: (readonly [name: string, stop: () => Promise<unknown> | unknown])[] = [];

  if (options.stateDir !== undefined) {
    const claim = await claimStateDir(options.stateDir, { fresh: options.fresh });
    stops.push(['state directory', () => claim.release()]);
  }
  const facts = {
    version: options.version,
    commit: process.env['GRUARD_COMMIT'] ?? 'unknown',
    configSha: options.configSha,
    memoryLimitBytes: Math.min(process.constrainedMemory() || totalmem(), totalmem()),
    bandNominal: BAND_NOMINAL,
  };
  const report = newReport({ ...settings, lanes }, facts, clock, log);
  const listener = await listen(report, settings.http, options.anyPort);
  stops.push(['http', () => listener.close()]);
  screen.started(listener.url);
  log('info', 'started', `listening on ${listener.url}`, { lanes, version: options.version });
  logMutes(settings, log);

  let finish: (exit: number) => void = () => {};
  const finished = new Promise<number>((resolve) => {
    finish = resolve;
  });
  const supervised: Supervised[] = [];
  let exitUnsettled = 0;
  const stopping = (): boolean => report.condition.stopping;
  const finishWithLast = (): void => {
    if (supervised.every(({ worker }) => worker.threadId === -1)) finish(exitOf(supervised, exitUnsettled));
  };
  const stopLanes = (exit: number): void => {
    if (stopping()) return;
    report.condition.stopping = true;
    exitUnsettled = exit;
    const deadline = setTimeout(() => {
      log('error', 'stop_failed', `not drained within ${STOP_MS_MAX / 1000} s`);
      finish(exit);
    }, STOP_MS_MAX);
    stops.push(['deadline', () => clearTimeout(deadline)]);
    for (const lane of supervised) lane.worker.postMessage({ kind: 'stop' } satisfies ToLane);
    finishWithLast(); // all may be waiting for their restart
  };

  const onMessage = (number: number, lane: Supervised, worker: Worker, message: FromLane): void => {
    switch (message.kind) {
      case 'report':
        report.accept(message.report);
        screen.progress(report.streams());
        return;
      case 'event':
        screen.event(message.event);
        if (options.untilFirstAnomaly && message.event.event === 'opened') stopLanes(0);
        return;
      case 'flush':
        void screen
          .written()
          .then(() => worker.postMessage({ kind: 'flushed', number: message.number } satisfies ToLane));
        return;
      case 'log':
        log(message.level, message.code, message.message, message.fields);
        return;
      case 'ended':
        lane.settled = message.settled;
        return;
      case 'failed':
        lane.failure = message;
        log('error', message.code, message.message, { lane: number });
    }
  };

  const onExit = (number: number, lane: Supervised): void => {
    clearInterval(lane.watching);
    report.condition.still.delete(number);
    report.laneEnded(number);
    if (lane.settled === undefined) lane.failure ??= { code: 'lane_failed', message: 'the thread ended' };
    if (lane.failure === undefined || stopping()) {
      finishWithLast();
      return;
    }
    const { code, message } = lane.failure;
    const now = clock.monotonic();
    lane.failedAt.push(now);
    const recent = lane.failedAt.filter((at) => now - at < FAILURES_WITHIN_MS).length;
    if (!ERRORS[code].retryable || readsStdin || recent >= FAILURES_MAX) {
      report.condition.fatal.set(number, message);
      if (recent >= FAILURES_MAX) log('error', 'lane_given_up', `lane ${number} failed ${recent} times in ten minutes`);
      stopLanes(ERRORS[code].exit || 1);
      return;
    }
    log('warn', 'lane_restarted', `lane ${number} starts anew from its last checkpoint`, { lane: number });
    setTimeout(() => {
      if (!stopping()) start(number, lane);
    }, RESTART_MS);
  };

  // What was read of standard input cannot be read again: then a lane has one life.
  const readsStdin = options.input.kind === 'replay' && options.input.file === '-';
  const start = (number: number, again: Supervised | undefined): void => {
    const pulse = newPulseMemory();
    const task: LaneTask = { lane: number, settings, input: options.input, stateDir: options.stateDir, pulse };
    const worker = new Worker(laneUrl(), { workerData: task, name: `lane-${number}`, stdin: readsStdin });
    if (readsStdin && worker.stdin !== null) {
      process.stdin.pipe(worker.stdin);
      stops.push(['standard input', () => process.stdin.destroy()]);
    }
    const watching = watchLane(number, pulse, report, log, (message) => {
      lane.failure ??= { code: 'lane_failed', message };
      void worker.terminate();
    });
    const lane: Supervised = again ?? { worker, watching, settled: undefined, failure: undefined, failedAt: [] };
    lane.worker = worker;
    lane.watching = watching;
    lane.failure = undefined;
    if (again === undefined) supervised[number] = lane;
    worker.on('message', (message: FromLane) => onMessage(number, lane, worker, message));
    worker.on('error', (error) => onMessage(number, lane, worker, uncaught(error)));
    worker.on('exit', () => onExit(number, lane));
  };
  for (let number = 0; number < lanes; number++) start(number, undefined);
  stops.push(['lanes', () => Promise.all(supervised.map(({ worker }) => worker.terminate()))]);

  const release = onSignals(stopping, stopLanes, log);
  void screen.broken.then((error) => {
    const gone = error.code === 'EPIPE';
    if (gone) log('info', 'stopping', 'nobody reads standard output any more');
    else log('error', 'output_failed', `cannot write to standard output: ${error.message}`);
    finish(gone ? SIGNAL_EXITS.SIGPIPE : ERRORS.internal.exit);
  });
  const exit = await finished;
  const inputEnded = exit === 0 && !stopping();
  report.condition.stopping = true; // lanes that end now are not started anew, and a signal does not wait
  screen.ended(exit);
  for (const [name, stop] of stops.reverse()) {
    try {
      await stop();
    } catch (error) {
      log('warn', 'stop_failed', `${name}: ${String(error)}`);
    }
  }
  // All events of an input that ended are read, however slowly; who was asked to stop does not wait for a reader.
  const impatient = inputEnded ? undefined : setTimeout(() => process.exit(exit), WRITE_MS_MAX);
  await Promise.race([screen.written(), screen.broken]);
  clearTimeout(impatient);
  release();
  return exit;
}

/**
 * Says once that a lane stands still, and calls `onHung` when it does for long. While lanes stop, a deadline judges.
 */
function watchLane(
  lane: number,
  pulse: SharedArrayBuffer,
  report: Report,
  log: Log,
  onHung: (message: string) => void,
): NodeJS.Timeout {
  const seen = pulseIn(pulse);
  const watch = newWatch(seen);
  let before = 'moves';
  return setInterval(() => {
    if (report.condition.stopping) return;
    const now = watch.look();
    const message = `lane ${lane} has not moved for ${watch.stillSeconds} s: ${whereabouts(seen)}`;
    if (now === 'moves') report.condition.still.delete(lane);
    else report.condition.still.set(lane, { seconds: watch.stillSeconds, where: whereabouts(seen) });
    if (now === 'still' && before === 'moves') log('warn', 'lane_still', message, { lane });
    if (now === 'moves' && before === 'still') log('info', 'lane_moves', `lane ${lane} moves again`, { lane });
    if (now === 'hung' && before !== 'hung') {
      log('error', 'lane_hung', message, { lane });
      onHung(message);
    }
    before = now;
  }, LOOK_MS);
}

function uncaught(error: unknown): FromLane {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'failed', code: 'lane_failed', message };
}

function exitOf(lanes: readonly Supervised[], exitUnsettled: number): number {
  const failed = lanes.find(({ failure }) => failure !== undefined)?.failure;
  if (failed !== undefined) return ERRORS[failed.code].exit || 1;
  return lanes.every(({ settled }) => settled) ? 0 : exitUnsettled;
}

/** The first signal drains, the second ends at once. What nobody caught ends at once, too, before it does more harm. */
function onSignals(stopping: () => boolean, stopLanes: (exit: number) => void, log: Log): () => void {
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (stopping()) process.exit(SIGNAL_EXITS[signal]);
    log('info', 'stopping', `${signal}: finishing the batch in hand and writing checkpoints`);
    stopLanes(SIGNAL_EXITS[signal]);
  };
  const fault = (error: unknown): void => {
    log('error', 'internal', error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(ERRORS.internal.exit);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop).on('uncaughtException', fault);
  return () => {
    process.off('SIGINT', stop).off('SIGTERM', stop).off('uncaughtException', fault);
  };
}

/** Who does not get an alarm should be able to read why. */
function logMutes({ streams }: Settings, log: Log): void {
  for (const { name, detect } of streams) {
    for (const { series, untilMs, reason } of detect.mute) {
      const labels = series.map(({ label, value }) => `${label}=${JSON.stringify(value)}`).join(', ');
      const who = labels === '' ? 'all series' : `series with ${labels}`;
      const why = reason === undefined ? '' : `: ${reason}`;
      const until = new Date(untilMs).toISOString();
      log('info', 'muted', `${name}: ${who} open no episodes before ${until} of event time${why}`, { stream: name });
    }
  }
}

async function listen(report: Report, http: Settings['http'], anyPort: boolean): ReturnType<Report['listen']> {
  try {
    return await report.listen(http);
  } catch (error) {
    if (!anyPort || !(error instanceof GruardError) || error.code !== 'port_busy') throw error;
    return report.listen({ ...http, port: 0 });
  }
}

/** `new URL` is not rewritten by the compiler: sources run `.ts`, the build `.js`. */
function laneUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './lane.ts' : './lane.js', import.meta.url);
}
