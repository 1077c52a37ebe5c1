// Long work in pieces: whatever takes long in a lane gives sockets, timers and other partitions their turn.

/** Milliseconds of synchronous work after which others get a turn. */
export const SLICE_MS = 20;

/** Takes the steps of `work` to their end, in slices of about SLICE_MS. Answers what they return. */
export async function inSlices<T>(work: Iterator<unknown, T>, monotonic: () => number): Promise<T> {
  for (let from = monotonic(); ; ) {
    const next = work.next();
    if (next.done === true) return next.value;
    if (monotonic() - from < SLICE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    from = monotonic();
  }
}
