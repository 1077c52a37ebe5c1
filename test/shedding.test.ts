// A lane that must leave out training: what it really leaves out, what goes on, and that its state says so.

import { expect, it } from 'vitest';
import { aStream, batch, ID, newJournal, newLane } from './support/owners.ts';

type Lane = ReturnType<typeof newLane>;

/** Lies behind by so much for so long, looking every second. */
function strain(lane: Lane, seconds: number, behindSeconds: number): void {
  for (let i = 0; i < seconds; i++) {
    lane.load.look({ nowMs: lane.advance(1000), waited: false, behindSeconds: behindSeconds + i });
  }
}

const counters = (lane: Lane) => lane.summary.take().shares[0]?.counters;
const blockOf = (lane: Lane): Record<string, unknown> => {
  const [share] = lane.snapshots.get('orders/3')?.shares ?? [];
  return JSON.parse(new TextDecoder().decode(share?.block)) as Record<string, unknown>;
};
/** What is known of the series: the bytes of its slabs. */
const slabs = (lane: Lane): unknown =>
  lane.snapshots.get('orders/3')?.shares.map(({ series }) => series.map(({ key, slab }) => [key, slab]));
const stream = aStream({ topics: ['orders'] });

/** Offsets must stay below that of the record that fails. */
async function shedding(): Promise<Lane> {
  const lane = newLane([stream], newJournal(), { learning: 'shed' });
  await lane.owner.take(ID, undefined);
  await lane.owner.deliver(batch(0, 101));
  strain(lane, 122, 400);
  expect(lane.load.trainEvery).toBe(4);
  return lane;
}

it('leaves out three of four passes, scores every window all the same, and counts what it left out', async () => {
  const lane = await shedding();
  expect(counters(lane)).toMatchObject({ windowsLearned: 100, passesShed: 0 });
  await lane.owner.deliver(batch(101, 320));
  // A pass is due every eight windows: 40 of them, of which ten are taken.
  const { windowsLearned, windowsScored, windowsWarming, passesShed } = counters(lane) ?? {};
  expect({ windowsLearned, closed: (windowsScored ?? 0) + (windowsWarming ?? 0), passesShed }).toEqual({
    windowsLearned: 420,
    closed: 420,
    passesShed: 30,
  });
  strain(lane, 120, 600);
  expect(lane.load.trainEvery).toBe(0);
  await lane.owner.deliver(batch(421, 80));
  expect(counters(lane)).toMatchObject({ windowsLearned: 500, passesShed: 40 });
});

it('changes how much it learns between two batches only, and seals that with the state', async () => {
  const lane = await shedding();
  await lane.owner.settle(1000);
  // The last batch still came with all passes: a replay of it must, too.
  expect(blockOf(lane)).not.toHaveProperty('trainEvery');
  const delivered = lane.owner.deliver(batch(101, 16));
  strain(lane, 120, 600);
  await delivered;
  await lane.owner.settle(1000);
  expect(lane.load.trainEvery).toBe(0);
  expect(blockOf(lane)).toMatchObject({ trainEvery: 4 });
});

it('goes on from a checkpoint with the share of training that is recorded there, bit for bit', async () => {
  const straight = await shedding();
  await straight.owner.deliver(batch(101, 160));
  await straight.owner.settle(1000);
  const again = newLane([stream], newJournal(new Map(straight.snapshots)), { learning: 'shed' });
  expect(await again.owner.take(ID, undefined)).toEqual({ kind: 'offset', offset: 261 });
  expect(again.load).toMatchObject({ level: 3, trainEvery: 4 });
  for (const lane of [straight, again]) {
    await lane.owner.deliver(batch(261, 160));
    await lane.owner.settle(1000);
  }
  expect(slabs(again)).toEqual(slabs(straight));
  // A lane that may not shed learns everything from there on.
  const keeping = newLane([stream], newJournal(new Map(straight.snapshots)), { learning: 'keep' });
  await keeping.owner.take(ID, undefined);
  await keeping.owner.deliver(batch(421, 80));
  expect(counters(keeping)).toMatchObject({ windowsLearned: 80, passesShed: 0 });
});

it('changes not a bit where training is kept, however far behind the lane is', async () => {
  const [calm, behind] = [newLane([stream]), newLane([stream])];
  for (const lane of [calm, behind]) {
    await lane.owner.take(ID, undefined);
    await lane.owner.deliver(batch(0, 101));
    if (lane === behind) strain(lane, 600, 1000);
    await lane.owner.deliver(batch(101, 320));
    await lane.owner.settle(1000);
  }
  expect(behind.load.level).toBe(2);
  expect(slabs(behind)).toEqual(slabs(calm));
  expect(blockOf(behind)).toEqual(blockOf(calm));
});
