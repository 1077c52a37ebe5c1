// Event time of one share: the largest event time that can be believed. Only samples move it, never a clock, so that a
// replay closes the same windows.

/** So many must agree before event time leaps. */
export const WITNESSES = 3;
/** So many claims in a row, which nobody contradicts, are believed even of one series: the others may be gone. */
export const CLAIMS = 100;
/** A leap is more than this many usual steps: hourly data may miss some hours without being doubted. */
const USUAL_STEPS = 10;
/** Weight of the newest step in the usual one. */
const STEP_WEIGHT = 0.1;

export interface Watermark {
  /** NaN before the first sample. */
  ms: number;
  /** Exponential mean of the steps by which event time advances; 0 before the first. */
  stepMs: number;
  /** Accepted samples, counted up to WITNESSES: fewer than that may have been a liar's. */
  support: number;
  /** Series that claim a time beyond the gate, and the newest claimed time. */
  readonly witnesses: string[];
  claimMs: number;
  /** Claims since the last accepted sample. */
  claims: number;
}

/** `restarted`: accepted, and what the few samples before it left behind is void. */
export type Admission = 'accepted' | 'future' | 'restarted';

export function newWatermark(): Watermark {
  return { ms: Number.NaN, stepMs: 0, support: 0, witnesses: [], claimMs: Number.NaN, claims: 0 };
}

/**
 * Moves the watermark by one sample, or refuses the sample as `future`: it leaps more than `futureMs`, and more than
 * USUAL_STEPS steps, beyond the watermark, and not yet WITNESSES distinct series agree on that. A share with fewer
 * series cannot find so many; there as many consecutive samples do, and CLAIMS consecutive ones anywhere. So one
 * producer with a wrong clock moves nothing, and a pause of the topic costs two samples. The first samples are doubted,
 * too: while fewer than WITNESSES support the watermark, one that lies more than `futureMs` below it starts event time
 * anew. Among those few a leap is taken on trust, because hourly data begins like that; it then needs support itself.
 */
export function observeTime(
  mark: Watermark,
  timeMs: number,
  futureMs: number,
  series: string,
  seriesCount: number,
): Admission {
  if (Number.isNaN(mark.ms)) {
    accept(mark, timeMs);
    return 'accepted';
  }
  if (timeMs < mark.ms - futureMs && mark.support < WITNESSES) {
    mark.stepMs = 0;
    mark.support = 0;
    mark.ms = Number.NaN;
    accept(mark, timeMs);
    return 'restarted';
  }
  const gateMs = Math.max(futureMs, USUAL_STEPS * mark.stepMs);
  const advanceMs = timeMs - mark.ms;
  const begins = mark.stepMs === 0;
  if (advanceMs > gateMs) {
    if (begins && Math.min(mark.support, seriesCount) < WITNESSES) mark.support = 0;
    else if (!bearsWitness(mark, timeMs, gateMs, series, seriesCount)) return 'future';
    mark.witnesses.length = 0;
    if (begins) mark.stepMs = advanceMs;
  } else if (advanceMs > 0) {
    mark.stepMs = begins ? advanceMs : mark.stepMs + STEP_WEIGHT * (advanceMs - mark.stepMs);
  }
  if (seriesCount < WITNESSES) mark.witnesses.length = 0;
  accept(mark, timeMs);
  return 'accepted';
}

function accept(mark: Watermark, timeMs: number): void {
  mark.claims = 0;
  mark.support = Math.min(mark.support + 1, WITNESSES);
  if (!(timeMs <= mark.ms)) mark.ms = timeMs;
}

function bearsWitness(mark: Watermark, timeMs: number, gateMs: number, series: string, seriesCount: number): boolean {
  const agrees = Math.abs(timeMs - mark.claimMs) <= gateMs;
  if (!agrees) {
    mark.witnesses.length = 0;
    mark.claims = 0;
  }
  mark.claimMs = timeMs;
  mark.claims++;
  if (!mark.witnesses.includes(series)) mark.witnesses.push(series);
  return mark.witnesses.length >= WITNESSES || mark.claims >= (seriesCount < WITNESSES ? WITNESSES : CLAIMS);
}
