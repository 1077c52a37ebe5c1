import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newDue, nextDueMs, nextDueSerial, nextDueSlot, popDue, pushDue } from '../../src/window/due.ts';

it('is never due while it is empty', () => {
  const due = newDue();
  popDue(due);
  expect([nextDueMs(due), nextDueSlot(due), due.heap.length]).toEqual([Number.POSITIVE_INFINITY, -1, 0]);
});

it('gives entries back by due time, then by order of admission, whatever was pushed and popped in between', () => {
  const entry = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 5 }), fc.nat(99));
  fc.assert(
    fc.property(fc.array(fc.option(entry, { nil: undefined, freq: 3 }), { maxLength: 60 }), (actions) => {
      const due = newDue();
      const list: (readonly number[])[] = [];
      const both = (a: readonly number[], b: readonly number[]): number =>
        (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0);
      for (const action of [...actions, ...actions.map(() => undefined)]) {
        if (action !== undefined) {
          pushDue(due, ...action);
          list.push(action);
          continue;
        }
        if (list.length === 0) continue;
        list.sort(both);
        expect([nextDueMs(due), nextDueSerial(due)]).toEqual(list[0]?.slice(0, 2));
        // Entries of one due time and serial are of one slot in practice; here any of them may come first.
        const at = list.findIndex((one) => both(one, list[0] ?? []) === 0 && one[2] === nextDueSlot(due));
        expect(at).toBeGreaterThanOrEqual(0);
        list.splice(at, 1);
        popDue(due);
      }
      expect(nextDueMs(due)).toBe(list.length === 0 ? Number.POSITIVE_INFINITY : list.sort(both)[0]?.[0]);
    }),
  );
});
