// Compared before timed: a contestant that computes something else is not a contestant.

interface Gradient {
  readonly loss: number;
  /** In the order of the weights; those in use. */
  readonly gradient: ArrayLike<number>;
}

/** Whoever can tell loss and gradient of the passage after so many updates from the common start. */
export interface Agreeing {
  readonly gradientAfter: (updates: number) => Promise<Gradient>;
}

export interface Agreement {
  readonly of: string;
  readonly with: string;
  readonly updates: number;
  /** |Δ| of losses in relation to the loss, largest |Δ| of gradients in relation to the largest gradient. */
  readonly loss: number;
  readonly gradient: number;
  readonly holds: boolean;
}

/** By number of updates: rounding grows with them. About a hundred times what float32 and other orders of sums give. */
const TOLERANCE: readonly (readonly [number, number])[] = [
  [0, 2e-5],
  [20, 2e-3],
];

export async function compare(
  one: Agreeing,
  other: Agreeing,
  names: { readonly of: string; readonly with: string },
): Promise<Agreement[]> {
  const found: Agreement[] = [];
  for (const [updates, tolerance] of TOLERANCE) {
    const mine = await one.gradientAfter(updates);
    const theirs = await other.gradientAfter(updates);
    const loss = Math.abs(mine.loss - theirs.loss) / Math.abs(mine.loss);
    const gradient = distance(mine.gradient, theirs.gradient);
    found.push({ ...names, updates, loss, gradient, holds: loss <= tolerance && gradient <= tolerance });
  }
  return found;
}

/** NaN when the lengths differ. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? Number.NaN;
    const d = Math.abs(x - (b[i] ?? Number.NaN));
    if (Number.isNaN(d)) return Number.NaN;
    difference = Math.max(difference, d);
    largest = Math.max(largest, Math.abs(x));
  }
  return difference / largest;
}
