import { describe, expect, it } from 'vitest';
import { bucketOf, METRICS } from '../../src/report/metrics.ts';

const all = Object.entries(METRICS);

describe('the catalogue', () => {
  it.each(all)('%s keeps the grammar of names', (name, { type, help }) => {
    expect(name).toMatch(/^gruard_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(help).toMatch(/\.$/);
    expect(help).not.toContain('\n');
  });

  it.each(all.filter(([, { type }]) => type === 'histogram'))('%s has rising bounds', (_name, { bounds = [] }) => {
    expect(bounds.length).toBeGreaterThan(1);
    expect([...bounds]).toEqual([...new Set(bounds)].sort((a, b) => a - b));
  });
});

describe('bucketOf', () => {
  it('counts a value on a bound below it, and what is above all bounds in the last bucket', () => {
    expect([0, 1, 1.5, 2, 3].map((value) => bucketOf([1, 2], value))).toEqual([0, 0, 1, 1, 2]);
  });
});
