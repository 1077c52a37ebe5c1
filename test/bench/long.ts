// A series of one-second windows for months, through the product without a pause: does anything drift?
//
//   npm run bench:long                       10 million windows, 116 days, in some minutes
//   npm run bench:long -- --windows 1000000
//
// The series has a season of ten minutes and noise. Spikes are planted in the first and in the last tenth. It fails
// when the slab holds a number that is not finite, when the network begins anew or a weight wanders off, when the
// running means stray from what the generator says, when a spike is missed, early or late, or when late windows cost
// more than twice the CPU time of early ones.

import { parseArgs } from 'node:util';
import { layered, resolveStream } from '../../src/config/resolveStream.ts';
import { Stream } from '../../src/config/streamSchema.ts';
import { newWave, type SourceRecord } from '../../src/domain.ts';
import { copySlab, evidenceAddress, hotAddress } from '../../src/kernel/bank.ts';
import { AT } from '../../src/kernel/layout.ts';
import { newLaneMemory } from '../../src/kernel/memory.ts';
import { gaussian, newRandom } from '../../src/kernel/random.ts';
import { backendsOf, chooseKernels } from '../../src/kernelChoice.ts';
import { pipeline, type Work } from '../../src/pipeline.ts';
import { newShare } from '../../src/share.ts';

const { values: options } = parseArgs({ options: { windows: { type: 'string', default: '10000000' } } });

const WINDOWS = Number(options.windows);
const SEASON = 600;
const [MEAN, NOISE, SPIKE] = [50, 1, 40];
const START_S = 1_767_571_200;
const RECORDS_PER_BATCH = 5000;
const PARTS = 10;
const PART = Math.floor(WINDOWS / PARTS);
/** Between two spikes. Few, because what comes often is usual. */
const APART = PART / 10;

const stream = resolveStream(
  'long',
  Stream.parse(
    layered(
      {},
      {
        topic: 'long',
        format: 'csv',
        time: { path: '$[0]', unit: 's' },
        value: '$[1]',
        window: { every: '1s', lateness: '0s' },
      },
    ),
  ),
  (_code, path, what) => {
    throw new Error(`${path.join('.')}: ${what}`);
  },
);
const memory = newLaneMemory();
const kernel = chooseKernels([stream], backendsOf(memory), () => {}).of(stream);
const share = newShare(stream, { topic: 'long', partition: 0 }, memory, kernel, 0);

/** Five in the second half of the first part, when warm-up is long over, and five in that of the last part. */
function isSpike(n: number): boolean {
  const part = Math.floor(n / PART);
  return (part === 0 || part === PARTS - 1) && n % PART >= PART / 2 && n % APART === 0;
}

interface Part {
  planted: number;
  /** A spike whose own window opened or escalated an episode. */
  found: number;
  opened: number;
  error: number;
  naive: number;
  /** Largest weight of the network at the end of the part. */
  weight: number;
  windows: number;
  from: number;
  seconds: number;
}

const parts: Part[] = Array.from({ length: PARTS }, () => ({
  ...{ planted: 0, found: 0, opened: 0, error: 0, naive: 0, weight: 0, windows: 0, from: 0, seconds: 0 },
}));
let last = Number.NaN;
/** Windows at which the network began anew, because its gradient exploded. */
const restarts: number[] = [];
/** Without decay the largest weight of this series grows by 3 in a million windows. */
const WEIGHT_MAX = 10;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function watch({ wave, changes }: Work): void {
  for (let row = 0; row < wave.count; row++) {
    const n = (wave.startMs[row] ?? Number.NaN) / 1000 - START_S;
    const part = parts[Math.min(PARTS - 1, Math.floor(n / PART))];
    if (part === undefined) throw new Error(`a window at second ${n}`);
    if (part.windows === 0) part.from = cpuSeconds();
    part.seconds = cpuSeconds() - part.from;
    part.windows++;
    const told = changes.some((change) => change.row === row && ['opened', 'escalated'].includes(change.event));
    if (changes.some((change) => change.row === row && change.event === 'opened')) part.opened++;
    if (isSpike(n)) {
      part.planted++;
      if (told) part.found++;
    } else if (n > 0) {
      part.error += Math.abs((wave.value[row] ?? Number.NaN) - (wave.expected[row] ?? Number.NaN));
      part.naive += Math.abs((wave.value[row] ?? Number.NaN) - last);
    }
    last = wave.value[row] ?? Number.NaN;
    if (n % PART === PART - 2) part.weight = largestWeight(wave.slot[row] ?? 0);
    while (restarts.length < share.counters.modelResets) restarts.push(n);
  }
}

