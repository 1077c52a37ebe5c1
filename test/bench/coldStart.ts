// What a new series has of the others of its stream: streams of similar series through the product, into which series
// are born late, one after the other, once with `model.prior: stream` and once with none.
//
//   npm run bench:coldstart                 the tables, in two minutes
//   npm run bench:coldstart -- --old 50 --young 20 --seeds 3
//   npm run bench:coldstart -- --data DIR   where smd and iops_kpi_train are; also GRUARD_DATA
//
// Error: of what is published as expected, one window ahead, against the last value's, in the first 100, 300 and 1000
// windows of a young series; geometric mean over them. Openings: episodes opened a young series. In the files every
// second column or curve is young, and begins with the part of the data that the old ones have not seen.

import { parseArgs } from 'node:util';
import { layered, resolveStream } from '../../src/config/resolveStream.ts';
import { Stream } from '../../src/config/streamSchema.ts';
import { newWave, type SourceRecord } from '../../src/domain.ts';
import { exp, log } from '../../src/kernel/elementary.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { gaussian, newRandom, type Random, uniform } from '../../src/kernel/random.ts';
import { backendsOf, chooseKernels } from '../../src/kernelChoice.ts';
import { pipeline, type Work } from '../../src/pipeline.ts';
import { dissolveShare, newShare } from '../../src/share.ts';
import { dataFolder, entitiesIn, tablesIn } from './scoring/dataFiles.ts';

const { values: options } = parseArgs({
  options: {
    old: { type: 'string', default: '50' },
    young: { type: 'string', default: '20' },
    seeds: { type: 'string', default: '2' },
    data: { type: 'string' },
  },
});

const DAY = 288;
const OLD_WINDOWS = 4000;
const YOUNG_WINDOWS = 1000;
/** Windows between the births of two young series. */
const BIRTH_EVERY = 7;
const FIRST = [100, 300, YOUNG_WINDOWS] as const;

interface Family {
  readonly name: string;
  readonly everySeconds: number;
  readonly old: readonly Float64Array[];
  readonly young: readonly Float64Array[];
}

type Shape = (random: Random, n: number, state: { level: number; busy: number }) => number;

/** n counts windows of five minutes. */
const SHAPES: Readonly<Record<string, Shape>> = {
  'daily season': (random, n, state) => {
    state.level = 0.7 * state.level + 0.15 * gaussian(random);
    const day = (2 * Math.PI * n) / DAY;
    return Math.sin(day) + 0.4 * Math.sin(2 * day + 1) + state.level;
  },
  'returns to its mean': (random, _n, state) => {
    state.level = 0.5 * state.level + gaussian(random);
    return state.level;
  },
  'random walk': (random, _n, state) => {
    state.level = 0.995 * state.level + gaussian(random);
    return state.level;
  },
  'cycle of two hours': (random, n) =>
    Math.sin((2 * Math.PI * n) / 24) + (n % 12 === 3 ? 1.5 : 0) + 0.1 * gaussian(random),
  bursts: (random, _n, state) => {
    if (uniform(random) < 0.02) state.busy = 15;
    state.busy--;
    state.level = 0.8 * state.level + (state.busy > 0 ? 0.8 : 0) + 0.1 * gaussian(random);
    return state.level + 0.3 * gaussian(random);
  },
};

/** Similar series: of one shape, with scale, level and phase of their own. */
function generated(name: string, shape: Shape): Family {
  const series = (seed: number, windows: number): Float64Array => {
    const random = newRandom(seed);
    const size = exp(3 * gaussian(random));
    const level = 5 * size * uniform(random);
    const phase = Math.floor(80 * uniform(random));
    const state = { level: 0, busy: 0 };
    return Float64Array.from({ length: windows }, (_, n) => level + size * shape(random, n + phase, state));
  };
  const many = (count: number, from: number, windows: number): Float64Array[] =>
    Array.from({ length: count }, (_, i) => series(from + i, windows));
  return {
    name,
    everySeconds: 300,
    old: many(Number(options.old), 1, OLD_WINDOWS + YOUNG_WINDOWS),
    young: many(Number(options.young), 1001, YOUNG_WINDOWS),
  };
}

/** Columns, or curves, of files as one stream. */
function ofFiles(name: string, columns: readonly Float64Array[]): Family {
  const moving = columns.filter((values) => new Set(values.subarray(0, OLD_WINDOWS + YOUNG_WINDOWS)).size > 50);
  return {
    name,
    everySeconds: 60,
    old: moving.filter((_, i) => i % 2 === 0).map((values) => values.subarray(0, OLD_WINDOWS + YOUNG_WINDOWS)),
    young: moving.filter((_, i) => i % 2 === 1).map((values) => values.subarray(OLD_WINDOWS)),
  };
}

function families(): Family[] {
  const all = Object.entries(SHAPES).map(([name, shape]) => generated(name, shape));
  const smd = dataFolder('smd', options.data);
  const iops = dataFolder('iops_kpi_train', options.data);
  for (const { name, fields } of smd === undefined ? [] : entitiesIn(smd, 60)) all.push(ofFiles(`SMD ${name}`, fields));
  if (iops !== undefined) {
    all.push(
      ofFiles(
        'AIOps curves',
        tablesIn(iops).map(({ values }) => values),
      ),
    );
  }
  return all;
}

