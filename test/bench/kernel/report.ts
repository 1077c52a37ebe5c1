// The tables, ratios first, and the same as JSON.

import { cpus } from 'node:os';
import type { Contest } from './contest.ts';
import type { Times } from './contestant.ts';
import type { Floor } from './floor.ts';
import type { Capacity } from './throughput.ts';

type Tree = { [key: string]: Tree | number };

export interface Bench {
  readonly contest: Contest;
  readonly capacity: Capacity;
  readonly floor: Floor;
}

/** Plain numbers: microseconds. `train`, `infer`, …: CELL → HIDDEN → name → minimum; the same below `medians`. */
export function resultOf({ contest, capacity, floor }: Bench): Record<string, unknown> {
  const minima = treeOf(contest.times, ({ minimum }) => minimum);
  return {
    machine: machine(),
    node: process.version,
    with: contest.versions,
    leftOut: contest.leftOut,
    ...minima,
    ratios: ratiosOf(minima),
    medians: treeOf(contest.times, ({ median }) => median),
    ...roundedAll(capacity),
    floor: roundedAll(floor),
    agreement: roundedAll(contest.agreement),
  };
}

export function printBench({ contest, capacity, floor }: Bench): void {
  say(`${machine()}, Node ${process.version}${contest.versions.map((version) => `, ${version}`).join('')}`);
  for (const reason of contest.leftOut) say(`left out: ${reason}`);
  printAgreement(contest);
  printTimes(contest);
  printFloor(floor);
  printCapacity(capacity);
}

function printTimes({ times, backends }: Contest): void {
  const { train, infer, inferSingle, shapes } = treeOf(times, ({ minimum }) => minimum);
  const medians = treeOf(times, ({ median }) => median);
  const [ours = ''] = backends.map(({ name }) => name);
  say(`\nTraining pass of 32 steps: time in relation to ${ours} (> 1: slower than ${ours})`);
  console.table(rowsOf(train, (time, row) => ratio(time, row[ours])));
  say('Training pass of 32 steps: microseconds, minimum');
  console.table(rowsOf(train, rounded));
  say('Training pass of 32 steps: microseconds, median');
  console.table(rowsOf(medians['train'], rounded));
  say(`One step: time in relation to ${ours}`);
  console.table(rowsOf(infer, (time, row) => ratio(time, row[ours])));
  say('One step, in calls of 64: microseconds, minimum');
  console.table(rowsOf(infer, rounded));
  say('One step, in a call of its own: microseconds, minimum');
  console.table(rowsOf(inferSingle, rounded));
  say('Training pass: LSTM in relation to GRU of as many units');
  console.table(cellRatios(train));
  say('Other networks: microseconds, minimum, and in relation to the plain one of the same cell');
  console.table(shapeRows(shapes, train, infer));
}

function printFloor({ rates, shares }: Floor): void {
  const { gigaflops, multiplyAdd, tanh, quotient } = rates;
  say(`Vectors of four floats at their best: multiply-add ${rounded(multiplyAdd)} ns (${rounded(gigaflops)} GFLOP/s),`);
  say(
    `tanh ${rounded(tanh)} ns, quotient by a root ${rounded(quotient)} ns. A pass of nothing but what it must compute:`,
  );
  console.table(
    shares.map(({ network, floor, ours, c128 }) => ({
      network,
      'floor µs': rounded(floor),
      'share reached': percent(ours),
      'by C at 128 bits': c128 === undefined ? '' : percent(c128),
    })),
  );
}

