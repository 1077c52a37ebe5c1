// Whether rounding adds up over the life of a series: the mean loss at the end of a long course, against the reference.

import { BACKENDS } from '../../kernel/backends.ts';
import { COURSE_SHAPE, expectedLossAfter, lossAfter } from '../../kernel/course.ts';
import { trial } from '../../kernel/trial.ts';

/** By backend: relative difference of the loss after so many updates. */
export interface Drift {
  readonly updates: number;
  readonly difference: Readonly<Record<string, number>>;
}

export function measureDrift(updates: number, progress: (text: string) => void): Drift {
  progress(`the reference, ${updates} updates`);
  const [first] = BACKENDS;
  if (first === undefined) throw new Error('no backend');
  const expected = expectedLossAfter(updates, trial(first, COURSE_SHAPE));
  const difference: Record<string, number> = {};
  for (const backend of BACKENDS) {
    progress(`${backend.name}, ${updates} updates`);
    difference[backend.name] = lossAfter(updates, trial(backend, COURSE_SHAPE)) / expected - 1;
  }
  return { updates, difference };
}

export function printDrift({ updates, difference }: Drift): void {
  const each = Object.entries(difference).map(([name, value]) => `${name} ${value.toExponential(1)}`);
  console.log(
    `Loss after ${updates.toExponential(0)} updates, less that of float64, in relation to it: ${each.join(', ')}`,
  );
}