function largestWeight(slot: number): number {
  const { network } = share.bank.layout;
  const at = hotAddress(share.bank, slot) / 4;
  return share.bank.lane.f32
    .subarray(at, at + (network?.weights ?? 0))
    .reduce((most, w) => Math.max(most, Math.abs(w)), 0);
}

async function* works(): AsyncGenerator<Work> {
  const random = newRandom(1);
  const rest = { share, wave: newWave(256), changes: [], reject: () => {}, flush: false };
  for (let from = 0; from < WINDOWS; from += RECORDS_PER_BATCH) {
    const records: SourceRecord[] = [];
    for (let n = from; n < Math.min(WINDOWS, from + RECORDS_PER_BATCH); n++) {
      const usual = MEAN + 10 * Math.sin((2 * Math.PI * n) / SEASON) + NOISE * gaussian(random);
      const text = `${START_S + n},${usual + (isSpike(n) ? SPIKE : 0)}`;
      records.push({ offset: n, timestampMs: undefined, key: null, value: Buffer.from(text) });
    }
    const batch = { topic: 'long', partition: 0, records, endOffset: undefined };
    const work: Work = { ...rest, batch, decoded: false, done: false };
    while (!work.done) yield work;
  }
}

/** What is wrong with the numbers that the series keeps. */
function complaints(): string[] {
  const slot = share.series.byKey.values().next().value?.slots[0] ?? 0;
  const wrong: string[] = [];
  const at = evidenceAddress(share.bank, slot) / 8;
  const { f64 } = share.bank.lane;
  for (const [name, index] of Object.entries(AT)) {
    if (name !== 'scalars' && !Number.isFinite(f64[at + index] ?? Number.NaN))
      wrong.push(`${name} is ${f64[at + index]}`);
  }
  const { network, evidenceBytes, hotBytes, optimiserBytes } = share.bank.layout;
  const slab = copySlab(share.bank, slot);
  // Moments are not float32, but one that is not finite would not be here, either.
  const numbers = new Float32Array(slab.buffer, 0, (hotBytes + optimiserBytes) / 4);
  if (network === undefined || slab.length < evidenceBytes) throw new Error('a model without a network');
  if (!numbers.every(Number.isFinite)) wrong.push('the network is not finite');
  const near = (name: string, is: number, should: number, by: number): void => {
    process.stdout.write(`${name}: ${is}, should be ${should}\n`);
    if (!(Math.abs(is - should) <= by)) wrong.push(`${name} is ${is}, not ${should}`);
  };
  near('windows learned', f64[at + AT.learned] ?? Number.NaN, share.counters.windowsLearned, 0);
  near('mean', f64[at + AT.mean] ?? Number.NaN, MEAN, 0.02);
  near('deviation', Math.sqrt(f64[at + AT.variance] ?? Number.NaN), Math.sqrt(50 + NOISE ** 2), 0.02);
  const restarted = `the network began anew after windows ${restarts.join(', ')}`;
  if (restarts.length > 0) wrong.push(restarted);
  if (parts.some(({ weight }) => weight > WEIGHT_MAX)) wrong.push(`a weight is above ${WEIGHT_MAX}`);
  return wrong;
}

await new Promise<void>((complete, error) => {
  const report = (work: Work): Work => {
    watch(work);
    return work;
  };
  pipeline(works(), { timed: (_stage, step) => step, report }).subscribe({ complete, error });
});
process.stdout.write(
  '| part | windows | spikes found | episodes opened | error / last value | largest weight | µs a window |\n',
);
process.stdout.write('|---|---|---|---|---|---|---|\n');
for (const [i, { windows, found, planted, opened, error, naive, weight, seconds }] of parts.entries()) {
  const cells = [i + 1, windows, `${found} of ${planted}`, opened, (error / naive).toFixed(4), weight.toFixed(2)];
  process.stdout.write(`| ${cells.join(' | ')} | ${((1e6 * seconds) / windows).toFixed(1)} |\n`);
}
const wrong = complaints();
const [early, late] = [parts[0], parts[PARTS - 1]];
if (early === undefined || late === undefined) throw new Error('no parts');
if (early.found < early.planted || late.found < late.planted) wrong.push('spikes were missed');
if (late.error / late.naive > 1.05 * (early.error / early.naive))
  wrong.push('late forecasts are worse than early ones');
if (late.seconds / late.windows > (2 * early.seconds) / early.windows) wrong.push('late windows cost more');
for (const one of wrong) process.stderr.write(`${one}\n`);
process.exitCode = wrong.length > 0 ? 1 : 0;
