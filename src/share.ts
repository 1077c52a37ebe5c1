// A share: what one stream keeps of one input partition. State, watermark, limits and position are per share, so that
// results never depend on what else a lane owns. This file builds one, freezes it and brings it back.

import { createHash } from 'node:crypto';
import { newDecoder } from './decode/decoder.ts';
import { canonicalKey } from './decode/labels.ts';
import { type DecodeState, newSampleRows } from './decode/rows.ts';
import type { DetectState } from './detect/detector.ts';
import { mutedUntilMs } from './detect/mute.ts';
import { type Counters, newCounters, type PartitionId } from './domain.ts';
import { type ForecastState, newForecastState } from './forecast/forecaster.ts';
import { lessonsOf, type Prior } from './forecast/prior.ts';
import {
  type Bank,
  dissolve,
  evidenceAddress,
  firstSlot,
  freeze,
  frozenSlab,
  hasChanged,
  makeRoom,
  newBank,
  restoreSlab,
  takeSlot,
  thaw,
} from './kernel/bank.ts';
import type { Kernel } from './kernel/kernel.ts';
import { AT, type Layout, layoutOf } from './kernel/layout.ts';
import type { LaneMemory } from './kernel/memory.ts';
import { hash32 } from './kernel/random.ts';
import { hasPrior, shapeOf } from './kernel/shape.ts';
import type { SeriesSnapshot, ShareSnapshot } from './ports.ts';
import type { StreamSettings } from './settings.ts';
import { dueMsOf } from './window/closing.ts';
import { packDoor, unpackDoor } from './window/doorkeeper.ts';
import { pushDue } from './window/due.ts';
import { newSeriesTable, place, type Series, type SeriesTable } from './window/series.ts';
import { newWindowState, type WindowState } from './window/state.ts';
import type { Watermark } from './window/watermark.ts';

/** Rises whenever the same input would give another event: part of every event id. */
export const DETECTOR_VERSION = 4;

/** Stands for the name of the field in front of the labels of a series, and for those. */
const PRIOR_KEY = '[]';

export interface Share {
  readonly stream: StreamSettings;
  readonly partition: PartitionId;
  readonly counters: Counters;
  readonly bank: Bank;
  readonly series: SeriesTable;
  readonly decode: DecodeState;
  readonly window: WindowState;
  readonly forecast: ForecastState;
  readonly detect: DetectState;
  /** Offset of the next record to process; records below it are skipped. */
  position: number;
  /** Number of the bank's freeze whose snapshot is the newest durable one; 0 = none. */
  sealedFreeze: number;
}

/** An empty share. `firstOffset` is the offset of the partition's first record ever (files: their first data line). */
export function newShare(
  stream: StreamSettings,
  partition: PartitionId,
  lane: LaneMemory,
  kernel: Kernel,
  firstOffset: number,
): Share {
  const counters = newCounters();
  const bank = newBank(lane, layoutOf(shapeOf(stream.model, stream.window.openWindows, stream.decode.fields.length)));
  const { decode, window, detect, model, limits } = stream;
  const series = newSeriesTable(bank, decode.fields.length, limits.series);
  const labelNames = decode.labels.map(({ label }) => label);
  const prior: Prior | undefined = hasPrior(model, labelNames.length) ? { slot: -1 } : undefined;
  return {
    stream,
    partition,
    counters,
    bank,
    series,
    decode: {
      decoder: newDecoder(decode, { partition: partition.partition, firstOffset }),
      labelNames,
      fieldNames: decode.fields.map(({ field }) => field),
      counters,
      rows: newSampleRows(),
    },
    window: newWindowState(window, limits, series, counters),
    forecast: newForecastState(bank, kernel, counters, (slot) => seedOf(stream, series, slot), prior, model.releaseMs),
    detect: {
      bank,
      settings: detect,
      warmupWindows: model.warmupWindows,
      counters,
      mutedUntilMs: (slot) => mutedUntilMs(detect.mute, labelNames, series.bySlot[slot]?.series.labels ?? []),
    },
    position: 0,
    sealedFreeze: 0,
  };
}

