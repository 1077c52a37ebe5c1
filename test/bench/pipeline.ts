// What the data path costs on one core, without Kafka: JSON records in, scored windows out.
//
//   npm run bench            prints a table
//   npm run bench -- --json FILE
//
// Cells take turns, several rounds; the table shows medians of processor time, so other work on the machine shifts
// all of them alike.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { newWave, type RecordBatch } from '../../src/domain.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { pipeline, type Work } from '../../src/pipeline.ts';
import type { Cell } from '../../src/settings.ts';
import { newShare, type Share } from '../../src/share.ts';
import { BACKENDS, type Backend } from '../kernel/backends.ts';
import { MINUTE, streamSettings } from '../support/streams.ts';

interface Row {
  readonly cell: Cell;
  readonly backend: string;
  readonly series: number;
  readonly microsecondsPerWindow: number;
  readonly windowsPerSecond: number;
  readonly bytesPerSeries: number;
}

const [simd, js] = BACKENDS as readonly [Backend, Backend];
const MODELS: readonly { readonly cell: Cell; readonly backend: Backend }[] = [
  { cell: 'gru', backend: simd },
  { cell: 'lstm', backend: simd },
  { cell: 'gru', backend: js },
  { cell: 'last', backend: simd },
];
const SERIES = [1, 100, 10_000];
/** In one turn of a cell: at least two training passes of every series. */
const WINDOWS_MIN = 40_000;
const WINDOWS_PER_SERIES = 16;
const ROUNDS = 5;
const RECORDS_PER_BATCH = 1000;

/** One share with a model for each series, fed minute after minute. */
class Course {
  readonly #share: Share;
  readonly #series: number;
  readonly #random = newRandom(1);
  #minute = 0;
  #offset = 0;

  constructor(cell: Cell, backend: Backend, series: number) {
    const memory = newLaneMemory();
    const model = { cell, hidden: 16, lookback: 32, warmupWindows: 50 } as const;
    const window = { every: { kind: 'fixed', ms: MINUTE }, latenessMs: 0, openWindows: 2 } as const;
    const stream = streamSettings({ window, model, limits: { series: 20_000 } });
    this.#share = newShare(stream, { topic: 'bench', partition: 0 }, memory, backend.make(memory), 0);
    this.#series = series;
  }

  get bytesPerSeries(): number {
    return this.#share.bank.layout.slabBytes;
  }

  /** Microseconds of processor time a window. */
  async run(windows: number): Promise<number> {
    const batches: RecordBatch[] = [];
    for (let made = 0; made < windows; made += RECORDS_PER_BATCH) batches.push(this.#batch());
    const before = this.#share.counters.windowsClosed;
    const from = process.cpuUsage();
    await new Promise<void>((resolve, reject) => {
      const rim = { timed: (_stage: string, step: (work: Work) => Work) => step, report: (work: Work) => work };
      pipeline(works(this.#share, batches), rim).subscribe({ complete: resolve, error: reject });
    });
    const { user, system } = process.cpuUsage(from);
    return (user + system) / (this.#share.counters.windowsClosed - before);
  }

  #batch(): RecordBatch {
    const records = Array.from({ length: RECORDS_PER_BATCH }, () => {
      const host = this.#offset % this.#series;
      if (host === 0) this.#minute++;
      const v = 100 + 10 * Math.sin(this.#minute / 50 + host) + gaussian(this.#random);
      const value = Buffer.from(JSON.stringify({ t: this.#minute * MINUTE, h: `host-${host}`, v }));
      return { offset: this.#offset++, timestampMs: undefined, key: null, value };
    });
    return { topic: 'bench', partition: 0, records, endOffset: undefined };
  }
}

async function* works(share: Share, batches: readonly RecordBatch[]): AsyncGenerator<Work> {
  const wave = newWave(256);
  for (const batch of batches) {
    const work: Work = { share, batch, wave, changes: [], reject: () => {}, flush: false, decoded: false, done: false };
    while (!work.done) yield work;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const courses = MODELS.flatMap(({ cell, backend }) =>
  SERIES.map((series) => ({ cell, backend: backend.name, series, course: new Course(cell, backend, series) })),
);
const times = courses.map(() => [] as number[]);
// The first round warms up code and fills the lookback of every model; it is not counted.
for (let round = 0; round <= ROUNDS; round++) {
  for (const [i, { course, series }] of courses.entries()) {
    const time = await course.run(Math.max(WINDOWS_MIN, series * WINDOWS_PER_SERIES * (round === 0 ? 3 : 1)));
    if (round > 0) times[i]?.push(time);
  }
}
const rows: Row[] = courses.map(({ cell, backend, series, course }, i) => {
  const time = median(times[i] ?? []);
  return {
    cell,
    backend,
    series,
    microsecondsPerWindow: Number(time.toFixed(1)),
    windowsPerSecond: Math.round(1e6 / time),
    bytesPerSeries: course.bytesPerSeries,
  };
});
console.table(rows);
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ node: process.version, rows }, null, 2)}\n`);
