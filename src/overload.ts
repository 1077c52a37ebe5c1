// How a lane behaves when more comes than it can take. Up to rung 2 nothing changes a result: ingestion waits (Kafka
// keeps the records), and what is only told is told less often. The rungs above leave out training, and are climbed
// only where the configuration says so.

/**
 * Rungs of the ladder: as usual; reading waits for sinks; far behind, so checkpoints and rows come less often; very far
 * behind, so only some of the training passes that are due are taken; none of them.
 */
type OverloadLevel = 0 | 1 | 2 | 3 | 4;

/** Of the training passes that are due, every n-th is taken; 0 = none. */
type TrainEvery = 1 | 2 | 4 | 8 | 0;

/** Event time that the lane lies behind, and for how long, before it counts as overloaded. */
const BEHIND_SECONDS = 60;
const BEHIND_FOR_MS = 60_000;
/** The same for leaving out training; and how long a share of it is tried before a smaller one is. */
const FAR_BEHIND_SECONDS = 300;
const FAR_BEHIND_FOR_MS = 10_000;
const TRY_FOR_MS = 60_000;
/** The way back takes longer, and begins below half: a ladder that is climbed up and down helps nobody. */
const CALM_FOR_MS = 120_000;
/** From rung 2 on checkpoints and rows are this much rarer. */
const RARER = { checkpoints: 6, rows: 10 } as const;

interface Step {
  readonly level: OverloadLevel;
  readonly trainEvery: TrainEvery;
  readonly text: (seconds: number) => string;
}

const trainLess = (trainEvery: TrainEvery, what: string): Step => ({
  level: trainEvery === 0 ? 4 : 3,
  trainEvery,
  text: (seconds) => `${Math.round(seconds)} s of event time behind: ${what}; scores go on`,
});

/** From as usual to the worst. */
const STEPS: readonly Step[] = [
  { level: 0, trainEvery: 1, text: () => 'the load is as usual again' },
  {
    level: 1,
    trainEvery: 1,
    text: () =>
      'reading waits until the sinks have acknowledged what is pending; the lag grows in Kafka, nothing is lost',
  },
  {
    level: 2,
    trainEvery: 1,
    text: (seconds) =>
      `${Math.round(seconds)} s of event time behind: checkpoints and rows come less often, results stay the same`,
  },
  trainLess(2, 'every 2nd training pass is left out'),
  trainLess(4, '3 of 4 training passes are left out'),
  trainLess(8, '7 of 8 training passes are left out'),
  trainLess(0, 'no network is trained'),
];
/** The last step that changes no result. */
const RARER_STEP = 2;

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
  readonly trainEvery: TrainEvery;
  /** How much rarer than usual something comes. */
  readonly rarer: { readonly checkpoints: number; readonly rows: number };
  /** Looks at the strain, twice a second, and answers what to log when the step is another one than it told last. */
  look(strain: Strain): string | undefined;
  /** State came that was trained so; the ladder goes on from there unless it stands higher, or must not shed. */
  resume(trainEvery: number): void;
}

/** `learning: 'keep'` never leaves out training. */
export function newOverloadLadder(learning: 'keep' | 'shed'): OverloadLadder {
  const last = learning === 'shed' ? STEPS.length - 1 : RARER_STEP;
  let step = 0;
  let told = 0;
  /** Since when it has been so without a break. */
  let behindSince: number | undefined;
  let farSince: number | undefined;
  let calmSince: number | undefined;
  /** When the present share of training was last judged, and how far behind the lane was then. */
  let judged: { readonly atMs: number; readonly behindSeconds: number } | undefined;

  /** One step further where what was tried did not help. */
  const shed = ({ nowMs, behindSeconds }: Strain): number => {
    if (farSince === undefined || nowMs - farSince < FAR_BEHIND_FOR_MS || step === last) return step;
    const before = judged;
    if (step > RARER_STEP && before !== undefined && nowMs - before.atMs < TRY_FOR_MS) return step;
    judged = { atMs: nowMs, behindSeconds };
    // What was restored has not been tried yet.
    const grows = step === RARER_STEP || (before !== undefined && behindSeconds >= before.behindSeconds);
    return grows ? step + 1 : step;
  };
  const next = (strain: Strain): number => {
    const { nowMs, waited, behindSeconds } = strain;
    const since = (isSo: boolean, before: number | undefined): number | undefined =>
      isSo ? (before ?? nowMs) : undefined;
    behindSince = since(behindSeconds > BEHIND_SECONDS, behindSince);
    farSince = since(behindSeconds > FAR_BEHIND_SECONDS, farSince);
    const threshold = step > RARER_STEP ? FAR_BEHIND_SECONDS : BEHIND_SECONDS;
    calmSince = since(step >= RARER_STEP ? behindSeconds < threshold / 2 : !waited, calmSince);
    const isCalm = calmSince !== undefined && nowMs - calmSince >= CALM_FOR_MS;
    if (step > RARER_STEP) return isCalm ? step - 1 : shed(strain);
    if (behindSince !== undefined && nowMs - behindSince >= BEHIND_FOR_MS)
      return step < RARER_STEP ? RARER_STEP : shed(strain);
    if (step === 0 && waited) return 1;
    return isCalm ? 0 : step;
  };

  const now = (): Step => STEPS[step] as Step;
  return {
    get level() {
      return now().level;
    },
    get trainEvery() {
      return now().trainEvery;
    },
    get rarer() {
      return step >= RARER_STEP ? RARER : { checkpoints: 1, rows: 1 };
    },
    look(strain) {
      const before = step;
      step = next(strain);
      if (step !== before) calmSince = undefined;
      if (step === told) return undefined;
      told = step;
      return now().text(strain.behindSeconds);
    },
    resume(trainEvery) {
      const known = STEPS.findIndex((one) => one.level > 2 && one.trainEvery === trainEvery);
      if (known <= step || known > last) return;
      step = known;
      judged = undefined;
    },
  };
}
