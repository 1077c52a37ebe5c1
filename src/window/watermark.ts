// Event time of one share: the largest event time that can be believed. Only samples move it, never a clock, so that a
// replay closes the same windows.

/** So many must agree before event time leaps. */
export const WITNESSES = 3;

export interface Watermark {
  /** NaN before the first sample. */
  ms: number;
  /** Accepted samples near the watermark, counted up to WITNESSES: fewer than that may have been a liar's. */
  support: number;
  /** Series that claim a time beyond the gate, and the first claimed time. */
  readonly witnesses: string[];
  claimMs: number;
}

/** `restarted`: accepted, and what the few samples before it left behind is void. */
export type Admission = 'accepted' | 'future' | 'restarted';

export function newWatermark(): Watermark {
  return { ms: Number.NaN, support: 0, witnesses: [], claimMs: Number.NaN };
}

/**
 * Moves the watermark by one sample, or refuses the sample as `future`: more than `futureMs` beyond the watermark until
 * WITNESSES distinct series agree on the leap to within `futureMs`. A share with fewer series cannot find so many; there
 * as many consecutive samples do. So one producer with a wrong clock moves nothing, and a pause of the topic costs two
 * samples. The same holds for the very first samples: while fewer than WITNESSES support the watermark, one that lies
 * more than `futureMs` below it starts event time anew.
 */
export function observeTime(
  mark: Watermark,
  timeMs: number,
  futureMs: number,
  series: string,
  seriesCount: number,
): Admission {
  if (Number.isNaN(mark.ms)) {
    mark.ms = timeMs;
    mark.support = 1;
    return 'accepted';
  }
  if (timeMs > mark.ms + futureMs) {
    return bearsWitness(mark, timeMs, futureMs, series, seriesCount) ? leap(mark, timeMs) : 'future';
  }
  if (timeMs < mark.ms - futureMs && mark.support < WITNESSES) {
    leap(mark, timeMs);
    return 'restarted';
  }
  if (seriesCount < WITNESSES) mark.witnesses.length = 0;
  if (mark.support < WITNESSES) mark.support++;
  if (timeMs > mark.ms) mark.ms = timeMs;
  return 'accepted';
}

function bearsWitness(mark: Watermark, timeMs: number, futureMs: number, series: string, seriesCount: number): boolean {
  const agrees = mark.witnesses.length > 0 && Math.abs(timeMs - mark.claimMs) <= futureMs;
  if (!agrees) {
    mark.witnesses.length = 0;
    mark.claimMs = timeMs;
  }
  if (seriesCount < WITNESSES || !mark.witnesses.includes(series)) mark.witnesses.push(series);
  return mark.witnesses.length >= WITNESSES;
}

function leap(mark: Watermark, timeMs: number): Admission {
  mark.ms = timeMs;
  mark.support = 1;
  mark.witnesses.length = 0;
  mark.claimMs = Number.NaN;
  return 'accepted';
}
