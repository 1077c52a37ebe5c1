import { expect, it } from 'vitest';
import { evidenceOf } from '../../src/detect/evidence.ts';
import { newWave, SURPRISES } from '../../src/domain.ts';

function windowWith(surprises: readonly number[]) {
  const wave = newWave(2);
  wave.count = 2;
  wave.learned[1] = 999;
  wave.surprises.set(surprises, SURPRISES);
  return wave;
}

const SURPRISED = windowWith([2, 3, 0.5, 1, 4, 1, 2.5, 0, 0.25]);

it('names the strongest signal of each kind, the strongest first', () => {
  expect(evidenceOf(SURPRISED, 1, 'spike')).toEqual([
    { kind: 'drift', surprise: 4 },
    { kind: 'residual', surprise: 3 },
    { kind: 'level', surprise: 2.5 },
    { kind: 'spread', surprise: 0.5 },
    { kind: 'burst', surprise: 0.25 },
    { kind: 'shape', surprise: 0 },
  ]);
});

it('takes what a policy says for as surprising as what was never seen', () => {
  const range = evidenceOf(SURPRISED, 1, 'range');
  expect([range[0]?.kind, range[1]?.kind]).toEqual(['range', 'drift']);
  expect(range[0]?.surprise).toBeCloseTo(3, 9);
  expect(evidenceOf(SURPRISED, 1, 'gap').map(({ kind }) => kind)).toEqual(['gap']);
});

it('has nothing to say about signals without tables', () => {
  expect(evidenceOf(windowWith(new Array(SURPRISES).fill(Number.NaN)), 1, 'spike')).toEqual([]);
});
