// Which part of the source tree may import which, from the top down, and the exceptions with their reasons.

export interface Zone {
  readonly name: string;
  /** Paths below src/. */
  readonly files: RegExp;
  /** Besides its own files. */
  readonly may: readonly string[];
  /** What to do instead of importing anything else. */
  readonly otherwise: string;
}

/** What everybody may speak of. */
export const CONTRACTS = ['ports', 'domain', 'settings', 'errors'];
const STAGES = ['decode', 'window', 'forecast', 'score', 'detect'];
const ADAPTERS = ['source', 'report', 'checkpoint'];

const stages: readonly Zone[] = STAGES.map((name) => ({
  name,
  files: new RegExp(`^${name}/`),
  may: ['kernel', ...CONTRACTS],
  otherwise: 'stages meet in domain.ts (what flows) and pipeline.ts (the order); plain arithmetic moves to kernel/',
}));

const adapters: readonly Zone[] = ADAPTERS.map((name) => ({
  name,
  files: new RegExp(`^${name}/`),
  may: ['kernel', ...CONTRACTS],
  otherwise: 'adapters stand behind ports.ts and know neither stages nor each other; lane.ts joins them',
}));

export const ZONES: readonly Zone[] = [
  {
    name: 'main',
    files: /^main\.ts$/,
    may: ['cli'],
    otherwise: 'main.ts must start on any Node: move it to cli/',
  },
  {
    name: 'cli',
    files: /^cli\//,
    may: ['app', 'backtest', 'config', 'messages', ...ADAPTERS, 'kernel', ...CONTRACTS],
    otherwise: 'a command reads arguments and prints: move the work to app.ts or config/',
  },
  {
    name: 'app',
    files: /^(?:app|screen)\.ts$/,
    may: ['config', 'messages', 'pulse', ...ADAPTERS, ...STAGES, ...CONTRACTS],
    otherwise: 'the main thread supervises: move it to cli/ (above) or behind messages.ts (into the lane)',
  },
  {
    name: 'config',
    files: /^config\//,
    may: ['kernel', ...CONTRACTS],
    otherwise: 'config/ turns text into settings.ts; who needs more belongs to cli/',
  },
  {
    name: 'lane',
    files: /^(?:lane\w*|kernelChoice|owner|sealing|restoring|feed|summary|standing|overload|slices|teller)\.ts$/,
    may: ['pipeline', 'share', 'messages', 'pulse', ...ADAPTERS, ...STAGES, 'kernel', ...CONTRACTS],
    otherwise: 'a lane gets settings, not configuration; move it to app.ts, or the noun to settings.ts',
  },
  {
    name: 'messages',
    files: /^messages\.ts$/,
    may: ['report', ...CONTRACTS],
    otherwise: 'messages.ts holds types only: move the noun to domain.ts or report/laneReport.ts',
  },
  {
    name: 'pulse',
    files: /^pulse\.ts$/,
    may: CONTRACTS,
    otherwise: 'pulse.ts is read while a lane hangs: it knows shared memory and no more',
  },
  {
    // Beside the lane, on the main thread: nothing else waits for it, and one thread gives one order of files.
    name: 'backtest',
    files: /^backtest\//,
    may: ['pipeline', 'share', 'source', 'decode', 'kernel', ...CONTRACTS],
    otherwise:
      'a backtest knows the pipeline in detection.ts and reads CSV as the daemon does; it gets settings from cli/',
  },
  {
    name: 'pipeline',
    files: /^pipeline\.ts$/,
    may: ['share', ...STAGES, ...CONTRACTS],
    otherwise: 'pipeline.ts is the order of the stages: move the rest into a stage, or to lane.ts',
  },
  {
    name: 'share',
    files: /^share\.ts$/,
    may: [...STAGES, 'kernel', ...CONTRACTS],
    otherwise: 'a share is state of the stages: move what needs the outside to owner.ts',
  },
  ...stages,
  ...adapters,
  {
    name: 'kernel',
    files: /^kernel\//,
    may: [],
    otherwise: 'the kernel imports nothing: pass it in as numbers, or move the code to the stage that needs it',
  },
  { name: 'ports', files: /^ports\.ts$/, may: ['domain', 'settings'], otherwise: 'move the type to domain.ts' },
  { name: 'domain', files: /^domain\.ts$/, may: ['settings'], otherwise: 'move the type to domain.ts' },
  { name: 'settings', files: /^settings\.ts$/, may: [], otherwise: 'settings.ts is plain data: move the type into it' },
  { name: 'errors', files: /^errors\.ts$/, may: [], otherwise: 'errors.ts is imported by all: it imports nothing' },
];

export function zoneOf(path: string): Zone | undefined {
  return ZONES.find(({ files }) => files.test(path));
}

