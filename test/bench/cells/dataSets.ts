// What the benchmark forecasts: series of equal length, one value a window, no gaps.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedStreams } from './streams.ts';

export interface DataSet {
  readonly name: string;
  readonly about: string;
  /** Event time of the first window. */
  readonly startMs: number;
  readonly everyMs: number;
  /** Whether its series are columns of one thing: to the product fields of one stream. */
  readonly isEntity: boolean;
  readonly series: readonly Float64Array[];
}

/** Six weeks of 5 minutes. */
const GENERATED_WINDOWS = 12_096;
const HOUR_MS = 3_600_000;

/**
 * ETTh1 (H. Zhou and others, Informer, AAAI 2021) from `folder` when it is there, then the generated streams; of each
 * at most `windowsMax`.
 */
export function dataSets(folder: string, windowsMax: number): readonly DataSet[] {
  const file = join(folder, 'forecasting', 'ETTh1.csv');
  const generated = generatedStreams(Math.min(GENERATED_WINDOWS, windowsMax));
  if (existsSync(file)) return [etth1(readFileSync(file, 'utf8'), windowsMax), ...generated];
  process.stderr.write(`no ${file}: without ETTh1; --data DIR or GRUARD_DATA tells where it is\n`);
  return generated;
}

/** A transformer's six loads and its oil temperature, every hour for two years: seven series. */
export function etth1(text: string, windowsMax: number): DataSet {
  const [, ...lines] = text.trim().split('\n');
  const rows = lines.slice(0, windowsMax).map((line) => line.split(','));
  const columns = [...Array((rows[0]?.length ?? 1) - 1).keys()];
  const series = columns.map((column) => Float64Array.from(rows, (row) => Number(row[column + 1])));
  const startMs = Date.parse(`${rows[0]?.[0]?.replace(' ', 'T')}Z`);
  return { name: 'ETTh1', about: 'hourly, 7 columns', startMs, everyMs: HOUR_MS, isEntity: true, series };
}
