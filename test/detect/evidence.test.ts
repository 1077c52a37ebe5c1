import { expect, it } from 'vitest';
import { evidenceOf } from '../../src/detect/evidence.ts';
import { newWave, SURPRISES } from '../../src/domain.ts';
import { pow10 } from '../../src/kernel/elementary.ts';
import { AT } from '../../src/kernel/layout.ts';

function windowWith(surprises: readonly number[]) {
  const wave = newWave(2);
  wave.count = 2;
  wave.learned[1] = 999;
  wave.usual[1] = 12;
  wave.roots.set(
    surprises.map((surprise) => pow10(surprise / 2)),
    SURPRISES,
  );
  return wave;
}

/** A series with mean 10 whose values lie, by the root of `square`, from what is usual at the time of the day. */
function seriesWith(square: number): Float64Array {
  const f64 = new Float64Array(AT.scalars);
  f64[AT.mean] = 10;
  f64[AT.seasonSquare] = square;
  return f64;
}
const FLAT = seriesWith(9);
const SEASONAL = seriesWith(1);
const BELOW_CEILING = Number.NEGATIVE_INFINITY;

const SURPRISED = windowWith([2, 3, 0.5, 1, 4, 1, 2.5, 0, 0.25]);

it('names the strongest signal of each kind, the strongest first', () => {
  expect(evidenceOf(FLAT, 0, SURPRISED, 1, 'spike', BELOW_CEILING)).toEqual([
    { kind: 'drift', surprise: expect.closeTo(4, 9) },
    { kind: 'residual', surprise: expect.closeTo(3, 9) },
    { kind: 'level', surprise: expect.closeTo(2.5, 9) },
    { kind: 'spread', surprise: expect.closeTo(0.5, 9) },
    { kind: 'burst', surprise: expect.closeTo(0.25, 9) },
    { kind: 'shape', surprise: expect.closeTo(0, 9) },
  ]);
});

it('takes what a policy says for as surprising as what was never seen', () => {
  const range = evidenceOf(FLAT, 0, SURPRISED, 1, 'range', BELOW_CEILING);
  expect([range[0]?.kind, range[1]?.kind]).toEqual(['range', 'drift']);
  expect(range[0]?.surprise).toBeCloseTo(3, 9);
  expect(evidenceOf(FLAT, 0, SURPRISED, 1, 'gap', BELOW_CEILING).map(({ kind }) => kind)).toEqual(['gap']);
});

it('has nothing to say about signals without tables', () => {
  const unknown = windowWith(new Array(SURPRISES).fill(Number.NaN));
  expect(evidenceOf(FLAT, 0, unknown, 1, 'spike', BELOW_CEILING)).toEqual([]);
});

it('speaks of the season where the time of the day matters, else of the level', () => {
  const [first, second, third, fourth] = evidenceOf(SEASONAL, 0, SURPRISED, 1, 'spike', BELOW_CEILING);
  expect([first?.kind, second?.kind]).toEqual(['drift', 'residual']);
  expect([third, fourth]).toEqual([
    { kind: 'season', surprise: expect.closeTo(2.5, 9) },
    { kind: 'level', surprise: expect.closeTo(2, 9) },
  ]);
});

it('takes a residual beyond the ceiling for as rare as it is there, or rarer', () => {
  const at = evidenceOf(FLAT, 0, SURPRISED, 1, 'spike', 0);
  expect(at[1]).toEqual({ kind: 'residual', surprise: expect.closeTo(3.6, 9) });
  const beyond = evidenceOf(FLAT, 0, SURPRISED, 1, 'spike', 2);
  expect(beyond[0]).toEqual({ kind: 'residual', surprise: expect.closeTo(5.6, 9) });
});

it('names a broken season first, and once', () => {
  const broken = evidenceOf(SEASONAL, 0, SURPRISED, 1, 'season', BELOW_CEILING).map(({ kind }) => kind);
  expect(broken[0]).toBe('season');
  expect(broken.filter((kind) => kind === 'season')).toHaveLength(1);
});