export const EXCEPTIONS: readonly { readonly from: string; readonly to: string; readonly reason: string }[] = [
  {
    from: 'report/kafkaSinks.ts',
    to: 'source/kafkaClient.ts',
    reason: 'records come in and events go out over one client, with one way to retry and to name its failures',
  },
  {
    from: 'report/kafkaSinks.ts',
    to: 'source/kafkaPartitioner.ts',
    reason: 'events must lie in the partition that a consumer expects for their key',
  },
  {
    from: 'report/http.ts',
    to: 'config/loopback.ts',
    reason: 'which addresses other machines reach is asked before the start and at each request, and has one answer',
  },
  {
    from: 'backtest/detection.ts',
    to: 'kernelChoice.ts',
    reason: 'a backtest computes with the kernel that a lane would choose',
  },
];

/** First match counts. */
export const PACKAGES: readonly {
  readonly match: RegExp;
  readonly zones: readonly string[];
  readonly otherwise: string;
}[] = [
  { match: /^rxjs/, zones: ['pipeline'], otherwise: 'the data path is one pipe() in pipeline.ts: move it there' },
  { match: /^kafkajs/, zones: ['source', 'report'], otherwise: 'move it behind ports.ts into source/ or report/' },
  { match: /^(?:zod|yaml)/, zones: ['config'], otherwise: 'move it to config/' },
  { match: /^(?:pino|prom-client)/, zones: ['report'], otherwise: 'move it to report/' },
  { match: /^node:worker_threads$/, zones: ['app', 'lane'], otherwise: 'only app.ts and lane.ts know threads' },
  { match: /^node:crypto$/, zones: ['cli', 'config', 'share', ...ADAPTERS], otherwise: 'hash in share.ts or above' },
  {
    match: /^node:/,
    zones: ['main', 'cli', 'app', 'backtest', 'config', 'lane', ...ADAPTERS],
    otherwise: 'below the lane there is no outside: move it to an adapter',
  },
  { match: /^/, zones: [], otherwise: 'a new package needs a line in test/support/importTable.ts with its place' },
];

/** `by`: where it is tested; undefined where there is nothing to run. */
export const TESTED_ELSEWHERE: ReadonlyMap<string, { readonly by: string | undefined; readonly reason: string }> =
  new Map([
    ['kernel/kernel.ts', { by: undefined, reason: 'types' }],
    ['kernel/webassembly.d.ts', { by: undefined, reason: 'types' }],
    ['kernel/simd/count.ts', { by: 'kernel/contract/counting.test.ts', reason: 'compiled; held against plain sums' }],
    ...['adam', 'gru', 'head', 'index', 'lstm', 'scratch'].map(
      (name) =>
        [
          `kernel/simd/${name}.ts`,
          { by: 'kernel/contract/agreement.test.ts', reason: 'compiled; held against the reference as a whole' },
        ] as const,
    ),
    ['kernel/together.ts', { by: 'kernel/bank.test.ts', reason: 'a part of the layout' }],
    ['kernel/layout.ts', { by: 'kernel/bank.test.ts', reason: 'a layout is right when slabs come back from a bank' }],
    ...['adam', 'float32Cell', 'float32Gru', 'float32Head', 'float32Layers', 'float32Lstm', 'matrix', 'scratch'].map(
      (name) =>
        [
          `kernel/${name}.ts`,
          { by: 'kernel/contract/agreement.test.ts', reason: 'steps of one computation, held against the reference' },
        ] as const,
    ),
    ...['closing', 'csvFile', 'detection', 'file', 'outcome', 'outputRows'].map(
      (name) =>
        [
          `backtest/${name}.ts`,
          { by: 'backtest/backtest.test.ts', reason: 'files in, files out: what it does is seen in a whole run' },
        ] as const,
    ),
    ...['pageFile', 'pageScript', 'pageStyle', 'plotData', 'scriptAxes', 'scriptDrawing', 'scriptPlots'].map(
      (name) =>
        [
          `backtest/${name}.ts`,
          { by: 'backtest/page.test.ts', reason: 'parts of one page, tested as a whole' },
        ] as const,
    ),
  ]);

export const LIMIT_EXCEPTIONS = {
  /** By path from the top. */
  files: new Map<string, { readonly lines: number; readonly reason: string }>(),
  /** By path below src/ and name. */
  functions: new Map<string, { readonly lines: number; readonly reason: string }>([
    [
      'lane.ts runLane',
      { lines: 100, reason: 'the composition root of a lane, in one straight line for the same reason as runApp' },
    ],
    [
      'app.ts runApp',
      {
        lines: 150,
        reason: 'the daemon is built in one straight line: each step uses what earlier ones made, and stops in reverse',
      },
    ],
  ]),
};
