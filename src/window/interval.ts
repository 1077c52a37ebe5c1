// `every: auto`: the interval of a series from its first time steps.

const INTERVALS_MS = [1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600, 86_400].map((s) => s * 1000);

/** A step may be this much longer than the interval it belongs to: clocks and schedulers jitter. */
const JITTER = 0.9;

/**
 * The interval for samples at these times (ascending): the median of the positive steps, taken up to the next usual
 * interval, so that a window seldom stays empty. 1 s when there is no positive step.
 */
export function intervalOf(times: readonly number[]): number {
  const steps: number[] = [];
  for (let i = 1; i < times.length; i++) {
    const step = times[i]! - times[i - 1]!;
    if (step > 0) steps.push(step);
  }
  steps.sort((a, b) => a - b);
  const median = steps[steps.length >> 1] ?? 0;
  return INTERVALS_MS.find((interval) => interval >= median * JITTER) ?? INTERVALS_MS.at(-1)!;
}
