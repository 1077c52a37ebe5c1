// What somebody could get wrong in the protocol of checkpoints. Each of these must be found.

import type { PartitionId } from '../../src/domain.ts';
import type { Snapshot } from '../../src/ports.ts';
import { MUTANTS as OF_FILES } from '../checkpoint/lives.ts';
import type { Kind, Mutant } from './schedule.ts';

interface Wrong {
  readonly kind: Kind;
  /** A new one for each schedule: some have a memory. */
  readonly make: () => Mutant;
}

export const MUTANTS: Readonly<Record<string, Wrong>> = {
  'the commit before the seal': {
    kind: 'kafka',
    make: () => ({
      wiring: (wiring) => ({
        ...wiring,
        store: {
          ...wiring.store,
          async save(partition, snapshot) {
            await wiring.commit(positionOf(snapshot));
            return wiring.store.save(partition, snapshot);
          },
        },
      }),
    }),
  },
  'the seal before events are acknowledged': {
    kind: 'kafka',
    make: () => ({
      wiring: (wiring) => ({
        ...wiring,
        async flush() {
          void wiring.flush();
        },
      }),
    }),
  },
  'no fsync of the file': { kind: 'file', make: () => ({ files: OF_FILES['no fsync of the file'] }) },
  'the offset in a second file, behind the state': { kind: 'file', make: () => secondOffset('behind') },
  'the offset in a second file, ahead of the state': { kind: 'file', make: () => secondOffset('ahead') },
};

/** The position is durable, too, but at another moment than the state. */
function secondOffset(when: 'ahead' | 'behind'): Mutant {
  const offsets = new Map<string, number>();
  const nameOf = ({ topic, partition }: PartitionId): string => `${topic}/${partition}`;
  return {
    wiring: (wiring) => ({
      ...wiring,
      store: {
        ...wiring.store,
        async open(partition) {
          const { snapshot, epoch } = await wiring.store.open(partition);
          const position = offsets.get(nameOf(partition));
          if (snapshot === undefined || position === undefined) return { snapshot, epoch };
          return { snapshot: { shares: snapshot.shares.map((share) => ({ ...share, position })) }, epoch };
        },
        async save(partition, snapshot) {
          const position = positionOf(snapshot);
          if (when === 'ahead') offsets.set(nameOf(partition), position);
          const saved = await wiring.store.save(partition, snapshot);
          if (when === 'behind') {
            for (let turn = 0; turn < 20; turn++) await Promise.resolve();
            offsets.set(nameOf(partition), position);
          }
          return saved;
        },
      },
    }),
  };
}

function positionOf({ shares }: Snapshot): number {
  return Math.min(...shares.map(({ position }) => position));
}
