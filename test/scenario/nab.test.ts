// Two recordings of real incidents from the Numenta Anomaly Benchmark (https://github.com/numenta/NAB, AGPL-3.0: not
// shipped here), through one configuration that knows nothing about either of them.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../src/domain.ts';
import { present } from '../support/required.ts';
import { deliver, emptyShare } from '../support/shares.ts';
import { streamSettings } from '../support/streams.ts';

const { GRUARD_DATA } = process.env;
const nab = join(GRUARD_DATA ?? resolve(import.meta.dirname, '../../../shared/data'), 'nab');
const FILES = ['machine_temperature_system_failure', 'nyc_taxi'].map((name) => `realKnownCause/${name}.csv`);

const stream = streamSettings({
  decode: {
    format: 'csv',
    labels: [],
    time: { kind: 'path', path: [0], unit: 'ms' },
    fields: [{ field: 'value', path: [1] }],
  },
});

/** Start of the window of every opened episode. */
async function openings(file: string): Promise<number[]> {
  const [, ...lines] = readFileSync(join(nab, file), 'utf8').trimEnd().split('\n');
  const encoder = new TextEncoder();
  const records = lines.map(
    (line, i): SourceRecord => ({ offset: i + 2, timestampMs: undefined, key: null, value: encoder.encode(line) }),
  );
  const share = emptyShare(stream);
  const { events } = await deliver(share, [records], { flush: true });
  expect(share.counters.recordsDecoded).toBe(lines.length);
  return events.filter(({ event }) => event === 'opened').map(({ window }) => Date.parse(window.start));
}

/** The labelled windows of a file, from and to. */
function incidents(file: string): (readonly [number, number])[] {
  const all = JSON.parse(readFileSync(join(nab, 'labels/combined_windows.json'), 'utf8')) as Record<string, string[][]>;
  const utc = (text = ''): number => Date.parse(`${text.replace(' ', 'T')}Z`);
  return (all[file] ?? []).map(([from, to]) => [utc(from), utc(to)]);
}

const there = present(nab, 'set GRUARD_DATA to a folder with a checkout of it as `nab`', 'incidents of the benchmark');

describe.runIf(there)('the anomaly benchmark', () => {
  it('has three incidents found in each of two unlike series, with few false alarms in all', async () => {
    let falseAlarms = 0;
    for (const file of FILES) {
      const opened = await openings(file);
      const windows = incidents(file);
      const found = windows.filter(([from, to]) => opened.some((at) => at >= from && at <= to));
      expect(found.length, `labelled windows of ${file} with an opening`).toBeGreaterThanOrEqual(3);
      falseAlarms += opened.filter((at) => !windows.some(([from, to]) => at >= from && at <= to)).length;
    }
    expect(falseAlarms).toBeLessThanOrEqual(4);
  }, 60_000);
});
