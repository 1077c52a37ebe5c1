import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AT, OPEN } from '../../src/kernel/layout.ts';
import type { Aggregate } from '../../src/settings.ts';
import { addSample, takeAggregate } from '../../src/window/aggregate.ts';

/** One series' scalars, and one open window behind them. */
function openWindow(aggregate: Aggregate) {
  const f64 = new Float64Array(AT.scalars + OPEN.size);
  return {
    f64,
    add: (second: number, value: number, offset = 0) =>
      addSample(f64, AT.scalars, aggregate, second * 1000, value, offset),
    take: () => takeAggregate(f64, AT.scalars, 0, aggregate),
  };
}

/** Values at seconds 1, 2, 3, …. */
function aggregated(aggregate: Aggregate, ...values: readonly number[]): number {
  const window = openWindow(aggregate);
  for (const [i, value] of values.entries()) window.add(i + 1, value);
  return window.take();
}

describe('an open window', () => {
  it.each([
    ['mean', 2.5],
    ['sum', 10],
    ['min', -1],
    ['max', 7],
    ['last', 4],
    ['count', 4],
  ] as const)('of 7, 0, -1, 4 has %s %d', (aggregate, expected) => {
    expect(aggregated(aggregate, 7, 0, -1, 4)).toBe(expected);
  });

  it('has the latest sample as its last, in whatever order they come', () => {
    const times = fc.uniqueArray(fc.nat(100), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(times, (seconds) => {
        const window = openWindow('last');
        for (const second of seconds) window.add(second, second * 2);
        return window.take() === Math.max(...seconds) * 2;
      }),
    );
  });

  it('takes the later record when two samples have the same time', () => {
    const window = openWindow('last');
    window.add(5, 1);
    window.add(5, 2);
    expect(window.take()).toBe(2);
  });

  it('comes from its largest offset', () => {
    const window = openWindow('mean');
    for (const offset of [7, 9, 8]) window.add(offset, 1, offset);
    expect(window.f64[AT.scalars + OPEN.offset]).toBe(9);
  });

  it('is as good as new after it was taken', () => {
    const window = openWindow('min');
    window.add(1, -50);
    window.take();
    window.add(2, 3);
    expect(window.take()).toBe(3);
  });

  it('may overflow to infinity, but never to NaN', () => {
    expect(aggregated('sum', 3e38, 3e38)).toBe(6e38);
    expect(aggregated('mean', 3e38, 3e38)).toBe(3e38);
  });
});

describe('a counter', () => {
  it('has no rate after its first reading', () => {
    expect(aggregated('rate', 100)).toBeNaN();
  });

  it('has its increase per second as rate', () => {
    expect(aggregated('rate', 100, 110, 130)).toBe(15);
  });

  it('counts from zero after a reset', () => {
    expect(aggregated('rate', 100, 160, 20, 30)).toBe((60 + 20 + 10) / 3);
  });

  it('keeps the increase between windows', () => {
    const window = openWindow('rate');
    window.add(1, 100);
    expect(window.take()).toBeNaN();
    window.add(11, 150);
    expect(window.take()).toBe(5);
    window.add(21, 10);
    window.add(31, 30);
    expect(window.take()).toBe(1.5);
  });

  it('loses nothing: rates times their seconds add up to the whole increase', () => {
    const steps = fc.array(
      fc.record({ seconds: fc.integer({ min: 1, max: 9 }), up: fc.nat(1000), close: fc.boolean() }),
    );
    fc.assert(
      fc.property(steps, (readings) => {
        const window = openWindow('rate');
        let [second, count, increase, since] = [1, 500, 0, 1];
        window.add(second, count);
        for (const { seconds, up, close } of [...readings, { seconds: 1, up: 0, close: true }]) {
          second += seconds;
          count += up;
          window.add(second, count);
          if (!close) continue;
          increase += window.take() * (second - since);
          since = second;
        }
        expect(increase).toBeCloseTo(count - 500, 6);
      }),
    );
  });

  it('refuses an older reading and stays as it was', () => {
    const window = openWindow('rate');
    window.add(1, 100);
    window.add(5, 140);
    const before = window.f64.slice();
    expect(window.add(3, 120)).toBe(false);
    expect(window.f64).toEqual(before);
    expect(window.take()).toBe(10);
  });
});
