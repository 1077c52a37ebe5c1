// Detectors of a few lines, to know what a score is worth. They score a value by what was known before it.

/** Values that the mean must have seen before a score means anything. */
const MEAN_OF = 20;
const RATE = 0.01;

/** Distance from the exponential mean in standard deviations. Both follow at rate 0.01, and faster at first. */
export function ewmaZ(values: ArrayLike<number>): Float64Array {
  const scores = new Float64Array(values.length);
  let mean = 0;
  let variance = 0;
  for (let n = 0; n < values.length; n++) {
    const deviation = (values[n] ?? 0) - mean;
    const scale = Math.sqrt(variance);
    if (n > MEAN_OF) scores[n] = scale > 0 ? Math.abs(deviation) / scale : deviation === 0 ? 0 : Number.MAX_VALUE;
    const rate = Math.max(RATE, 1 / (n + 1));
    mean += rate * deviation;
    variance = (1 - rate) * (variance + rate * deviation * deviation);
  }
  return scores;
}

/** Distance from the value `lag` rows before, in what is usual for it: the last value, or a seasonal naive forecast. */
export function naiveZ(values: ArrayLike<number>, lag: number): Float64Array {
  const scores = new Float64Array(values.length);
  let square = 0;
  for (let n = lag; n < values.length; n++) {
    const distance = Math.abs((values[n] ?? 0) - (values[n - lag] ?? 0));
    const scale = Math.sqrt(square);
    const known = n - lag;
    if (known > MEAN_OF) scores[n] = scale > 0 ? distance / scale : distance === 0 ? 0 : Number.MAX_VALUE;
    square += Math.max(RATE, 1 / (known + 1)) * (distance * distance - square);
  }
  return scores;
}

/** Beyond this a field is as anomalous as can be: one that never moved must not outweigh all others for ever. */
const FIELD_MAX = 10;

/**
 * One score for all fields of an entity: the root mean square of theirs, each clipped. Of maximum, mean and this it is
 * the one with which simple detectors do best on the sets of bench:multivariate.
 */
export function fieldsTogether(fields: readonly Float64Array[]): Float64Array {
  const [first = new Float64Array()] = fields;
  return first.map((_, row) => {
    const sum = fields.reduce((total, scores) => total + Math.min(FIELD_MAX, scores[row] ?? 0) ** 2, 0);
    return Math.sqrt(sum / fields.length);
  });
}

const WINDOW = 6400;
const STEP = 100;
const SPREAD_MIN = 1e-6;
/** Digits of a score in NAB's result files. More of them would break ties at 1, and change NAB's score by a point. */
const DIGITS = 12;

/**
 * NAB's "windowed Gaussian": how unlikely a value is under the normal distribution of the last 6400 values, which move
 * on by 100 at a time. Its published scores, 39.65 (standard), 20.87 and 47.41, show that the scorer is right.
 */
export function windowedGaussian(values: ArrayLike<number>): Float64Array {
  const scores = new Float64Array(values.length);
  let from = 0;
  let to = 0;
  let mean = 0;
  let spread = 1;
  // Sums of differences from the first value, because sums of squares of the values themselves cancel.
  const origin = values[0] ?? 0;
  let sum = 0;
  let squares = 0;
  const add = (index: number, sign: 1 | -1): void => {
    const value = (values[index] ?? 0) - origin;
    sum += sign * value;
    squares += sign * value * value;
  };
  const measure = (): void => {
    const count = to - from;
    mean = origin + sum / count;
    spread = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)) || SPREAD_MIN;
  };
  for (let n = 0; n < values.length; n++) {
    const z = Math.abs((values[n] ?? 0) - mean) / spread;
    if (n > 0) scores[n] = Number((1 - upperTail(z)).toPrecision(DIGITS));
    if (n < WINDOW) {
      add(n, 1);
      to = n + 1;
      measure();
    } else if (n + 1 - to === STEP) {
      for (let i = 0; i < STEP; i++) {
        add(from++, -1);
        add(to++, 1);
      }
      measure();
    }
  }
  return scores;
}

/** Probability that a standard normal variable exceeds z ≥ 0: half of erfc(z/√2). */
export function upperTail(z: number): number {
  if (z > 39) return 0;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    // Φ(z) − ½ = φ(z)·(z + z³/3 + z⁵/15 + …), Abramowitz and Stegun 26.2.11.
    let term = z;
    let total = z;
    for (let i = 3; term > 1e-18 * total; i += 2) {
      term *= (z * z) / i;
      total += term;
    }
    return 0.5 - density * total;
  }
  // Continued fraction, Abramowitz and Stegun 26.2.14.
  let fraction = 0;
  for (let i = 60; i > 0; i--) fraction = i / (z + fraction);
  return density / (z + fraction);
}
