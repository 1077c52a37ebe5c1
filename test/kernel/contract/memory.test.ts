// Where a model lies, and what else lies there, decides nothing.

import { describe, expect, it } from 'vitest';
import {
  copySlab,
  evidenceAddress,
  hotAddress,
  newBank,
  optimiserAddress,
  restoreSlab,
  takeSlot,
} from '../../../src/kernel/bank.ts';
import { initialise } from '../../../src/kernel/initialise.ts';
import { allocate, newLaneMemory } from '../../../src/kernel/memory.ts';
import { BACKENDS } from '../backends.ts';
import { bytesOf, type Model, newModel, step, type Trial, train, trial } from '../trial.ts';

const TWO_GIB = 2 ** 31;
const SHAPES = [{ hidden: 8 }, { cell: 'lstm', hidden: 5, layers: 2, targets: 2 }] as const;
const CASES = BACKENDS.flatMap((backend) =>
  SHAPES.map((shape) => [`${backend.name}: ${JSON.stringify(shape)}`, backend, shape] as const),
);

/** Losses and outputs of some windows. */
function live(one: Trial, models = one.models): readonly number[] {
  const seen: number[] = [];
  for (let t = 0; t < one.network.L; t++) seen.push(...train(one, { models }), ...step(one, t, models));
  return seen;
}

describe.each(CASES)('%s', (_title, backend, shape) => {
  it('works beyond 2 GiB as it does below', () => {
    const low = trial(backend, shape, { models: 2 });
    const lane = newLaneMemory();
    allocate(lane, TWO_GIB - lane.top - 64);
    // The first model lies across the border or just behind it, the others behind; the memory between is not touched.
    const high = trial(backend, shape, { models: 2, lane });
    expect(high.models[1]!.hot).toBeGreaterThan(TWO_GIB);
    expect(live(high)).toEqual(live(low));
    expect(high.models.map((model) => bytesOf(high, model))).toEqual(low.models.map((model) => bytesOf(low, model)));
  });

  it('follows the memory when it grows', () => {
    const quiet = trial(backend, shape);
    const grown = trial(backend, shape);
    for (let round = 0; round < 3; round++) {
      allocate(grown.lane, 17_000_000);
      expect(train(grown)).toEqual(train(quiet));
      allocate(grown.lane, 17_000_000);
      expect(step(grown, round)).toEqual(step(quiet, round));
    }
    expect(bytesOf(grown, grown.models[0]!)).toEqual(bytesOf(quiet, quiet.models[0]!));
  });

  it('serves networks of different shapes in turn, each as if it were alone', () => {
    const large = { ...shape, hidden: 32, layers: 3, inputs: 5, targets: 3, lookback: 32 } as const;
    const alone = [trial(backend, shape), trial(backend, large)] as const;
    const small = trial(backend, shape);
    // The large model lives in the memory of the small one and shares its kernel.
    const { lane, kernel } = small;
    const shared: Trial = { ...alone[1], lane, kernel, models: [newModel(lane, alone[1].layout, 0)] };
    for (let round = 0; round < 3; round++) {
      expect(train(small)).toEqual(train(alone[0]));
      expect(train(shared)).toEqual(train(alone[1]));
      expect(step(small, round)).toEqual(step(alone[0], round));
      expect(step(shared, round)).toEqual(step(alone[1], round));
    }
    expect(bytesOf(small, small.models[0]!)).toEqual(bytesOf(alone[0], alone[0].models[0]!));
    expect(bytesOf(shared, shared.models[0]!)).toEqual(bytesOf(alone[1], alone[1].models[0]!));
  });

  it('continues from a copied slab with the identical future', () => {
    const one = trial(backend, shape);
    const { lane, layout, network } = one;
    const bank = newBank(lane, layout);
    const slots = [takeSlot(bank), takeSlot(bank)] as const;
    const modelOf = (slot: number): Model => ({
      ...one.models[0]!,
      hot: hotAddress(bank, slot),
      optimiser: optimiserAddress(bank, slot),
    });
    const [from, to] = [modelOf(slots[0]), modelOf(slots[1])];
    initialise(lane.f32, network, from.hot / 4, 77, 1);
    live(one, [from]);
    lane.f64[evidenceAddress(bank, slots[0]) / 8] = 42;
    const copy = copySlab(bank, slots[0]);
    const future = live(one, [from]);
    restoreSlab(bank, slots[1], copy);
    expect(live(one, [to])).toEqual(future);
    expect(copySlab(bank, slots[1])).toEqual(copySlab(bank, slots[0]));
    restoreSlab(bank, slots[0], copy);
    expect(live(one, [from])).toEqual(future);
  });
});
