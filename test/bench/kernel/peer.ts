// A peer: somebody else's way to the same network.

import type { Network } from '../../../src/kernel/network.ts';
import type { Agreeing } from './agreement.ts';

export interface Peer extends Agreeing {
  /** Its column. */
  readonly name: string;
  /** Peers of one name and network that differ in this are one column: the fastest counts. */
  readonly variant: string;
  readonly network: Network;
  /** That train side by side. */
  readonly models: number;
  /** Takes part in every so many rounds. */
  readonly every: number;
  /** Whether it computes the kernel's function, and so must agree. */
  readonly agrees: boolean;
  /** Microseconds of `count` training passes, and of `count` steps. */
  readonly train: (count: number) => number | Promise<number>;
  readonly step: ((count: number) => number | Promise<number>) | undefined;
}