/** Rows in order of time: `seconds,series,value`. */
function recordsOf({ old, young, everySeconds }: Family): SourceRecord[] {
  const records: SourceRecord[] = [];
  const add = (n: number, name: string, value: number | undefined): void => {
    if (value === undefined) return;
    const text = `${1_700_000_000 + n * everySeconds},${name},${value}`;
    records.push({ offset: records.length, timestampMs: undefined, key: null, value: Buffer.from(text) });
  };
  const windows = OLD_WINDOWS + YOUNG_WINDOWS + BIRTH_EVERY * young.length;
  for (let n = 0; n < windows; n++) {
    for (const [i, values] of old.entries()) add(n, `old-${i}`, values[n]);
    for (const [i, values] of young.entries()) {
      const age = n - OLD_WINDOWS - BIRTH_EVERY * i;
      if (age >= 0 && age < YOUNG_WINDOWS) add(n, `young-${i}`, values[age]);
    }
  }
  return records;
}

interface Outcome {
  /** Geometric means, in the order of FIRST. */
  readonly errors: readonly number[];
  readonly openings: number;
}

const memory = newLaneMemory();

async function outcomeOf(family: Family, prior: 'stream' | 'none'): Promise<Outcome> {
  const sums = new Map<string, { last: number; age: number; own: number[]; naive: number[] }>();
  let openings = 0;
  for (let seed = 0; seed < Number(options.seeds); seed++) {
    await pass(family, prior, String(seed), ({ share, wave, changes }) => {
      for (let row = 0; row < wave.count; row++) {
        const key = share.series.bySlot[wave.slot[row] ?? -1]?.series.key ?? '';
        if (!key.includes('young')) continue;
        openings += changes.filter((change) => change.row === row && change.event === 'opened').length;
        const sum = sums.get(`${seed} ${key}`) ?? { last: Number.NaN, age: 0, own: [0, 0, 0], naive: [0, 0, 0] };
        sums.set(`${seed} ${key}`, sum);
        for (const [i, first] of FIRST.entries()) {
          if (sum.age === 0 || sum.age >= first) continue;
          sum.own[i] =
            (sum.own[i] ?? 0) + Math.abs((wave.value[row] ?? Number.NaN) - (wave.expected[row] ?? Number.NaN));
          sum.naive[i] = (sum.naive[i] ?? 0) + Math.abs((wave.value[row] ?? Number.NaN) - sum.last);
        }
        sum.age++;
        sum.last = wave.value[row] ?? Number.NaN;
      }
    });
  }
  const judged = [...sums.values()].filter(({ naive }) => naive.every((error) => error > 0));
  const errors = FIRST.map((_, i) =>
    exp(
      judged.reduce((sum, { own, naive }) => sum + log((own[i] ?? Number.NaN) / (naive[i] ?? Number.NaN)), 0) /
        judged.length,
    ),
  );
  return { errors, openings: openings / sums.size };
}

async function pass(family: Family, prior: 'stream' | 'none', uid: string, watch: (work: Work) => void): Promise<void> {
  const settings = {
    topic: 'bench',
    format: 'csv',
    time: { path: '$[0]', unit: 's' },
    series: { name: '$[1]' },
    value: '$[2]',
    window: { every: `${family.everySeconds}s`, lateness: '0s' },
    model: { prior },
  };
  const stream = resolveStream('bench', Stream.parse(layered({}, settings)), (_code, path, what) => {
    throw new Error(`${path.join('.')}: ${what}`);
  });
  const kernel = chooseKernels([stream], backendsOf(memory), () => {}).of(stream);
  const share = newShare({ ...stream, uid }, { topic: 'bench', partition: 0 }, memory, kernel, 0);
  const records = recordsOf(family);
  await new Promise<void>((complete, error) => {
    const report = (work: Work): Work => {
      watch(work);
      return work;
    };
    pipeline(works(share, records), { timed: (_stage, step) => step, report }).subscribe({ complete, error });
  });
  dissolveShare(share);
}

async function* works(share: Work['share'], records: readonly SourceRecord[]): AsyncGenerator<Work> {
  const rest = { share, wave: newWave(256), changes: [], reject: () => {}, flush: false };
  for (let from = 0; from < records.length; from += 1000) {
    const batch = { topic: 'bench', partition: 0, records: records.slice(from, from + 1000), endOffset: undefined };
    const work: Work = { ...rest, batch, decoded: false, done: false };
    while (!work.done) yield work;
  }
}

process.stdout.write(
  '| stream | old, young | first 100, none → prior | first 300 | first 1000 | openings |\n|---|---|---|---|---|---|\n',
);
for (const family of families()) {
  const [none, stream] = [await outcomeOf(family, 'none'), await outcomeOf(family, 'stream')];
  const cells = FIRST.map((_, i) => `${none.errors[i]?.toFixed(3)} → ${stream.errors[i]?.toFixed(3)}`);
  const sizes = `${family.old.length}, ${family.young.length}`;
  const openings = `${none.openings.toFixed(2)} → ${stream.openings.toFixed(2)}`;
  process.stdout.write(`| ${[family.name, sizes, ...cells, openings].join(' | ')} |\n`);
}
