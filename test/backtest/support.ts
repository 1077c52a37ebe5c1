// Small CSV files, and backtests of them in a folder that goes away.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Backtest, type BacktestOptions, runBacktest } from '../../src/backtest/backtest.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { MINUTE, SMALL_MODEL, streamSettings } from '../support/streams.ts';

const START = Date.UTC(2026, 0, 5);

export interface Run extends Backtest {
  readonly out: string;
  text(name: string): string;
  /** Cells of an output file, without the header. */
  rows(name: string): readonly (readonly string[])[];
  json(name: string): Record<string, unknown>;
}

/** Runs files, given as name → text. */
export async function backtestOf(
  files: Readonly<Record<string, string>>,
  changes: Parameters<typeof streamSettings>[0] = {},
  options: Partial<BacktestOptions> = {},
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'gruard-backtest-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const out = join(folder, 'out');
  const done = await runBacktest({
    stream: streamSettings({ model: SMALL_MODEL, ...changes }),
    setting: { set: [] },
    told: ['default settings'],
    files: Object.keys(files).map((name) => join(folder, name)),
    out,
    version: '0.0.0',
    progress: () => {},
    signal: new AbortController().signal,
    ...options,
  });
  const text = (name: string): string => readFileSync(join(out, name), 'utf8').replaceAll(folder, '');
  return {
    ...done,
    out,
    text,
    rows: (name) =>
      text(name)
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')),
    json: (name) => JSON.parse(text(name)) as Record<string, unknown>,
  };
}

/** Noise around 50, a row a minute, with a tall spike at each of `spikes`. */
export function noise(rows: number, spikes: readonly number[] = [], seed = 1): number[] {
  const random = newRandom(seed);
  return Array.from({ length: rows }, (_, i) => {
    const value = 50 + gaussian(random);
    return Number((spikes.includes(i) ? value + 60 : value).toFixed(3));
  });
}

export function instantOf(row: number): string {
  return new Date(START + row * MINUTE).toISOString().slice(0, 19).replace('T', ' ');
}
