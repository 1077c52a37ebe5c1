// Series of several fields, from records to events: what one field shows, what only all of them show, and how often
// somebody is told.

import { describe, expect, it } from 'vitest';
import type { AnomalyEvent, SourceRecord } from '../../src/domain.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { deliver, emptyShare } from '../support/shares.ts';
import { MINUTE, streamSettings } from '../support/streams.ts';

const START = Date.UTC(2026, 0, 5);
const EVERY = 5 * MINUTE;
const LEARNED = 2000;
const FIELDS = ['a', 'b', 'c', 'd', 'e', 'f'];

type Model = 'joint' | 'separate';
/** Changes the fields of a window behind the learned ones; n from 0. */
type Harm = (fields: number[], n: number) => void;

/** Fields a to f: a load that all follow, each with noise of its own. */
async function told(
  fields: Model,
  harm: Harm,
  windows = 60,
): Promise<{ events: AnomalyEvent[]; opened: AnomalyEvent[] }> {
  const stream = streamSettings({
    decode: { labels: [], fields: FIELDS.map((field) => ({ field, path: [field] })) },
    window: { every: { kind: 'fixed', ms: EVERY }, latenessMs: 0, openWindows: 2, gaps: { kind: 'anomaly' } },
    model: { hidden: 8, lookback: 16, fields },
  });
  const random = newRandom(11);
  let load = 0;
  const records = Array.from({ length: LEARNED + windows }, (_, i): SourceRecord => {
    load = 0.9 * load + 0.4 * gaussian(random);
    const values = FIELDS.map((_field, k) => 10 * (k + 1) + (k + 1) * (load + 0.15 * gaussian(random)));
    if (i >= LEARNED) harm(values, i - LEARNED);
    const known = FIELDS.flatMap((field, k) => (Number.isNaN(values[k]) ? [] : [[field, values[k]]]));
    const text = JSON.stringify({ t: START + i * EVERY, ...Object.fromEntries(known) });
    return { offset: i, timestampMs: undefined, key: null, value: Buffer.from(text) };
  });
  const { events } = await deliver(emptyShare(stream), [records], { flush: true });
  const since = new Date(START + LEARNED * EVERY).toISOString();
  const late = events.filter(({ window }) => window.start >= since);
  return { events: late, opened: late.filter(({ event }) => event === 'opened') };
}

const kinds = (event: AnomalyEvent | undefined): string[] => event?.evidence.map(({ kind }) => kind) ?? [];
const sumOf = (shares: Readonly<Record<string, number>>): number =>
  Object.values(shares).reduce((sum, share) => sum + share, 0);

describe.each<Model>(['separate', 'joint'])('series of several fields, %s networks', (model) => {
  it('are silent when nothing happens', async () => {
    expect((await told(model, () => {})).opened).toEqual([]);
  }, 60_000);

  it('tell a field that leaves its bounds alone, with most of the surprise', async () => {
    const { opened } = await told(model, (fields, n) => {
      if (n >= 20 && n < 24) fields[2] = 70;
    });
    expect(opened.map(({ field }) => field)).toEqual(['c']);
    const shares = opened[0]?.contributions ?? {};
    expect(shares['c']).toBeGreaterThan(0.5);
    expect(sumOf(shares)).toBeCloseTo(1, 9);
  }, 60_000);

  it('tell by all together that one field no longer follows the others, within its bounds', async () => {
    const random = newRandom(23);
    let own = Number.NaN;
    const { opened } = await told(
      model,
      (fields, n) => {
        if (n < 10) return;
        // A load of its own from here on, of the same kind, that begins where the common one is.
        own = Number.isNaN(own) ? (fields[3] ?? 0) / 4 - 10 : 0.9 * own + 0.4 * gaussian(random);
        fields[3] = 40 + 4 * (own + 0.15 * gaussian(random));
      },
      100,
    );
    expect(kinds(opened[0])[0]).toBe('joint');
    expect(opened[0]?.field).toBe('d');
  }, 60_000);

  it('tell once when all fields are a bit off, each in its own direction', async () => {
    const { opened } = await told(model, (fields, n) => {
      if (n >= 20 && n < 23)
        for (let k = 0; k < FIELDS.length; k++) fields[k] = (fields[k] ?? 0) + (k % 2 === 0 ? 0.9 : -0.9) * (k + 1);
    });
    expect(opened.length).toBe(1);
    expect(kinds(opened[0])[0]).toBe('joint');
    const shares = Object.values(opened[0]?.contributions ?? {});
    expect(shares.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...shares)).toBeLessThan(0.7);
  }, 60_000);

  it('tell one episode when many fields leap at once, and its end', async () => {
    const { events, opened } = await told(model, (fields, n) => {
      if (n >= 20 && n < 26) for (let k = 0; k < FIELDS.length; k++) fields[k] = (fields[k] ?? 0) + 12 * (k + 1);
    });
    expect(opened.length).toBe(1);
    const field = opened[0]?.field;
    expect(new Set(events.map((event) => event.field))).toEqual(new Set([field]));
    expect(events.at(-1)?.event).toBe('closed');
    expect(Object.keys(opened[0]?.contributions ?? {}).length).toBe(FIELDS.length);
  }, 60_000);

  it('tell one gap when all fields are silent, and a gap of one field as its own', async () => {
    const all = await told(model, (fields, n) => {
      // The record of the window after closes it.
      if (n >= 20 && n < 23) fields.fill(Number.NaN);
    });
    expect(all.opened.map(({ kind }) => kind)).toEqual(['gap']);
    const one = await told(model, (fields, n) => {
      if (n >= 20 && n < 23) fields[1] = Number.NaN;
    });
    expect(one.opened.map(({ kind, field }) => [kind, field])).toEqual([['gap', 'b']]);
    expect(one.opened[0]?.contributions['b']).toBeGreaterThan(0.9);
  }, 60_000);
});
