// One partition through crashes, moves, zombies, torn writes, lost acknowledgements and repeats, by a seed; then it
// heals and reads on to its end. State and events must be those of a run to which nothing happened.

import { createHash } from 'node:crypto';
import type { Files } from '../../src/checkpoint/files.ts';
import type { SourceRecord } from '../../src/domain.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import type { ShareSnapshot } from '../../src/ports.ts';
import { dissolveShare, freezeShare } from '../../src/share.ts';
import { type Disk, type Random, seededRandom } from '../checkpoint/disk.ts';
import { type Trial, trialOf } from '../scenario/trials.ts';
import { deliver, emptyShare } from '../support/shares.ts';
import { EVERY_MS, ID, type Member, newMember, type Outside, turns, type Wiring } from './member.ts';
import { filePlace, kafkaPlace, type Place } from './places.ts';

export interface Mutant {
  readonly wiring?: (wiring: Wiring) => Wiring;
  readonly files?: (files: Files, disk: Disk) => Files;
}

export interface Told {
  /** Undefined = all is as it should be. */
  readonly violation: string | undefined;
  readonly ends: number;
}

export type Kind = 'kafka' | 'file';

const TRIALS = 200;
const RECORDS = 120;
const STEPS = 40;

interface World {
  readonly random: Random;
  readonly trial: Trial;
  readonly outside: Outside;
  readonly place: Place;
  readonly wiring: (wiring: Wiring) => Wiring;
  /** Records of a file, which has no group that commits. */
  readonly grouped: boolean;
  member: Member;
  readonly members: Member[];
  /** Offset to read on from. */
  next: number;
  ends: number;
}

export async function runSchedule(
  seed: number,
  kind: Kind,
  { wiring = (same) => same, files = (same) => same }: Mutant = {},
): Promise<Told> {
  const random = seededRandom(seed);
  const trial = shortTrial(seed % TRIALS);
  const place = kind === 'kafka' ? kafkaPlace(random) : filePlace(random, files);
  const outside: Outside = { events: [], committed: undefined, current: undefined };
  const grouped = kind === 'kafka' || random() < 0.5;
  const rest = { random, trial, outside, place, wiring, grouped, next: 0, ends: 0 };
  const member = memberOf(rest);
  const world: World = { ...rest, member, members: [member] };
  try {
    await begin(world);
    for (let step = 0; step < STEPS; step++) await act(world);
    await heal(world);
  } catch (error) {
    return { violation: String(error), ends: world.ends };
  } finally {
    for (const one of world.members) one.owner.drop(ID);
  }
  const snapshot = (await place.calmStore().open(ID)).snapshot?.shares[0];
  const wanted = await straightOf(seed % TRIALS, trial);
  const state = snapshot === undefined ? 'nothing' : textOf(snapshot);
  const events = [...new Set(outside.events)].sort().join('\n');
  const violation = state !== wanted.state ? 'another state' : events !== wanted.events ? 'other events' : undefined;
  return { violation, ends: world.ends };
}

function memberOf({ trial, outside, random, place, wiring }: Omit<World, 'member' | 'members'>): Member {
  return newMember(trial.stream, outside, random, (member) => place.storeFor(member), wiring);
}

/** The present process takes the partition. */
async function begin(world: World): Promise<void> {
  const { member, outside, grouped } = world;
  outside.current = member;
  const start = await member.owner.take(ID, grouped ? outside.committed : undefined);
  world.next = start.kind === 'offset' ? start.offset : 0;
}

async function another(world: World): Promise<void> {
  world.place.setFaults(false);
  world.member = memberOf(world);
  world.members.push(world.member);
  world.ends++;
  await begin(world);
}

async function act(world: World): Promise<void> {
  const { random, place } = world;
  const dice = random();
  place.setFaults(random() < 0.25);
  if (dice < 0.5) await read(world, 1 + Math.floor(random() * 15));
  else if (dice < 0.7) tick(world);
  else if (dice < 0.78) await world.member.owner.settle(60_000);
  else if (dice < 0.84) await leave(world);
  else if (dice < 0.95) await crash(world);
  else if (place.moves) await stall(world);
  await turns(random, 30);
}

/** Hands records over; now and then some that were handed over already, as a source does that was set back. */
async function read(world: World, count: number): Promise<void> {
  const { random, trial, member } = world;
  const from = random() < 0.1 ? Math.max(0, world.next - 5) : world.next;
  const records = trial.records.filter(({ offset }) => offset >= from).slice(0, count);
  const last = records.at(-1);
  if (last === undefined) return;
  try {
    await member.deliver(records);
    world.next = Math.max(world.next, last.offset + 1);
  } catch {
    // Somebody else's now: the source joins its group anew.
    member.owner.drop(ID);
    await another(world);
  }
}

function tick({ member }: World): void {
  member.advance(EVERY_MS * 100);
  member.owner.tick();
}

async function leave(world: World): Promise<void> {
  await world.member.owner.settle(60_000);
  world.member.owner.drop(ID);
  await another(world);
}

async function crash(world: World): Promise<void> {
  const { random, place, member } = world;
  if (random() < 0.7) {
    place.endSoon(member);
    tick(world);
    await turns(random, 200);
  }
  member.dead = true;
  place.ended();
  if (!world.grouped && random() < 0.5) place.rot();
  await another(world);
}

/** Stopped in the middle of something, replaced, and then it goes on. */
async function stall(world: World): Promise<void> {
  const { random, member } = world;
  let goOn = (): void => {};
  member.gate = new Promise((resolve) => {
    goOn = resolve;
  });
  tick(world);
  await turns(random, 20);
  await another(world);
  await read(world, 10);
  if (random() < 0.5) await world.member.owner.settle(60_000);
  member.gate = Promise.resolve();
  goOn();
  await turns(random, 200);
}

async function heal(world: World): Promise<void> {
  world.place.setFaults(false);
  const end = (world.trial.records.at(-1)?.offset ?? -1) + 1;
  for (let tries = 0; tries < 50; tries++) {
    while (world.next < end) await read(world, 50);
    await world.member.owner.settle(60_000);
    if (world.next === end && world.member.owner.isSettled()) return;
    // A failed checkpoint is tried again; a partition that is somebody else's is taken anew.
    if (tries % 5 === 4) await leave(world);
  }
  throw new Error('it never came to rest');
}

function shortTrial(number: number): Trial {
  const { stream, records } = trialOf(number);
  return { stream, records: records.slice(0, RECORDS) };
}

interface Straight {
  readonly state: string;
  readonly events: string;
}

const straight = new Map<number, Straight>();

async function straightOf(number: number, { stream, records }: Trial): Promise<Straight> {
  const known = straight.get(number);
  if (known !== undefined) return known;
  const share = emptyShare(stream, newLaneMemory());
  const { events } = await deliver(share, [records as SourceRecord[]]);
  const state = textOf(freezeShare(share));
  dissolveShare(share);
  const told = { state, events: [...new Set(events.map((event) => JSON.stringify(event)))].sort().join('\n') };
  straight.set(number, told);
  return told;
}

function textOf({ series, block, position, configHash }: ShareSnapshot): string {
  const slabs = series.map(({ key, slab }) => `${key} ${createHash('sha256').update(slab).digest('hex')}`);
  return [position, configHash, new TextDecoder().decode(block), ...slabs.sort()].join('\n');
}
