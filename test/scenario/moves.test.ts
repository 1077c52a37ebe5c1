// A partition that stops, crashes anywhere and goes on elsewhere, by the Kafka store or by files, ends as if it had
// never moved: state and events, to the last bit. With series that come, go and come back.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { newFileStore } from '../../src/checkpoint/fileStore.ts';
import { type Files, nodeFiles } from '../../src/checkpoint/files.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { newRandom, uniform } from '../../src/kernel/random.ts';
import type { CheckpointStore, ShareSnapshot } from '../../src/ports.ts';
import { dissolveShare, endFreeze, freezeShare, type Share, thawShare } from '../../src/share.ts';
import { systemError } from '../checkpoint/disk.ts';
import { storeOn } from '../checkpoint/kafkaLives.ts';
import { newFakeLog } from '../support/fakeLog.ts';
import { deliver, emptyShare, kept, newOutcome, type Outcome } from '../support/shares.ts';
import { type Trial, trialOf } from './trials.ts';

const ID = { topic: 'topic', partition: 0 };
const TRIALS = 60;

/** Where checkpoints are kept, and what can go wrong there. */
interface Place {
  newStore(seed: number): CheckpointStore;
  /** From now on writing may fail. */
  mayFail(random: (() => number) | undefined): void;
  /** What was on its way arrives. */
  late(): void;
  /** Checkpoints that were written in part, because the rest had not changed. */
  partial(): number;
}

const folder = mkdtempSync(join(tmpdir(), 'gruard-moves-'));
afterAll(() => rmSync(folder, { recursive: true }));
let places = 0;

const PLACES: Readonly<Record<string, () => Place>> = {
  Kafka() {
    const log = newFakeLog();
    let partial = 0;
    return {
      newStore: (seed) => {
        const store = storeOn(log, seed);
        const save: CheckpointStore['save'] = (id, snapshot) => {
          const unchanged = snapshot.shares.flatMap(({ series }) => series).some(({ changed }) => changed === false);
          partial += unchanged ? 1 : 0;
          return store.save(id, snapshot);
        };
        return { ...store, save };
      },
      mayFail(random) {
        log.faults = random && (() => ({ now: Math.floor(random() * 3), later: 9 }));
      },
      late: () => log.deliverLate(),
      partial: () => partial,
    };
  },
  files() {
    const dir = join(folder, String(++places));
    let [partial, random] = [0, undefined as (() => number) | undefined];
    // Nothing loses power here, so nothing is synced: see checkpoint/powerLoss.test.ts.
    const files: Files = {
      ...nodeFiles,
      syncDirectory: () => Promise.resolve(),
      create: async (path) => ({ ...(await nodeFiles.create(path)), sync: () => Promise.resolve() }),
      async rename(from, to) {
        if (random !== undefined && random() < 0.5) throw systemError('EIO');
        partial += to.endsWith('-delta') ? 1 : 0;
        await nodeFiles.rename(from, to);
      },
    };
    return {
      newStore: () => newFileStore({ dir, keep: 2, files, log: () => {} }),
      mayFail(next) {
        random = next;
      },
      late: () => undefined,
      partial: () => partial,
    };
  },
};

/** By key: the order in a store is its own. */
function stateOf(share: Share): ShareSnapshot {
  const { series, ...rest } = kept(freezeShare(share));
  const sorted = series.map(({ key, slab }) => ({ key, slab })).sort((a, b) => (a.key < b.key ? -1 : 1));
  return { ...rest, series: sorted };
}

/** Delivers records in small batches with checkpoints between them, dying and moving on at random. */
async function moved(
  seed: number,
  { stream, records }: Trial,
  outcome: Outcome,
  { newStore, mayFail, late }: Place,
): Promise<{ readonly state: ShareSnapshot; readonly moves: number; readonly gone: number }> {
  const random = newRandom(seed ^ 0xabcd);
  const memory = newLaneMemory();
  let [share, store, moves, gone] = [emptyShare(stream, memory), newStore(seed), 0, 0];
  await store.open(ID);
  const move = async (): Promise<void> => {
    gone += share.counters.seriesEvicted;
    dissolveShare(share);
    [share, store] = [emptyShare(stream, memory), newStore(seed * 1_000 + ++moves)];
    const { snapshot } = await store.open(ID);
    if (snapshot?.shares[0] !== undefined) thawShare(share, snapshot.shares[0]);
  };
  // Offsets do not repeat, so a position names a place in the list.
  for (;;) {
    const from = records.findIndex(({ offset }) => offset >= share.position);
    if (from < 0) break;
    await deliver(share, [records.slice(from, from + 1 + Math.floor(uniform(random) * 40))], { outcome });
    mayFail(uniform(random) < 0.25 ? () => uniform(random) : undefined);
    if (uniform(random) < 0.7) await saved(store, share);
    mayFail(undefined);
    if (uniform(random) < 0.2 && moves < 12) await move();
    if (uniform(random) < 0.2) late();
  }
  if (!(await saved(store, share))) await saved(store, share);
  await move();
  return { state: stateOf(share), moves, gone };
}

async function saved(store: CheckpointStore, share: Share): Promise<boolean> {
  const sealed = await store.save(ID, { shares: [freezeShare(share)] }).then(
    () => true,
    () => false,
  );
  endFreeze(share, sealed ? 'sealed' : 'failed');
  return sealed;
}

it.each(Object.entries(PLACES))('%s: ends as if it had never moved', { timeout: 120_000 }, async (_, newPlace) => {
  const seen = { moves: 0, gone: 0, series: 0, partial: 0 };
  for (let seed = 0; seed < TRIALS; seed++) {
    const trial = trialOf(seed);
    const [straight, broken] = [newOutcome(), newOutcome()];
    const share = emptyShare(trial.stream);
    await deliver(share, [trial.records], { outcome: straight });
    const place = newPlace();
    const { state, moves, gone } = await moved(seed, trial, broken, place);
    seen.partial += place.partial();
    expect(state, `seed ${seed}`).toEqual(stateOf(share));
    // What was read again was told again, in the same words.
    const told = ({ events }: Outcome): string[] => [...new Set(events.map((event) => JSON.stringify(event)))].sort();
    expect(told(broken), `seed ${seed}`).toEqual(told(straight));
    seen.moves += moves;
    seen.gone += gone;
    seen.series += state.series.length;
  }
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(30);
});
