// Names below the state directory, and what they say. A name carries the epoch, so that knowing the owner of a
// partition takes no more than listing its directory.

import { createHash } from 'node:crypto';
import type { PartitionId } from '../domain.ts';
import type { Generation } from './snapshot.ts';

/** Two levels: the topic's directory and the partition's in it. The topic is hashed: its name may be no file name. */
export function directoriesOf({ topic, partition }: PartitionId): readonly [string, string] {
  const hash = createHash('sha256').update(topic).digest('hex').slice(0, 32);
  return [hash, `p${String(partition).padStart(5, '0')}`];
}

export function baseName({ epoch, number }: Omit<Generation, 'partition'>): string {
  return `e${epoch}-n${number}-base`;
}

export function deltaName({ epoch, number }: Omit<Generation, 'partition'>): string {
  return `e${epoch}-n${number}-delta`;
}

/** An empty file that says who owns the partition: empty, so that there is nothing in it to tear. */
export function claimName(epoch: number): string {
  return `e${epoch}-claim`;
}

export const UNFINISHED = '.tmp';

export function corruptName(name: string, number: number): string {
  return `${name}.corrupt-${number}`;
}

/** Epochs have 32 bits in a header. */
const EPOCH_LIMIT = 2 ** 32 - 1;

interface Sealed {
  readonly name: string;
  readonly epoch: number;
  readonly number: number;
}

/** What one partition's directory holds. */
export interface Listing {
  /** Sealed bases, newest first. */
  readonly bases: readonly Sealed[];
  /** Sealed deltas, oldest first. */
  readonly deltas: readonly Sealed[];
  readonly claims: readonly { readonly name: string; readonly epoch: number }[];
  readonly unfinished: readonly string[];
  /** Set aside, newest first. */
  readonly corrupt: readonly { readonly name: string; readonly number: number }[];
  /** Over all names, unfinished and damaged ones too; 0 without any. */
  readonly epochMax: number;
  readonly numberMax: number;
}

/** Names that are not ours stay unmentioned. */
export function readListing(names: readonly string[]): Listing {
  const bases: Sealed[] = [];
  const deltas: Sealed[] = [];
  const claims = [];
  const unfinished = [];
  const corrupt = [];
  let epochMax = 0;
  let numberMax = 0;
  for (const name of names) {
    const match = /^e(\d{1,10})(?:-claim|-n(\d{1,15})-(?:base|delta)(\.tmp|\.corrupt-(\d{1,15}))?)$/.exec(name);
    if (match === null) continue;
    const epoch = Number(match[1]);
    const number = Number(match[2] ?? 0);
    if (epoch >= EPOCH_LIMIT) continue;
    epochMax = Math.max(epochMax, epoch);
    numberMax = Math.max(numberMax, number);
    if (match[4] !== undefined) corrupt.push({ name, number: Number(match[4]) });
    else if (match[3] !== undefined) unfinished.push(name);
    else if (match[2] === undefined) claims.push({ name, epoch });
    else (name.endsWith('-base') ? bases : deltas).push({ name, epoch, number });
  }
  bases.sort((a, b) => b.epoch - a.epoch || b.number - a.number);
  deltas.sort((a, b) => a.epoch - b.epoch || a.number - b.number);
  corrupt.sort((a, b) => b.number - a.number);
  return { bases, deltas, claims, unfinished, corrupt, epochMax, numberMax };
}

/** The deltas that follow a base: of its owner, one number after the other. A failed attempt ends the row. */
export function deltasOf(base: Sealed, { deltas }: Listing): Sealed[] {
  const row: Sealed[] = [];
  for (const delta of deltas) {
    if (delta.epoch === base.epoch && delta.number === base.number + row.length + 1) row.push(delta);
  }
  return row;
}
