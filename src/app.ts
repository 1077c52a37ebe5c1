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
import { newReport, type Report } from './report/report.ts';
import type { Screen } from './screen.ts';
import type { Settings } from './settings.ts';

/** All of a stop must fit below the 30 s that orchestrators grant. */
const STOP_MS_MAX = 25_000;
const RESTART_MS = 1_000;
const RESTARTS_MAX = 3;
const RESTARTS_WITHIN_MS = 600_000;

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
  ended: boolean;
  failure: { readonly code: ErrorCode; readonly message: string } | undefined;
  readonly restartsAt: number[];
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
  const { GRUARD_COMMIT: commit = 'unknown' } = process.env;
  const facts = {
    version: options.version,
    commit,
    backend: 'js',
    configSha: options.configSha,
    memoryLimitBytes: Math.min(process.constrainedMemory() || totalmem(), totalmem()),
    bandNominal: BAND_NOMINAL,
  };
  const report = newReport({ ...settings, lanes }, facts, clock, log);
  const listener = await listen(report, settings.http, options.anyPort);
  stops.push(['http', () => listener.close()]);
  screen.started(listener.address);
  log('info', 'started', `listening on http://${listener.address}`, { lanes, version: options.version });

  let finish: (exit: number) => void = () => {};
  const finished = new Promise<number>((resolve) => {
    finish = resolve;
  });
  const supervised: Supervised[] = [];
  const stopping = (): boolean => report.condition.stopping;
  const stopLanes = (): void => {
    report.condition.stopping = true;
    for (const lane of supervised) lane.worker.postMessage({ kind: 'stop' } satisfies ToLane);
  };

  const onMessage = (number: number, lane: Supervised, message: FromLane): void => {
    switch (message.kind) {
      case 'report':
        report.accept(message.report);
        screen.progress(report.streams());
        return;
      case 'event':
        screen.event(message.event);
        if (options.untilFirstAnomaly && message.event.event === 'opened' && !stopping()) stopLanes();
        return;
      case 'flush':
        void screen
          .written()
          .then(() => lane.worker.postMessage({ kind: 'flushed', number: message.number } satisfies ToLane));
        return;
      case 'log':
        log(message.level, message.code, message.message, message.fields);
        return;
      case 'ended':
        lane.ended = true;
        return;
      case 'failed':
        lane.failure = message;
        log('error', message.code, message.message, { lane: number });
    }
  };

  const onExit = (number: number, lane: Supervised): void => {
    report.laneEnded(number);
    if (lane.ended || stopping()) {
      if (supervised.every(({ worker, ended }) => ended || worker.threadId === -1)) finish(exitOf(supervised));
      return;
    }
    const code = lane.failure?.code ?? 'lane_failed';
    const now = clock.monotonic();
    lane.restartsAt.push(now);
    const recent = lane.restartsAt.filter((at) => now - at < RESTARTS_WITHIN_MS).length;
    if (!ERRORS[code].retryable || recent > RESTARTS_MAX) {
      report.condition.fatal.set(number, lane.failure?.message ?? 'the thread ended');
      finish(ERRORS[code].exit || 1);
      return;
    }
    log('warn', 'lane_restarted', `lane ${number} starts anew from its last checkpoint`, { lane: number });
    setTimeout(() => {
      if (!stopping()) start(number, lane);
    }, RESTART_MS);
  };

  const start = (number: number, again: Supervised | undefined): void => {
    const task: LaneTask = { lane: number, settings, input: options.input, stateDir: options.stateDir };
    const readsStdin = options.input.kind === 'replay' && options.input.file === '-';
    const worker = new Worker(laneUrl(), { workerData: task, name: `lane-${number}`, stdin: readsStdin });
    if (readsStdin && worker.stdin !== null) process.stdin.pipe(worker.stdin);
    const lane = again ?? { worker, ended: false, failure: undefined, restartsAt: [] };
    lane.worker = worker;
    lane.failure = undefined;
    if (again === undefined) supervised[number] = lane;
    worker.on('message', (message: FromLane) => onMessage(number, lane, message));
    worker.on('error', (error) => log('error', 'lane_failed', String(error), { lane: number }));
    worker.on('exit', () => onExit(number, lane));
  };
  for (let number = 0; number < lanes; number++) start(number, undefined);
  stops.push(['lanes', () => Promise.all(supervised.map(({ worker }) => worker.terminate()))]);

  const signals = onSignals(stopLanes, finish, log);
  const exit = await finished;
  signals.release();
  screen.ended(exit);
  for (const [name, stop] of stops.reverse()) {
    try {
      await stop();
    } catch (error) {
      log('warn', 'stop_failed', `${name}: ${String(error)}`);
    }
  }
  await screen.written();
  return exit;
}

function exitOf(lanes: readonly Supervised[]): number {
  const failed = lanes.find(({ failure }) => failure !== undefined)?.failure;
  return failed === undefined ? 0 : ERRORS[failed.code].exit || 1;
}

/** The first signal drains, the second ends at once; a drain that takes too long ends with the signal's exit code. */
function onSignals(stopLanes: () => void, finish: (exit: number) => void, log: Log): { release(): void } {
  let deadline: NodeJS.Timeout | undefined;
  const codes = { SIGINT: 130, SIGTERM: 143 } as const;
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (deadline !== undefined) process.exit(codes[signal]);
    log('info', 'stopping', `${signal}: finishing the batch in hand and writing checkpoints`);
    deadline = setTimeout(() => {
      log('error', 'stop_failed', `not drained within ${STOP_MS_MAX / 1000} s`);
      finish(codes[signal]);
    }, STOP_MS_MAX);
    stopLanes();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    release() {
      clearTimeout(deadline);
      process.off('SIGINT', stop).off('SIGTERM', stop);
    },
  };
}

async function listen(report: Report, http: Settings['http'], anyPort: boolean): ReturnType<Report['listen']> {
  try {
    return await report.listen(http);
  } catch (error) {
    if (!anyPort || !(error instanceof GruardError) || error.code !== 'port_busy') throw error;
    return report.listen({ host: http.host, port: 0 });
  }
}

/** `new URL` is not rewritten by the compiler: sources run `.ts`, the build `.js`. */
function laneUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './lane.ts' : './lane.js', import.meta.url);
}
