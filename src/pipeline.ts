// THE PICTURE: the data path in one pipe(), over waves of closed windows. The only file that imports rxjs.
//
// Everything between the source and the report is synchronous arithmetic on one wave. The source is an async iterable
// and is asked for more only when the chain below has returned: that is the back-pressure. One asynchronous operator in
// the middle would turn into an unbounded queue.

import { from, map, type Observable } from 'rxjs';
import { decodeBatch, type Reject } from './decode/rows.ts';
import { detectWave } from './detect/detector.ts';
import { noteFirstScores } from './detect/firstScore.ts';
import { detectSteps } from './detect/together.ts';
import type { EpisodeChange, RecordBatch, Wave } from './domain.ts';
import { forecastWave, learnWave } from './forecast/forecaster.ts';
import { holdBack } from './forecast/quarantine.ts';
import { learnScores, scoreWave } from './score/scorer.ts';
import type { Share } from './share.ts';
import { closeRest, closeWindows } from './window/tumbling.ts';

/** One batch for one share. It comes through the pipe again and again, a wave each time, until it is `done`. */
export interface Work {
  readonly share: Share;
  readonly batch: RecordBatch;
  readonly reject: Reject;
  readonly wave: Wave;
  readonly changes: EpisodeChange[];
  /** No record, but the end of the input: closes every window that has a sample. */
  readonly flush: boolean;
  decoded: boolean;
  done: boolean;
}

export type Step = (work: Work) => Work;

export interface Rim {
  /** Wraps a step in a stopwatch; must return what the step returns. */
  readonly timed: (stage: 'decode' | 'window' | 'forecast' | 'score' | 'learn' | 'detect', step: Step) => Step;
  /** Takes what the wave brought: events, rows, counts. Synchronous. */
  readonly report: Step;
}

export function pipeline(works: AsyncIterable<Work>, { timed, report }: Rim): Observable<Work> {
  return from(works).pipe(
    map(timed('decode', decode)),
    map(timed('window', window)),
    map(timed('forecast', forecast)),
    map(timed('score', score)),
    map(timed('learn', learn)),
    map(timed('detect', detect)),
    map(report),
    map(acknowledge),
  );
}

function decode(work: Work): Work {
  if (!work.decoded) decodeBatch(work.share.decode, work.batch, work.share.position, work.reject);
  work.decoded = true;
  return work;
}

function window(work: Work): Work {
  const { window: state, decode } = work.share;
  work.done = work.flush ? closeRest(state, work.wave) : closeWindows(state, decode.rows, work.wave);
  return work;
}

function forecast(work: Work): Work {
  forecastWave(work.share.forecast, work.wave);
  return work;
}

function score(work: Work): Work {
  scoreWave(work.share.bank, work.share.forecast.kernel, work.wave);
  return work;
}

/** After scoring, always: a window is judged by what was known before it. */
function learn(work: Work): Work {
  holdBack(work.share.forecast, work.wave);
  learnScores(work.share.bank, work.wave);
  learnWave(work.share.forecast, work.wave);
  return work;
}

function detect(work: Work): Work {
  work.changes.length = 0;
  const { detect: state } = work.share;
  if (state.bank.perSeries > 1) detectSteps(state, work.wave, work.changes);
  else detectWave(state, work.wave, work.changes);
  noteFirstScores(state, work.wave);
  return work;
}

function acknowledge(work: Work): Work {
  const last = work.batch.records.at(-1);
  if (work.done && last !== undefined) work.share.position = Math.max(work.share.position, last.offset + 1);
  return work;
}
