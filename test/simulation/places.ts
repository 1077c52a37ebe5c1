// Where the simulation keeps checkpoints: files on the disk that loses power, or a log in memory that several share.

import { newFileStore } from '../../src/checkpoint/fileStore.ts';
import type { Files } from '../../src/checkpoint/files.ts';
import type { CheckpointStore, StateLog } from '../../src/ports.ts';
import { type Disk, newDisk, type Random, systemError } from '../checkpoint/disk.ts';
import { storeOn } from '../checkpoint/kafkaLives.ts';
import { newFakeLog } from '../support/fakeLog.ts';
import { type Member, passing } from './member.ts';

export interface Place {
  storeFor(member: Member): CheckpointStore;
  /** One that nothing happens to. */
  calmStore(): CheckpointStore;
  /** From now on writing may fail, or not. */
  setFaults(on: boolean): void;
  /** The process will end in one of the next steps of its checkpoint. */
  endSoon(member: Member): void;
  /** What was left when it ended. */
  ended(): void;
  /** Several processes may have state there. */
  readonly moves: boolean;
  /** Damages the newest file, where there are files. */
  rot(): void;
}

export function kafkaPlace(random: Random): Place {
  const log = newFakeLog();
  let [seed, left] = [0, Number.POSITIVE_INFINITY];
  const logOf = (member: Member): StateLog => ({
    ...log,
    read: (partition, from, onRecord) => passing(member, () => log.read(partition, from, onRecord)),
    append: (partition, messages) =>
      passing(member, async () => {
        if (left-- > 0) return log.append(partition, messages);
        member.dead = true;
        return log.append(partition, messages.slice(0, Math.floor(random() * (messages.length + 1))));
      }),
  });
  return {
    moves: true,
    storeFor: (member) => storeOn(logOf(member), ++seed),
    calmStore: () => storeOn(log, ++seed),
    setFaults(on) {
      const fault = (): ReturnType<NonNullable<typeof log.faults>> => {
        if (random() >= 0.2) return random() < 0.1 ? 'twice' : undefined;
        return { now: Math.floor(random() * 4), later: random() < 0.4 ? 9 : 0 };
      };
      log.faults = on ? fault : undefined;
    },
    endSoon() {
      left = Math.floor(random() * 5);
    },
    ended() {
      left = Number.POSITIVE_INFINITY;
      if (random() < 0.5) log.deliverLate();
    },
    rot: () => {},
  };
}

export function filePlace(random: Random, mutate: (files: Files, disk: Disk) => Files): Place {
  let disk = newDisk();
  const options = { dir: '/state', keep: 2, log: () => {} };
  return {
    moves: false,
    storeFor: (member) => {
      const inner = newFileStore({ ...options, files: mutate(disk.files, disk) });
      return {
        ...inner,
        open: (partition) => passing(member, () => inner.open(partition)),
        save: (partition, snapshot) => passing(member, () => inner.save(partition, snapshot)),
      };
    },
    calmStore: () => newFileStore({ ...options, files: disk.files }),
    setFaults(on) {
      disk.failWith(
        on ? (step) => (random() < 0.05 ? systemError(step === 'write' ? 'ENOSPC' : 'EIO') : undefined) : undefined,
      );
    },
    endSoon: () => disk.losePowerAfter(Math.floor(random() ** 2 * 60)),
    ended() {
      // A killed process loses nothing that it has handed to the system; a machine without power may.
      disk = disk.restart(random() < 0.4 ? () => 0.999 : random);
    },
    rot() {
      const path = disk
        .paths()
        .filter((name) => /-(base|delta)$/.test(name))
        .at(-1);
      if (path === undefined) return;
      const bytes = disk.read(path).slice();
      const at = Math.floor(random() * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      disk.replace(path, bytes);
    },
  };
}
