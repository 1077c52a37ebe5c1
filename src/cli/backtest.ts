// `gruard backtest FILE.csv…`: what gruard would have said about files, window by window.

import { fileURLToPath } from 'node:url';
import { parseArgs, styleText } from 'node:util';
import { runBacktest } from '../backtest/backtest.ts';
import { closingText } from '../backtest/closing.ts';
import { chosenStream } from '../config/overrides.ts';
import { GruardError } from '../errors.ts';
import { printable } from '../report/printable.ts';
import type { Settings, StreamSettings } from '../settings.ts';
import { loadOrComplain } from './loadOrComplain.ts';
import { version } from './version.ts';

const HELP = `gruard backtest: runs CSV files through the detector exactly as the daemon would, and writes a report.

usage: gruard backtest --out DIR [OPTIONS] FILE.csv…

  --out DIR         where the results go; made if it is not there, files of an earlier run are replaced
  --config FILE     takes window, gaps, model, detect and limits from a stream of this configuration
  --stream NAME     which stream, where the configuration has several
  --set KEY=VALUE   overrides a key of the stream, like detect.direction=above; may be given several times
                    (streams.NAME.KEY=VALUE and defaults.KEY=VALUE work, too)

The first line of a file names its columns: a timestamp (ISO 8601, YYYY-MM-DD HH:MM:SS, epoch seconds or
milliseconds), one or more values, and perhaps a column \`label\` (0 or 1), which is never shown to the detector.
Each row is judged by what stood before it. Results:
  DIR/NAME.csv      a row for each row: expected, lower, upper, anomaly_score, anomalous, episode
  DIR/NAME.json     rows, what was rejected and why, episodes, and how well they agree with the labels
  DIR/report.html   all of it to look at, in one file
Exit codes: 0 ok; 2 usage; 65 a file is no such CSV; 66 a file is missing; 73 DIR cannot be written;
78 the configuration is invalid; 130 stopped by Ctrl-C.

examples:
  gruard backtest --out results history.csv
  gruard backtest --out results --config gruard.yaml --stream latency *.csv
  gruard backtest --out results --set detect.direction=above --set window.every=5m history.csv
`;

const DEFAULTS = fileURLToPath(new URL('../../config/backtest.yaml', import.meta.url));
const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Answers the exit code. */
export async function backtest(argv: readonly string[]): Promise<number> {
  const { values, positionals: files } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      out: { type: 'string' },
      config: { type: 'string', multiple: true, default: [] },
      stream: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (files.length === 0) throw new GruardError('usage', 'gruard backtest needs at least one CSV file.');
  if (values.out === undefined) throw new GruardError('usage', 'gruard backtest needs --out DIR for its results.');
  const configs = values.config.length === 0 ? [DEFAULTS] : values.config;
  const settings = loadOrComplain(configs, { sets: values.set, stream: values.stream });
  if (settings === undefined) return 78;
  const stream = streamOf(settings, values.stream);
  const stopping = new AbortController();
  let exit = 0;
  const release = onSignals((signal) => {
    exit = SIGNAL_EXITS[signal];
    stopping.abort();
  });
  const progress = newProgress(files.length);
  try {
    const done = await runBacktest({
      stream,
      setting: settingOf(stream, values.config, values.set),
      told: values.config.length + values.set.length === 0 ? ['default settings'] : [...values.config, ...values.set],
      files,
      out: values.out,
      version: version(),
      progress: progress.show,
      signal: stopping.signal,
    });
    progress.clear();
    process.stdout.write(closingText(done));
    return 0;
  } catch (error) {
    progress.clear();
    if (!stopping.signal.aborted) throw error;
    process.stderr.write('gruard: stopped. The files that were through are written; there is no report.\n');
    return exit;
  } finally {
    release();
  }
}

function streamOf({ streams }: Settings, wanted: string | undefined): StreamSettings {
  const name = chosenStream(
    streams.map((stream) => stream.name),
    wanted,
  );
  const stream = streams.find((one) => one.name === name);
  if (stream === undefined) throw new GruardError('internal', `stream ${name} is gone`);
  return stream;
}

/** What results depend on, besides the data. */
function settingOf(
  { name, window, model, detect }: StreamSettings,
  config: readonly string[],
  sets: readonly string[],
): Readonly<Record<string, unknown>> {
  return {
    gruard: version(),
    config: config.length === 0 ? 'defaults' : config,
    stream: name,
    set: sets,
    window,
    model,
    detect,
  };
}

/** The second signal ends at once. */
function onSignals(stop: (signal: keyof typeof SIGNAL_EXITS) => void): () => void {
  const names = ['SIGINT', 'SIGTERM'] as const;
  for (const name of names) process.once(name, stop);
  return () => {
    for (const name of names) process.off(name, stop);
  };
}

const TERMINAL_EVERY_MS = 100;
const LINE_EVERY_MS = 5_000;

/** A line that changes on a terminal; elsewhere a line now and then, and none for a short run. */
function newProgress(files: number): {
  show(share: number, file: string, index: number): void;
  clear(): void;
} {
  const isTerminal = process.stderr.isTTY;
  const every = isTerminal ? TERMINAL_EVERY_MS : LINE_EVERY_MS;
  let next = performance.now() + every;
  let shown = false;
  return {
    show(share, file, index) {
      if (performance.now() < next) return;
      next = performance.now() + every;
      const text = `${String(Math.floor(100 * share)).padStart(3)} %  ${index + 1} of ${files}  ${printable(file)}`;
      if (!isTerminal) {
        process.stderr.write(`${text}\n`);
        return;
      }
      shown = true;
      process.stderr.write(`\r\x1b[2K${styleText('dim', text.slice(0, (process.stderr.columns ?? 80) - 1))}`);
    },
    clear() {
      if (shown) process.stderr.write('\r\x1b[2K');
      shown = false;
    },
  };
}
