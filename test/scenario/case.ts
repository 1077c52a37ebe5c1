// What one row of cases.ts says.

import type { Random } from '../../src/kernel/random.ts';
import type { Harm, Signal } from './signals.ts';

export interface Case {
  readonly name: string;
  readonly series: (random: Random) => Signal;
  readonly harm?: Harm;
  /** Windows that the harm lasts; 0 = until the end. */
  readonly lasts?: number;
  /** Beside the defaults: keys of a stream, as in the configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Of a window; 5 minutes. */
  readonly everyMs?: number;
  readonly days?: number;
  /** The records in another order than that of their times; 30 s of lateness are the default. */
  readonly shuffle?: (timeMs: number, n: number) => number;
  readonly expected: Expected;
  readonly knownWeak?: string;
}

interface Expected {
  /** In how many of the SEEDS runs an episode is there, and how; 0 = it is not noticed. */
  readonly found: number;
  /** The opening comes so many windows behind the onset, at most; the first evident window not before it. */
  readonly within?: number;
  /** Strongest evidence at the opening is one of these. */
  readonly evidence?: readonly string[];
  /** Kind of the episode at its end. */
  readonly kind?: readonly string[];
  /** Windows from start to end, least and most. */
  readonly duration?: readonly [number, number];
  readonly closedBy?: 'recovered' | 'new_regime';
  /** Episodes during the harm (and 12 windows behind it), all SEEDS runs together. */
  readonly episodes?: readonly [number, number];
  /** Episodes at all other times, all SEEDS runs together, at most. */
  readonly besides: number;
}
