// How a lane behaves when more comes than it can take. Nothing here changes a result: ingestion waits (Kafka keeps the
// records), and what is only told is told less often.

/** Rungs of the ladder: as usual; reading waits for sinks; far behind, so checkpoints and rows come less often. */
type OverloadLevel = 0 | 1 | 2;

/** Event time that the lane lies behind, and for how long, before it counts as overloaded. */
const BEHIND_SECONDS = 60;
const BEHIND_FOR_MS = 60_000;
/** The way back takes longer, and begins below half: a ladder that is climbed up and down helps nobody. */
const CALM_FOR_MS = 120_000;
/** On the upper rung checkpoints and rows are this much rarer. */
export const RARER = { checkpoint: 6, rows: 10 } as const;

interface Strain {
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Since the last look reading waited for sinks. */
  readonly waited: boolean;
  /** Seconds of event time between now and what is processed, where there is more to process; else 0. */
  readonly behindSeconds: number;
}

export interface OverloadLadder {
  readonly level: OverloadLevel;
  /** Looks at the strain, twice a second, and answers what to log when the level changed. */
  look(strain: Strain): string | undefined;
}

export function newOverloadLadder(): OverloadLadder {
  let level: OverloadLevel = 0;
  /** Since when it has been so without a break. */
  let behindSince: number | undefined;
  let calmSince: number | undefined;
  return {
    get level() {
      return level;
    },
    look({ nowMs, waited, behindSeconds }) {
      behindSince = behindSeconds > BEHIND_SECONDS ? (behindSince ?? nowMs) : undefined;
      const isBehind = behindSince !== undefined && nowMs - behindSince >= BEHIND_FOR_MS;
      const isCalm = level === 2 ? behindSeconds < BEHIND_SECONDS / 2 : !waited;
      calmSince = isCalm ? (calmSince ?? nowMs) : undefined;
      const before = level;
      if (isBehind) level = 2;
      else if (level === 0 && waited) level = 1;
      else if (calmSince !== undefined && nowMs - calmSince >= CALM_FOR_MS) level = 0;
      if (level === before) return undefined;
      calmSince = undefined;
      return TEXTS[level](behindSeconds);
    },
  };
}

const TEXTS = [
  () => 'the load is as usual again',
  () => 'reading waits until the sinks have acknowledged what is pending; the lag grows in Kafka, nothing is lost',
  (seconds: number) =>
    `${Math.round(seconds)} s of event time behind: checkpoints and rows come less often, results stay the same`,
] as const;
