import { expect, it } from 'vitest';
import { beat, enter, newPulseMemory, newWatch, type Pulse, pulseIn, standAt, whereabouts } from '../src/pulse.ts';

/** As the lane and the main thread see it. */
function bothEnds(): { readonly lane: Pulse; readonly main: Pulse } {
  const memory = newPulseMemory();
  return { lane: pulseIn(memory), main: pulseIn(memory) };
}

it('tells where a lane stands', () => {
  const { lane, main } = bothEnds();
  expect(whereabouts(main)).toBe('stage idle');
  standAt(lane, { topic: 'orders', partition: 3 }, 2 ** 40);
  enter(lane, 'learn');
  expect(whereabouts(main)).toBe('stage learn, batch of orders/3 from offset 1099511627776 on');
  standAt(lane, { topic: `${'x'.repeat(255)}é`, partition: 0 }, 0);
  expect(whereabouts(main)).toBe(`stage learn, batch of ${'x'.repeat(255)}/0 from offset 0 on`);
});

it('warns after 5 looks without a beat, gives up after 30, and forgets both at the next beat', () => {
  const { lane, main } = bothEnds();
  const watch = newWatch(main);
  for (let look = 0; look < 100; look++) expect(watch.look(), 'before it has started').toBe('moves');
  beat(lane);
  expect(watch.look()).toBe('moves');
  const verdicts = Array.from({ length: 30 }, () => watch.look());
  expect([verdicts.indexOf('still'), verdicts.indexOf('hung')]).toEqual([4, 29]);
  expect(watch.stillSeconds).toBe(30);
  beat(lane);
  expect(watch.look()).toBe('moves');
  expect(watch.stillSeconds).toBe(0);
});