function printCapacity({ throughput, memory, resident, snapshot }: Capacity): void {
  say('GRU of 16 units, a window of one series, one core, a training pass of 32 steps every so many windows');
  console.table(
    throughput.map(({ backend, series, order, every, minimum, median, windowsPerSecond }) => {
      return { backend, series, order, every, µs: rounded(minimum), 'median µs': rounded(median), windowsPerSecond };
    }),
  );
  say('Bytes of a series');
  console.table(memory);
  const { series, bytesPerSeries, gigabytes, networkGigabytes } = resident;
  say(
    `${series} series of GRU 16: the process grew by ${rounded(gigabytes)} GB, ${bytesPerSeries} bytes a series; ` +
      `by ${rounded(networkGigabytes)} GB for the networks alone`,
  );
  say(
    `Copy for a checkpoint: ${rounded(snapshot.ranges)} GB/s in ranges, ${rounded(snapshot.slabs)} GB/s slab by slab`,
  );
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function printAgreement({ agreement }: Contest): void {
  const broken = agreement.filter(({ holds }) => !holds);
  for (const { of, with: other, updates, loss, gradient } of broken) {
    say(`DISAGREES, not timed: ${of} with ${other} after ${updates} updates: loss ${loss}, gradient ${gradient}`);
  }
  const agreed = agreement.length - broken.length;
  const fresh = agreement.filter(({ updates, holds }) => updates === 0 && holds);
  const worst = Math.max(...fresh.map(({ gradient }) => gradient)).toExponential(1);
  say(`${agreed} of ${agreement.length} comparisons agree: gradients to ${worst} of the largest`);
}

/** Leaves at their places; of several variants `name:variant` the least is at `name`. */
function treeOf(times: ReadonlyMap<string, Times>, leaf: (times: Times) => number): Record<string, Tree> {
  const root: Record<string, Tree> = {};
  for (const [place, found] of times) {
    const path = place.split('/').map((part) => part.split(':')[0] ?? '');
    const last = path.pop() ?? '';
    let tree: Tree = root;
    for (const key of path) {
      tree[key] ??= {};
      tree = tree[key] as Tree;
    }
    const number = significant(leaf(found));
    const before = tree[last];
    tree[last] = typeof before === 'number' ? Math.min(before, number) : number;
  }
  return root;
}

/** Of everybody to our best. */
function ratiosOf(minima: Record<string, Tree>): Record<string, Tree> {
  const ratios: Record<string, Tree> = {};
  for (const task of ['train', 'infer']) {
    ratios[task] = map(minima[task] ?? {}, (cells) =>
      map(cells as Tree, (row) => {
        const all = row as Record<string, number>;
        const ours = all['simd'] ?? all['js'] ?? Number.NaN;
        return map(all, (time) => significant((time as number) / ours));
      }),
    );
  }
  return ratios;
}

function map(tree: Tree, of: (branch: Tree | number) => Tree | number): Tree {
  return Object.fromEntries(Object.entries(tree).map(([key, branch]) => [key, of(branch)]));
}

type Row = Record<string, number>;

/** Cell and hidden units → a row. */
function rowsOf(tree: Tree | undefined, cell: (time: number, row: Row) => number | string): Record<string, object> {
  const rows: Record<string, object> = {};
  for (const [name, sizes] of Object.entries(tree ?? {})) {
    for (const [hidden, row] of Object.entries(sizes as Tree)) {
      const shown = Object.entries(row as Row).map(([who, time]) => [who, cell(time, row as Row)] as const);
      rows[`${name} ${hidden}`] = Object.fromEntries(shown);
    }
  }
  return rows;
}

function shapeRows(shapes: Tree | undefined, train: Tree | undefined, infer: Tree | undefined): object[] {
  const rows: object[] = [];
  for (const [name, sizes] of Object.entries(shapes ?? {})) {
    const cell = name.endsWith(' lstm') ? 'lstm' : 'gru';
    for (const [hidden, backends] of Object.entries(sizes as Tree)) {
      for (const [backend, found] of Object.entries(backends as Tree)) {
        const plain = (tree: Tree | undefined): number | undefined =>
          ((tree?.[cell] as Tree | undefined)?.[hidden] as Row | undefined)?.[backend];
        const times = found as Row;
        const [pass, step] = [times['train'] ?? Number.NaN, times['infer'] ?? Number.NaN];
        const ratios = { 'pass ratio': ratio(pass, plain(train)), 'step ratio': ratio(step, plain(infer)) };
        rows.push({ network: name, hidden, backend, pass: rounded(pass), step: rounded(step), ...ratios });
      }
    }
  }
  return rows;
}

/** By hidden units, of everybody. */
function cellRatios(train: Tree | undefined): Record<string, object> {
  const { gru = {}, lstm = {} } = (train ?? {}) as Record<string, Record<string, Row>>;
  const rows = Object.entries(lstm).map(([hidden, row]) => {
    const ratios = Object.entries(row).map(([who, time]) => [who, ratio(time, gru[hidden]?.[who])]);
    return [hidden, Object.fromEntries(ratios)] as const;
  });
  return Object.fromEntries(rows);
}

function ratio(time: number, of: number | undefined): string {
  return of === undefined ? '' : `${rounded(time / of)} ×`;
}

function rounded(time: number): number {
  return time >= 100 ? Math.round(time) : Number(time.toPrecision(3));
}

/** A copy without digits that mean nothing. */
function roundedAll<T>(data: T): T {
  const copy = JSON.stringify(data, (_, x) => (typeof x === 'number' && !Number.isInteger(x) ? significant(x) : x));
  return JSON.parse(copy) as T;
}

function significant(x: number): number {
  return Number(x.toPrecision(4));
}

function machine(): string {
  const [cpu] = cpus();
  return `${cpu?.model.trim()}, ${cpus().length} cores, ${process.arch}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
