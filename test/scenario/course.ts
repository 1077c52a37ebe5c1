// One run of a case: its records through the real decoder, windows, kernel and detector, as configured by default.

import { layered, resolveStream } from '../../src/config/resolveStream.ts';
import { Stream } from '../../src/config/streamSchema.ts';
import type { AnomalyEvent, SourceRecord } from '../../src/domain.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { newRandom } from '../../src/kernel/random.ts';
import { backendsOf, chooseKernels } from '../../src/kernelChoice.ts';
import type { StreamSettings } from '../../src/settings.ts';
import { dissolveShare, newShare } from '../../src/share.ts';
import { deliver } from '../support/shares.ts';
import type { Case } from './case.ts';

/** What was told about one episode; times in windows from the onset. */
export interface Told {
  readonly opened: number;
  readonly since: number;
  readonly evidence: string;
  /** At its end, as far as it was told. */
  readonly kind: string;
  /** Undefined while it is open. */
  readonly duration: number | undefined;
  readonly closedBy: string | null;
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
/** A Monday. */
const START = Date.UTC(2026, 5, 1);
const memory = newLaneMemory();

const everyOf = ({ everyMs }: Case): number => everyMs ?? 5 * MINUTE;
/** The onset is at noon, after 70 % of the days. */
const onsetMsOf = ({ days = 14 }: Case): number => START + Math.floor(0.7 * days) * DAY + DAY / 2;

export async function episodesOf(one: Case, seed: number): Promise<Told[]> {
  const stream = settingsOf(one, seed);
  const kernel = chooseKernels([stream], backendsOf(memory), () => {}).of(stream);
  const share = newShare(stream, { topic: 'scenario', partition: 0 }, memory, kernel, 0);
  const { events } = await deliver(share, [recordsOf(one, seed)], { flush: true });
  dissolveShare(share);
  return told(events, onsetMsOf(one), everyOf(one));
}

function recordsOf(one: Case, seed: number): SourceRecord[] {
  const random = newRandom(seed);
  const signal = one.series(random);
  const everyMs = everyOf(one);
  const onset = onsetMsOf(one);
  const rows: { ms: number; arrives: number; value: number }[] = [];
  for (let n = 0, ms = START; ms < START + (one.days ?? 14) * DAY; n++, ms += everyMs) {
    const usual = signal(ms, n);
    const k = (ms - onset) / everyMs;
    const harmed = one.harm !== undefined && k >= 0 && (one.lasts === undefined || k < one.lasts);
    const value = harmed ? one.harm?.(usual, k, random, ms) : usual;
    if (value !== undefined) rows.push({ ms, arrives: one.shuffle?.(ms, n) ?? ms, value });
  }
  rows.sort((a, b) => a.arrives - b.arrives);
  return rows.map(({ ms, value }, offset) => ({
    offset,
    timestampMs: undefined,
    key: null,
    value: Buffer.from(`${ms},${value}`),
  }));
}

function settingsOf({ settings }: Case, seed: number): StreamSettings {
  const own = { topic: 'scenario', format: 'csv', time: { path: '$[0]' }, value: '$[1]', ...settings };
  const stream = resolveStream('scenario', Stream.parse(layered({}, own)), (_code, path, what) => {
    throw new Error(`${path.join('.')}: ${what}`);
  });
  // First weights follow from it.
  return { ...stream, uid: `seed ${seed}` };
}

function told(events: readonly AnomalyEvent[], onsetMs: number, everyMs: number): Told[] {
  const all: Told[] = [];
  const at = (text: string): number => (Date.parse(text) - onsetMs) / everyMs;
  for (const { event, window, started_at, evidence, kind, duration_seconds, closed_by } of events) {
    const open = all.at(-1);
    if (event === 'opened') {
      const opened = at(window.start);
      const strongest = evidence[0]?.kind ?? '';
      all.push({ opened, since: at(started_at), evidence: strongest, kind, duration: undefined, closedBy: null });
    } else if (open !== undefined) {
      const duration = event === 'closed' ? (duration_seconds * 1000) / everyMs : undefined;
      all[all.length - 1] = { ...open, kind, duration, closedBy: closed_by };
    }
  }
  return all;
}
