// A flood of keys that come once, through series that go on: who keeps a model, and what it costs.

import type { SourceRecord } from '../../src/domain.ts';
import { evidenceAddress } from '../../src/kernel/bank.ts';
import { AT } from '../../src/kernel/layout.ts';
import type { Share } from '../../src/share.ts';
import { deliver, emptyShare, newOutcome } from '../support/shares.ts';
import { MINUTE, SMALL_MODEL, streamSettings } from '../support/streams.ts';

export interface FloodOptions {
  readonly steady: number;
  /** Of these some begin halfway, when the share is long full. */
  readonly latecomers: number;
  readonly limit: number;
  readonly keys: number;
  readonly rounds: number;
  readonly tell?: (line: string) => void;
}

export interface FloodResult {
  /** Windows that the models of the steady series have learned, fewest first. */
  readonly learned: readonly number[];
  readonly latecomersIn: number;
  readonly refused: number;
  /** Resident bytes after a quarter, and at the end. */
  readonly quarterBytes: number;
  readonly endBytes: number;
  /** Models of the lane, likewise. */
  readonly bankBytes: readonly [number, number];
  readonly recordsPerSecond: number;
  readonly share: Share;
}

const encoder = new TextEncoder();

/** A round is a minute: one record of each steady series and, from the second one on, its part of the flood. */
export async function flood({ steady, latecomers, limit, keys, rounds, tell }: FloodOptions): Promise<FloodResult> {
  const stream = streamSettings({
    window: { every: { kind: 'record' }, latenessMs: 0 },
    model: SMALL_MODEL,
    limits: { series: limit },
  });
  const share = emptyShare(stream);
  const perRound = Math.ceil(keys / (rounds - 1));
  let [offset, quarterBytes, quarterBank, sent] = [0, 0, 0, 0];
  const from = performance.now();
  for (let round = 0; round < rounds; round++) {
    const records: SourceRecord[] = [];
    const add = (h: string, part: number): void => {
      const text = JSON.stringify({ h, t: round * MINUTE + part, v: Math.sin(round / 5) + h.length });
      records.push({ offset: offset++, timestampMs: undefined, key: null, value: encoder.encode(text) });
    };
    const known = round < rounds / 2 ? steady - latecomers : steady;
    for (let i = 0; i < Math.max(known, perRound); i++) {
      if (round > 0 && i < perRound && sent < keys) add(`once ${sent++}`, i % 1000);
      if (i < known) add(`steady ${i}`, i % 1000);
    }
    await deliver(share, [records], { outcome: newOutcome() });
    share.window.forgotten.length = 0;
    if (round === Math.floor(rounds / 4))
      [quarterBytes, quarterBank] = [process.memoryUsage.rss(), share.bank.lane.top];
    if (round % Math.ceil(rounds / 10) === 0) tell?.(`${offset} records, ${share.series.byKey.size} series`);
  }
  const seconds = (performance.now() - from) / 1000;
  const residents = [...share.series.byKey.values()].filter(({ labels }) => labels[0]?.startsWith('steady') === true);
  const numberOf = ({ labels }: { readonly labels: readonly string[] }): number => Number(labels[0]?.slice(7));
  const learned = residents
    .filter((series) => numberOf(series) < steady - latecomers)
    .map(({ slots }) => share.bank.lane.f64[evidenceAddress(share.bank, slots[0] ?? -1) / 8 + AT.learned] ?? 0);
  return {
    learned: learned.sort((a, b) => a - b),
    latecomersIn: residents.length - learned.length,
    refused: share.counters.seriesRefused,
    quarterBytes,
    endBytes: process.memoryUsage.rss(),
    bankBytes: [quarterBank, share.bank.lane.top],
    recordsPerSecond: Math.round(offset / seconds),
    share,
  };
}
