import { describe, expect, it } from 'vitest';
import {
  type Bank,
  copySlab,
  dissolve,
  evidenceAddress,
  firstSlot,
  freeze,
  frozenSlab,
  giveSlot,
  hasChanged,
  hotAddress,
  newBank,
  optimiserAddress,
  restoreSlab,
  takeSlot,
  thaw,
  togetherAddress,
  touch,
} from '../../src/kernel/bank.ts';
import { type Layout, layoutOf } from '../../src/kernel/layout.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { shapeOf as modelShapeOf } from '../../src/kernel/shape.ts';
import { shapeOf } from './trial.ts';

function gruLayout(hidden: number, inputs: number, lookback: number): Layout {
  return layoutOf({ ...shapeOf({ hidden, inputs, lookback }), openWindows: 1 });
}

function partsOf(bank: Bank, slot: number): readonly (readonly [from: number, to: number])[] {
  const { hotBytes, optimiserBytes, evidenceBytes } = bank.layout;
  const hot = hotAddress(bank, slot);
  const optimiser = optimiserAddress(bank, slot);
  const evidence = evidenceAddress(bank, slot);
  return [
    [hot, hot + hotBytes],
    [optimiser, optimiser + optimiserBytes],
    [evidence, evidence + evidenceBytes],
  ];
}

function fillSlab(bank: Bank, slot: number, byte: number): void {
  for (const [from, to] of partsOf(bank, slot)) bank.lane.u8.fill(byte, from, to);
}

describe('a bank', () => {
  it('gives every slot a slab of its own, over several chunks and two banks', () => {
    const lane = newLaneMemory();
    const neural = newBank(lane, gruLayout(5, 2, 16));
    const plain = newBank(lane, layoutOf({ cell: 'last', openWindows: 4 }));
    const parts: (readonly [number, number])[] = [];
    for (let n = 0; n < 70; n++) {
      for (const bank of [neural, plain]) {
        const slot = takeSlot(bank);
        expect(slot).toBe(n);
        parts.push(...partsOf(bank, slot).filter(([from, to]) => to > from));
      }
    }
    const sorted = parts.toSorted(([a], [b]) => a - b);
    sorted.forEach(([from, to], i) => {
      expect(from % 64).toBe(0);
      expect(to).toBeLessThanOrEqual(sorted[i + 1]?.[0] ?? lane.top);
    });
  });

  it('uses a slot that was given back first, and zeroes its slab', () => {
    const bank = newBank(newLaneMemory(), gruLayout(4, 1, 8));
    const slots = [takeSlot(bank), takeSlot(bank), takeSlot(bank)] as const;
    for (const slot of slots) fillSlab(bank, slot, 5);
    giveSlot(bank, slots[1]);
    expect(takeSlot(bank)).toBe(slots[1]);
    expect(copySlab(bank, slots[1]).every((byte) => byte === 0)).toBe(true);
    expect(copySlab(bank, slots[0]).every((byte) => byte === 5)).toBe(true);
    expect(copySlab(bank, slots[2]).every((byte) => byte === 5)).toBe(true);
    expect(takeSlot(bank)).toBe(3);
  });

  it('copies a slab as hot, optimiser, evidence, and writes it back into another slot', () => {
    const bank = newBank(newLaneMemory(), gruLayout(4, 1, 8));
    const { hotBytes, optimiserBytes, slabBytes } = bank.layout;
    const [a, b] = [takeSlot(bank), takeSlot(bank)];
    for (const [index, [from, to]] of partsOf(bank, a).entries()) bank.lane.u8.fill(index + 1, from, to);
    const copy = copySlab(bank, a);
    expect(copy.length).toBe(slabBytes);
    expect([copy[0], copy[hotBytes - 1], copy[hotBytes]]).toEqual([1, 1, 2]);
    expect([copy[hotBytes + optimiserBytes - 1], copy[hotBytes + optimiserBytes], copy.at(-1)]).toEqual([2, 3, 3]);
    fillSlab(bank, a, 0);
    restoreSlab(bank, b, copy);
    expect(copySlab(bank, b)).toEqual(copy);
    expect(copySlab(bank, a).every((byte) => byte === 0)).toBe(true);
  });

  it('refuses the slab of another layout and leaves its own untouched', () => {
    const bank = newBank(newLaneMemory(), gruLayout(4, 1, 8));
    const slot = takeSlot(bank);
    fillSlab(bank, slot, 3);
    const { slabBytes } = bank.layout;
    for (const length of [0, slabBytes - 1, slabBytes + 1]) {
      expect(() => restoreSlab(bank, slot, new Uint8Array(length))).toThrow(
        `a slab of ${length} bytes does not fit a layout of ${slabBytes}`,
      );
    }
    expect(copySlab(bank, slot).every((byte) => byte === 3)).toBe(true);
  });

  it('gives its memory back to the lane, which the next bank of that layout uses', () => {
    const lane = newLaneMemory();
    const layout = gruLayout(4, 1, 8);
    const first = newBank(lane, layout);
    for (let n = 0; n < 40; n++) fillSlab(first, takeSlot(first), 1);
    const { top } = lane;
    dissolve(first);
    const second = newBank(lane, layout);
    for (let n = 0; n < 40; n++) expect(copySlab(second, takeSlot(second)).every((byte) => byte === 0)).toBe(true);
    expect(lane.top).toBe(top);
  });

  it('counts a slot only when there is memory for it', () => {
    const lane = newLaneMemory();
    const bank = newBank(lane, gruLayout(4, 1, 8));
    const { top } = lane;
    lane.top = 2 ** 32;
    expect(() => takeSlot(bank)).toThrow(RangeError);
    expect(bank.slots).toBe(0);
    lane.top = top;
    expect(takeSlot(bank)).toBe(0);
  });
});

