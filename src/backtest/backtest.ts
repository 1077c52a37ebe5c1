// All files of a backtest, one after the other, and the report about them.

import { existsSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { GruardError } from '../errors.ts';
import type { StreamSettings } from '../settings.ts';
import { type CsvFile, openCsv } from './csvFile.ts';
import { newDetector } from './detection.ts';
import { runFile } from './file.ts';
import { type Outcome, summaryText } from './outcome.ts';
import { makeFolder, newOutputFile, writeWhole } from './outputFile.ts';
import { reportPage } from './page.ts';

export interface BacktestOptions {
  readonly stream: StreamSettings;
  /** What the summaries say about the settings. */
  readonly setting: Readonly<Record<string, unknown>>;
  /** What the report says about them. */
  readonly told: readonly string[];
  readonly files: readonly string[];
  /** Directory of the output; made if it is not there. */
  readonly out: string;
  readonly version: string;
  /** Told before each file, and now and then within one; `share` is 0–1 of all bytes. */
  readonly progress: (share: number, file: string, index: number) => void;
  readonly signal: AbortSignal;
}

export interface Backtest {
  readonly outcomes: readonly Outcome[];
  /** Files of an earlier run that are other ones now. */
  readonly replaced: number;
  readonly report: string;
}

/** All plots of a report together, so that a browser opens it at once. */
const CURVE_BYTES_MAX = 12 * 1024 * 1024;
/** In base64. */
const BUCKET_BYTES = 40;
const BUCKETS_MIN = 128;
const BUCKETS_MAX = 4096;

/**
 * Rejects with `input_missing` or `data_invalid` before anything is written, with `output_unwritable`, or with the
 * signal's reason: then the files so far are there, and no report.
 */
export async function runBacktest(options: BacktestOptions): Promise<Backtest> {
  const { stream, out, signal } = options;
  const names = namesOf(options.files, out);
  const files: CsvFile[] = [];
  for (const path of options.files) files.push(await openCsv(path));
  await makeFolder(out);
  const bytesAll = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const fields = files.reduce((sum, { columns }) => sum + columns.values.length, 0);
  const bucketsMax = bucketsOf(fields);
  const detector = newDetector(stream);
  const outcomes: Outcome[] = [];
  let replaced = 0;
  let bytesBefore = 0;
  for (const [index, file] of files.entries()) {
    const name = names[index] ?? '';
    const path = join(out, `${name}.csv`);
    const before = bytesBefore;
    const onBytes = (bytes: number): void => {
      signal.throwIfAborted();
      options.progress((before + bytes) / bytesAll, file.path, index);
    };
    onBytes(0);
    const output = await newOutputFile(path);
    try {
      const outcome = await runFile(file, stream, detector, output, { name, bucketsMax, onBytes });
      signal.throwIfAborted();
      outcomes.push(outcome);
      if (existsSync(path)) replaced++;
      await output.finish();
      await writeWhole(join(out, `${name}.json`), summaryText(outcome, options.setting));
    } finally {
      await output.abandon();
    }
    bytesBefore += file.bytes;
  }
  const report = join(out, 'report.html');
  await writeWhole(report, reportPage(outcomes, { version: options.version, settings: options.told }));
  return { outcomes, replaced, report };
}

/** What the output of each file is called. Fails with `usage` where two would be one, or the output would be input. */
function namesOf(files: readonly string[], out: string): readonly string[] {
  const names = files.map((path) => basename(path).replace(/\.csv$/i, ''));
  for (const [index, name] of names.entries()) {
    const path = files[index] ?? '';
    const other = names.indexOf(name);
    if (other < index) {
      throw new GruardError('usage', `${files[other]} and ${path} would both become ${name}.csv: run them one by one.`);
    }
    const target = join(out, `${name}.csv`);
    if (existsSync(target) && existsSync(path) && realpathSync(target) === realpathSync(path)) {
      throw new GruardError(
        'usage',
        `--out: the output of ${path} would be the file itself; choose another directory.`,
      );
    }
  }
  return names;
}

function bucketsOf(fields: number): number {
  const fitting = Math.floor(CURVE_BYTES_MAX / BUCKET_BYTES / Math.max(1, fields));
  return 2 * Math.floor(Math.max(BUCKETS_MIN, Math.min(BUCKETS_MAX, fitting)) / 2);
}
