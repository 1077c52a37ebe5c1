import { expect, it } from 'vitest';
import { count, daily, lasted, percent, share } from '../../src/backtest/figureText.ts';

it('counts', () => {
  expect([count(1, 'row'), count(0, 'row'), count(12_345, 'row')]).toEqual(['1 row', '0 rows', '12,345 rows']);
});

it('tells how often in a handy unit', () => {
  expect([0, 12.34, 1, 0.3, 0.05, 0.001, NaN].map((perDay) => daily(perDay, 1))).toEqual([
    'none',
    '12 a day',
    '1 a day',
    '2.1 a week',
    '1.5 a month',
    '0.03 a month',
    '–',
  ]);
  expect(daily(12, 0.9)).toBe('–');
});

it('tells how long in a handy unit', () => {
  const [minute, hour] = [60_000, 3_600_000];
  expect([0, 90_000, 5 * minute, 90 * minute, hour, 5.4 * hour, 24 * hour, 50 * hour, NaN].map(lasted)).toEqual([
    '0 s',
    '90 s',
    '5 min',
    '90 min',
    '1 h',
    '5 h',
    '24 h',
    '2 d',
    '–',
  ]);
});

it('writes shares', () => {
  expect([percent(0.367), share(0.367), percent(NaN), share(NaN)]).toEqual(['37 %', '0.37', '–', '–']);
});
