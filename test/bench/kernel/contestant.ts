// Who is timed, and the taking of turns: all contestants run a short burst in each round, so that whatever else the
// machine does falls on all of them alike. The minimum of many bursts is what the code costs; the median tells how
// loaded the machine was.

export interface Contestant {
  /** Where its figure belongs: `train/gru/16/simd`. */
  readonly place: string;
  /** Models that one run works for. */
  readonly models: number;
  /** Does the work `count` times, after what it must prepare; microseconds that the work took. */
  readonly run: (count: number) => number | Promise<number>;
  /** Takes part in every so many rounds: the slow ones seldom. */
  readonly every: number;
}

/** Microseconds for doing the work once, for one model. */
export interface Times {
  readonly minimum: number;
  readonly median: number;
  readonly bursts: number;
}

export interface Effort {
  readonly rounds: number;
  /** Microseconds. */
  readonly burst: number;
  /** Microseconds of warm-up for each contestant, during which engines compile what is hot. */
  readonly warmUp: number;
}

/** Times by place. */
export async function takeTurns(
  contestants: readonly Contestant[],
  effort: Effort,
  progress: (text: string) => void,
): Promise<Map<string, Times>> {
  const racers: { readonly contestant: Contestant; readonly count: number; readonly times: number[] }[] = [];
  for (const [i, contestant] of contestants.entries()) {
    progress(`warm-up ${i + 1}/${contestants.length}: ${contestant.place}`);
    racers.push({ contestant, count: await countOf(contestant, effort), times: [] });
  }
  for (let round = 0; round < effort.rounds; round++) {
    progress(`round ${round + 1}/${effort.rounds}`);
    for (const { contestant, count, times } of racers) {
      if (round % contestant.every === 0) times.push((await contestant.run(count)) / count / contestant.models);
    }
  }
  return new Map(racers.map(({ contestant, times }) => [contestant.place, timesOf(times)]));
}

/** How often a contestant does its work in a burst. Warms it up on the way. */
async function countOf(contestant: Contestant, effort: Effort): Promise<number> {
  let count = 1;
  let spent = 0;
  for (;;) {
    const time = await contestant.run(count);
    spent += time;
    const perBurst = Math.max(1, Math.round((count * effort.burst) / Math.max(time, 1)));
    // One that is slower than a burst needs no more than the one run.
    if (spent >= effort.warmUp || (count === 1 && time > effort.warmUp / 4)) return perBurst;
    count = Math.min(perBurst, 4 * count);
  }
}

export function timesOf(times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b);
  return { minimum: sorted[0] ?? Number.NaN, median: sorted[sorted.length >> 1] ?? Number.NaN, bursts: sorted.length };
}

/** Microseconds since some moment. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1000;
}