describe('a series of several fields', () => {
  const choice = { cell: 'gru', hidden: 4, layers: 1, lookback: 8 } as const;
  const KINDS: readonly (readonly [string, Layout])[] = [
    ['one network', layoutOf(modelShapeOf({ ...choice, fields: 'joint' }, 2, 3))],
    ['a network for each field', layoutOf(modelShapeOf(choice, 2, 3))],
    ['none', layoutOf(modelShapeOf({ ...choice, cell: 'last' }, 2, 3))],
  ];

  /** All that a series has, by its first slot. */
  function seriesParts(bank: Bank, first: number): (readonly [number, number])[] {
    const all = new Map<number, number>();
    for (let slot = first; slot < first + 4; slot++) {
      for (const [from, to] of partsOf(bank, slot)) if (to > from) all.set(from, to);
    }
    const together = togetherAddress(bank, first + 1);
    all.set(together, together + bank.layout.together!.bytes);
    return [...all];
  }

  it.each(KINDS)('with %s has parts that touch no other, and a copy that holds them all', (_, layout) => {
    const lane = newLaneMemory();
    const bank = newBank(lane, layout);
    const firsts = Array.from({ length: 40 }, () => takeSlot(bank));
    expect(firsts.slice(0, 3)).toEqual([0, 4, 8]);
    const parts = firsts.flatMap((first) => seriesParts(bank, first)).toSorted(([a], [b]) => a - b);
    parts.forEach(([from, to], i) => {
      expect(from % 64).toBe(0);
      expect(to).toBeLessThanOrEqual(parts[i + 1]?.[0] ?? lane.top);
    });
    expect(parts.reduce((sum, [from, to]) => sum + to - from, 0)).toBe(40 * layout.slabBytes);

    for (const first of firsts) for (const [from, to] of seriesParts(bank, first)) lane.u8.fill(first, from, to);
    const copy = copySlab(bank, 8);
    expect(copy.every((byte) => byte === 8)).toBe(true);
    restoreSlab(bank, 4, copy);
    expect(seriesParts(bank, 4).every(([from, to]) => lane.u8.subarray(from, to).every((byte) => byte === 8))).toBe(
      true,
    );
    expect(copySlab(bank, 12).every((byte) => byte === 12)).toBe(true);
    giveSlot(bank, 4);
    expect(takeSlot(bank)).toBe(4);
    expect(copySlab(bank, 4).every((byte) => byte === 0)).toBe(true);
    expect(firstSlot(bank, 7)).toBe(4);
  });
});

describe('a frozen bank', () => {
  const filled = (): { readonly bank: Bank; readonly slots: readonly number[] } => {
    const bank = newBank(newLaneMemory(), gruLayout(4, 1, 8));
    const slots = Array.from({ length: 40 }, () => takeSlot(bank));
    for (const slot of slots) fillSlab(bank, slot, 1 + slot);
    return { bank, slots };
  };
  const change = (bank: Bank, slot: number, byte: number): void => {
    touch(bank, slot);
    fillSlab(bank, slot, byte);
  };
  const isFull = (slab: Uint8Array, byte: number): boolean => slab.every((one) => one === byte);

  it('gives slabs as they were, also of slots that changed, were given back and taken again', () => {
    const { bank, slots } = filled();
    const frozen = freeze(bank);
    change(bank, 3, 200);
    change(bank, 3, 201);
    giveSlot(bank, 5);
    change(bank, takeSlot(bank), 202);
    change(bank, takeSlot(bank), 203); // beyond those that were frozen
    expect(slots.every((slot) => isFull(frozenSlab(bank, frozen, slot), 1 + slot))).toBe(true);
    expect(frozen.copies.size).toBe(2);
    expect(isFull(copySlab(bank, 3), 201)).toBe(true);
  });

  it('knows what changed since a freeze', () => {
    const { bank, slots } = filled();
    expect(slots.every((slot) => hasChanged(bank, slot, 0))).toBe(true);
    const first = freeze(bank);
    change(bank, 7, 90);
    const second = freeze(bank);
    change(bank, 8, 91);
    expect(slots.filter((slot) => hasChanged(bank, slot, first.number))).toEqual([7, 8]);
    expect(slots.filter((slot) => hasChanged(bank, slot, second.number))).toEqual([8]);
  });

  it('gives nothing any more once it thawed, was frozen anew or dissolved', () => {
    const { bank } = filled();
    const first = freeze(bank);
    const second = freeze(bank);
    expect(() => frozenSlab(bank, first, 0)).toThrow('not frozen any more');
    thaw(bank);
    expect(() => frozenSlab(bank, second, 0)).toThrow('not frozen any more');
    const third = freeze(bank);
    dissolve(bank);
    expect(() => frozenSlab(bank, third, 0)).toThrow('not frozen any more');
  });
});
