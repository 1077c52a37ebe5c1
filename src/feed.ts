// The hand-over between a source that pushes batches and a pipeline that pulls waves: one batch at a time, no queue.

import type { Work } from './pipeline.ts';
import { SLICE_MS } from './slices.ts';

export interface Feed {
  /** Hands over works of one batch; resolves when all of them are done, rejects when the feed ends before. */
  push(works: readonly Work[]): Promise<void>;
  readonly works: AsyncIterable<Work>;
  /** Ends `works` after what is in hand. */
  end(): void;
}

/** `onSlice` is told how long each stretch of synchronous work took, in milliseconds. */
export function newFeed(monotonic: () => number, onSlice: (ms: number) => void): Feed {
  let offered: { works: readonly Work[]; taken: () => void; refused: (error: Error) => void } | undefined;
  let wake: (() => void) | undefined;
  let ended = false;

  async function* pull(): AsyncGenerator<Work> {
    let sliceFrom = monotonic();
    const rest = async (): Promise<void> => {
      onSlice(monotonic() - sliceFrom);
      await new Promise((resolve) => setImmediate(resolve));
      sliceFrom = monotonic();
    };
    try {
      for (;;) {
        while (offered === undefined) {
          if (ended) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          sliceFrom = monotonic();
        }
        for (const work of offered.works) {
          while (!work.done) {
            yield work;
            if (monotonic() - sliceFrom >= SLICE_MS) await rest();
          }
        }
        onSlice(monotonic() - sliceFrom);
        const { taken } = offered;
        offered = undefined;
        taken();
      }
    } finally {
      // Whoever pulls may fail, too: then nobody else would ever answer for what is in hand.
      ended = true;
      offered?.refused(new Error('the lane is stopping'));
    }
  }

  return {
    works: pull(),
    push: (works) =>
      new Promise((taken, refused) => {
        if (ended) return refused(new Error('the lane is stopping'));
        if (offered !== undefined) return refused(new Error('one batch at a time'));
        offered = { works, taken, refused };
        wake?.();
      }),
    end() {
      ended = true;
      wake?.();
    },
  };
}
