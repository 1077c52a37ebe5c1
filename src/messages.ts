// What the main thread and a lane say to each other. Plain data only: classes do not survive the way.

import type { AnomalyEvent } from './domain.ts';
import type { ErrorCode } from './errors.ts';
import type { LogLevel } from './ports.ts';
import type { LaneReport } from './report/laneReport.ts';
import type { Settings } from './settings.ts';

/** Where a lane's records come from. */
export type Input =
  | { readonly kind: 'kafka' }
  | {
      readonly kind: 'replay';
      /** `-` = standard input. */
      readonly file: string;
      /** The file stands for partition 0 of this topic. */
      readonly topic: string;
      readonly csv: boolean;
      /** Close the last windows at the end. */
      readonly flush: boolean;
    }
  | {
      readonly kind: 'generator';
      readonly seed: number;
      /** Event time at which the live part begins. */
      readonly startMs: number;
      readonly historyMs: number;
      /** Event milliseconds per millisecond. */
      readonly speed: number;
    };

export interface LaneTask {
  readonly lane: number;
  readonly settings: Settings;
  readonly input: Input;
  /** Directory of the checkpoints; undefined = keep nothing. */
  readonly stateDir: string | undefined;
  /** Where it leaves signs of life. */
  readonly pulse: SharedArrayBuffer;
}

export type FromLane =
  | { readonly kind: 'report'; readonly report: LaneReport }
  | { readonly kind: 'event'; readonly event: AnomalyEvent }
  /** Asks for `flushed` with the same number once all events before it are written. */
  | { readonly kind: 'flush'; readonly number: number }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly code: string;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  /** The input ended, or the lane was asked to stop. `settled`: everything that was read is in a checkpoint. */
  | { readonly kind: 'ended'; readonly settled: boolean }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

export type ToLane = { readonly kind: 'stop' } | { readonly kind: 'flushed'; readonly number: number };
