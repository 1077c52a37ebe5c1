import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviates, holds, isOutOfRange, remember } from '../../src/detect/policies.ts';
import { DETECT } from '../support/detection.ts';

describe('policies', () => {
  it('takes both directions by default, and only the asked side otherwise', () => {
    expect(deviates(DETECT, 1, 0, -5, 5)).toBe(true);
    expect(deviates({ ...DETECT, direction: 'above' }, 1, 0, -5, 5)).toBe(true);
    expect(deviates({ ...DETECT, direction: 'above' }, -1, 0, -5, 5)).toBe(false);
    expect(deviates({ ...DETECT, direction: 'below' }, 1, 0, -5, 5)).toBe(false);
    expect(deviates({ ...DETECT, direction: 'below' }, -1, 0, -5, 5)).toBe(true);
  });

  it('asks for both limits of the deviation', () => {
    const detect = { ...DETECT, deviation: { absolute: 5, relative: 0.2 } };
    expect(deviates(detect, 106, 100, 0, 0)).toBe(false); // 6 absolute, 6 %
    expect(deviates(detect, 13, 10, 0, 0)).toBe(false); // 30 %, 3 absolute
    expect(deviates(detect, 130, 100, 0, 0)).toBe(true);
  });

  it('lets nothing inside the widened band open an episode', () => {
    const detect = { ...DETECT, band: { below: 1, above: 2 } };
    expect(deviates(detect, 115, 100, 90, 110)).toBe(false);
    expect(deviates(detect, 121, 100, 90, 110)).toBe(true);
    expect(deviates(detect, 89, 100, 90, 110)).toBe(true);
  });

  it('knows the allowed range', () => {
    const detect = { ...DETECT, range: { min: 0, max: 1 } };
    expect([-0.1, 0, 1, 1.1].map((value) => isOutOfRange(detect, value))).toEqual([true, false, false, true]);
  });

  it('counts k of the newest n windows', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), fc.integer({ min: 1, max: 32 }), (windows, of) => {
        const bits = windows.reduce((ring, evident) => remember(ring, evident ? 1 : 0), 0);
        const count = windows.slice(-of).filter(Boolean).length;
        for (let hits = 1; hits <= of; hits++) expect(holds(bits, { hits, of })).toBe(count >= hits);
      }),
    );
  });
});