/** Gives the memory of all its slabs back. */
export function dissolveShare(share: Share): void {
  dissolve(share.bank);
}

/**
 * Everything that decides what comes next. Only between two batches: then no sample is in between stages. Slabs are
 * copied when they are read, or before they change: read them one by one, before `endFreeze`, and before the share is
 * frozen again.
 */
export function freezeShare(share: Share): ShareSnapshot {
  const { stream, series, bank, window } = share;
  const frozen = freeze(bank);
  const slabs: SeriesSnapshot[] = [];
  for (const entry of series.byKey.values()) {
    const slot = entry.slots[0] ?? -1;
    slabs.push({
      key: storedKey(share, entry),
      changed: hasChanged(bank, slot, share.sealedFreeze),
      get slab() {
        return frozenSlab(bank, frozen, slot);
      },
    });
  }
  const prior = share.forecast.prior?.slot ?? -1;
  if (lessonsOf(share.forecast) > 0) {
    const changed = hasChanged(bank, prior, share.sealedFreeze);
    slabs.push({
      key: PRIOR_KEY,
      changed,
      get slab() {
        return frozenSlab(bank, frozen, prior);
      },
    });
  }
  const { watermark } = window;
  const block = {
    watermark: { ...watermark, ms: finite(watermark.ms), claimMs: finite(watermark.claimMs) },
    hour: finite(window.forgetHour),
    offset: window.pending.offset,
    serial: series.nextSerial,
    door: Buffer.from(packDoor(window.door)).toString('base64'),
    counted: window.door.counted,
    // Only where it says something: with all passes taken the bytes are those of earlier builds.
    ...(share.forecast.trainEvery === 1 ? {} : { trainEvery: share.forecast.trainEvery }),
  };
  return {
    uid: stream.uid,
    position: share.position,
    configHash: stream.configHash,
    layoutHash: layoutHash(bank.layout),
    block: new TextEncoder().encode(JSON.stringify(block)),
    series: slabs,
  };
}

/** Gives the copies of the freeze up. When it is `sealed`, i.e. durable, later ones count changes from there. */
export function endFreeze(share: Share, outcome: 'sealed' | 'failed'): void {
  const { bank } = share;
  if (outcome === 'sealed') share.sealedFreeze = bank.frozen?.number ?? share.sealedFreeze;
  thaw(bank);
}

/** Made once for each series: every checkpoint names all of them. */
const keysOfSeries = new WeakMap<Series, string>();

function storedKey(share: Share, series: Series): string {
  let key = keysOfSeries.get(series);
  if (key === undefined) {
    key = JSON.stringify([nameOfFields(share), ...series.labels]);
    keysOfSeries.set(series, key);
  }
  return key;
}

/** True when a snapshot is of this share's models: else it must start cold. */
export function fits(share: Share, snapshot: ShareSnapshot): boolean {
  return snapshot.configHash === share.stream.configHash && snapshot.layoutHash === layoutHash(share.bank.layout);
}

/**
 * Fills an empty share with a snapshot that `fits`, which counts as sealed. Answers how many models the lane's memory
 * had no room for.
 */
