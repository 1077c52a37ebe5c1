// Series of which nobody wants to hear for a while, by event time. They are judged and learned like all others.

import type { DetectSettings } from '../settings.ts';

/**
 * Event time before which a series is muted; −∞ when it is not. `names` are the stream's labels, `values` those of the
 * series. A mute without labels is about every series.
 */
export function mutedUntilMs(
  mutes: DetectSettings['mute'],
  names: readonly string[],
  values: readonly string[],
): number {
  let untilMs = Number.NEGATIVE_INFINITY;
  for (const mute of mutes) {
    if (mute.series.every(({ label, value }) => values[names.indexOf(label)] === value)) {
      untilMs = Math.max(untilMs, mute.untilMs);
    }
  }
  return untilMs;
}