export function thawShare(share: Share, snapshot: ShareSnapshot): number {
  const steps = thawing(share, snapshot);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The same, a series a step: others may work in between, but not on this share. */
export function* thawing(share: Share, snapshot: ShareSnapshot): Generator<void, number> {
  const { series, bank, window } = share;
  const block = JSON.parse(new TextDecoder().decode(snapshot.block)) as {
    readonly watermark: Omit<Watermark, 'ms' | 'claimMs'> & {
      readonly ms: number | null;
      readonly claimMs: number | null;
    };
    readonly hour: number | null;
    readonly offset: number;
    readonly serial: number;
    /** Not in checkpoints of earlier builds. */
    readonly door?: string;
    readonly counted?: number;
    /** Of a share that leaves out training. */
    readonly trainEvery?: number;
  };
  let leftOut = 0;
  for (const { key, slab } of inOrderOfAdmission(bank, snapshot.series)) {
    yield;
    if (key === PRIOR_KEY) {
      const { prior } = share.forecast;
      if (prior === undefined || !makeRoom(bank, 1)) continue;
      prior.slot = takeSlot(bank);
      restoreSlab(bank, prior.slot, slab);
      continue;
    }
    const [field = '', ...labels] = JSON.parse(key) as string[];
    const seriesKey = canonicalKey(share.decode.labelNames, labels);
    if (field !== nameOfFields(share))
      throw new Error(`checkpoint of ${share.stream.name} has unknown fields ${field}`);
    if (!makeRoom(bank, 1)) {
      leftOut += series.fields;
      continue;
    }
    restoreSlab(bank, place(series, seriesKey, labels).slots[0] ?? -1, slab);
  }
  series.nextSerial = block.serial;
  const { ms, claimMs, ...rest } = block.watermark;
  Object.assign(window.watermark, rest, { ms: ms ?? Number.NaN, claimMs: claimMs ?? Number.NaN });
  window.forgetHour = block.hour ?? Number.NaN;
  window.pending.offset = block.offset;
  unpackDoor(window.door, Buffer.from(block.door ?? '', 'base64'), block.counted ?? 0);
  share.forecast.trainEvery = block.trainEvery ?? 1;
  share.position = snapshot.position;
  scheduleAll(share);
  freeze(bank);
  endFreeze(share, 'sealed');
  return leftOut;
}

/** Of a slab in a checkpoint: of the one field, or of all. */
function nameOfFields({ decode: { fieldNames } }: Share): string {
  return fieldNames.length === 1 ? (fieldNames[0] ?? '') : JSON.stringify(fieldNames);
}

/** Stores give series in any order; here they must come as they once were admitted, as in a run without a restart. */
function inOrderOfAdmission({ layout, networks }: Bank, series: readonly SeriesSnapshot[]): readonly SeriesSnapshot[] {
  const at = networks * (layout.hotBytes + layout.optimiserBytes) + 8 * AT.serial;
  const serialOf = ({ slab }: SeriesSnapshot): number =>
    slab.length < at + 8 ? 0 : new DataView(slab.buffer, slab.byteOffset).getFloat64(at, true);
  const pairs = series.map((entry) => [serialOf(entry), entry] as const);
  return pairs.sort(([a], [b]) => a - b).map(([, entry]) => entry);
}

/** The heap of due windows follows from the slabs. */
function scheduleAll({ series, bank, window }: Share): void {
  const { f64 } = bank.lane;
  for (const [slot, owner] of series.bySlot.entries()) {
    const at = evidenceAddress(bank, slot) / 8;
    if (owner === undefined || f64[at + AT.flowing] !== 1) continue;
    const dueMs = dueMsOf(window, f64[at + AT.everyMs] ?? 0, f64[at + AT.dueStart] ?? 0);
    pushDue(window.due, dueMs, f64[at + AT.serial] ?? 0, slot);
  }
}

function layoutHash(layout: Layout): string {
  return createHash('sha256')
    .update(JSON.stringify([layout, AT, DETECTOR_VERSION]))
    .digest('hex')
    .slice(0, 16);
}

/** Weights differ by series, not by run, partition or lane. */
function seedOf(stream: StreamSettings, series: SeriesTable, slot: number): number {
  // The last slot of a series with several fields has no owner: its network is that of all fields.
  const owner = series.bySlot[slot] ?? series.bySlot[firstSlot(series.bank, slot)];
  const field = slot - firstSlot(series.bank, slot);
  return hash32(JSON.stringify([stream.uid, owner?.series.key ?? '', field]));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
