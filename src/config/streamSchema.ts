// The keys of one stream, with their defaults and what they mean. `defaults:` knows all of them that make sense for
// every stream.

import * as z from 'zod';
import { detect } from './detectSchema.ts';
import {
  anyNumber,
  choice,
  duration,
  fieldName,
  flag,
  labelName,
  labelPath,
  path,
  pathKey,
  size,
  streamName,
  text,
  topicPattern,
  whole,
} from './values.ts';
import { told } from './words.ts';

const START_FIX = 'Write earliest, latest, or how far back, like 2d.';
const startFrom = told(
  z.union([z.enum(['earliest', 'latest']), duration('1s', '3650d')]),
  'be earliest, latest or a duration up to 3650d',
  START_FIX,
);

const timeUnit = choice(['s', 'ms', 'us', 'ns']);

const TIME_FIX = 'Write $.ts, { path: $.ts, unit: ms }, or for records without times { start: 2026-01-01, every: 5m }.';
const time = told(
  z.union([
    path,
    z.strictObject({
      path: path.describe('Where the time stands: a number in `unit`, or a date in ISO 8601.'),
      unit: timeUnit.prefault('ms').describe('Unit of numbers.'),
    }),
    z.strictObject({
      start: told(
        z.iso.datetime({ offset: true, local: true }).or(z.iso.date()),
        'be a date, or a date with a time',
        'Write it like 2026-01-01 or 2026-01-01T00:00:00Z.',
      ).describe('Time of the first record, UTC unless it says otherwise.'),
      every: duration('1ms', '366d').describe('Distance between two records.'),
    }),
  ]),
  'be a path, { path, unit } or { start, every }',
  TIME_FIX,
);

const window = z.strictObject({
  every: told(
    z.union([z.enum(['auto', 'record']), duration('100ms', '7d')]),
    'be auto, record, or a duration from 100ms to 7d',
    'Write a duration like 1m; auto finds it from the data; record makes every sample a window.',
  )
    .prefault('auto')
    .describe(
      'Length of a window of event time. auto = found from the first 32 steps of the series; record = every sample ' +
        'is a window of its own.',
    ),
  aggregate: choice(['mean', 'sum', 'min', 'max', 'last', 'count', 'rate'])
    .prefault('mean')
    .describe(
      'What becomes of the samples of a window. count = how many; rate = growth of a counter per second, which may ' +
        'begin again at 0.',
    ),
  lateness: duration('0s', '7d')
    .prefault('30s')
    .describe('How long a window waits for late samples, in event time. Later ones are dropped and counted.'),
});

const gaps = told(
  z.union([
    z.enum(['ignore', 'zero', 'previous', 'anomaly']),
    z.strictObject({ fill: anyNumber('Write a number like 0.').describe('This value.') }),
  ]),
  'be ignore, zero, previous, anomaly or { fill: NUMBER }',
  'ignore skips a window without samples, zero, previous and fill give it a value, anomaly reports it.',
);

const model = z.strictObject({
  cell: choice(
    ['gru', 'lstm', 'last', 'seasonal', 'ewma'],
    'Write gru or lstm for a network; last, seasonal or ewma for a baseline.',
  )
    .prefault('gru')
    .describe(
      'What forecasts. gru, lstm = a small neural network per series; last, seasonal, ewma = baselines: the last ' +
        'value, the usual value at this time of day, an exponential mean.',
    ),
  hidden: whole(4, 128, '16 suits most streams; `gruard validate` shows the memory of each choice.')
    .prefault(16)
    .describe('State size of a layer of the network.'),
  layers: whole(1, 3, '1 suits most streams; `gruard validate` shows the memory of each choice.')
    .prefault(1)
    .describe('Layers of the network, each fed by the one below. Each costs more memory and time than the first.'),
  lookback: told(
    z.int().min(8).max(128).multipleOf(8),
    'be a multiple of 8 from 8 to 128',
    '32 suits most streams; more costs memory and time.',
  )
    .prefault(32)
    .describe('Windows that a training pass looks back.'),
  fields: choice(['joint', 'separate'], 'Write joint for one network that sees all of `values`, separate for one each.')
    .prefault('joint')
    .describe(
      'Of several `values`: joint = one network forecasts all of them; separate = a network for each, in more memory.',
    ),
  backend: choice(['auto', 'simd', 'js'], 'auto takes the compiled kernel where this machine can run it.')
    .prefault('auto')
    .describe(
      'What computes the network: simd = the compiled kernel; js = the same in JavaScript, about 10 times slower. ' +
        'auto takes the compiled kernel where this machine can run it. Models stay when it changes.',
    ),
  prior: choice(['stream', 'none'], 'Write stream to start from what other series taught, none for random weights.')
    .prefault('stream')
    .describe(
      'What the network of a new series starts from: stream = from what the other series of the stream in the same ' +
        'input partition have taught; none = from random weights.',
    ),
  learn: z
    .strictObject({
      skip_anomalies: flag()
        .prefault(false)
        .describe('Whether windows of an open episode are held back, so that faults do not become usual.'),
      release: duration('1s', '30d')
        .prefault('30m')
        .describe('An episode that has lasted so long is learned after all, like a new level.'),
    })
    .prefault({})
    .describe('What is learned.'),
  warmup: z
    .strictObject({
      windows: told(
        z.union([z.literal('auto'), z.int().min(50).max(10_000)]),
        'be auto, or a whole number from 50 to 10000',
        'auto takes about a day.',
      )
        .prefault('auto')
        .describe('Windows that a series learns before its first score. auto = about a day, 100 to 300 windows.'),
    })
    .prefault({})
    .describe('Learning before judging.'),
});

const limits = z.strictObject({
  series: whole(1, 1_000_000, 'Each series takes memory for a model of its own; `gruard validate` shows how much.')
    .prefault(10_000)
    .describe('Series of the stream in one input partition. Samples of further ones are dropped and counted.'),
  record: size('1B', '64MiB').prefault('1MiB').describe('Largest record that is decoded.'),
  future: duration('1s', '30d')
    .prefault('10m')
    .describe('How far a sample may lie ahead of the others before it is doubted.'),
  quiet: duration('1s', '30d').prefault('5m').describe('A series without samples for so long counts as silent.'),
  forget: duration('1m', '3650d').prefault('7d').describe('A series without samples for so long is forgotten.'),
});

const shared = {
  preset: choice(['latency', 'count'])
    .optional()
    .describe(
      'Settings for a kind of stream; keys that the stream itself has win. latency = only slower is anomalous, by ' +
        '20 %, 2 windows of 3. count = counts records per minute, none are 0, 20 %.',
    ),
  start_from: startFrom.prefault('earliest').describe('Where reading begins when there is no checkpoint.'),
  format: choice(['json', 'number', 'csv'])
    .prefault('json')
    .describe('What a record is: a JSON document, one number as text, or a line of comma-separated cells.'),
  time: time.optional().describe('Event time of a record. Default: the timestamp that Kafka keeps.'),
  window: window.prefault({}).describe('Windows of event time: each gives one value per field.'),
  gaps: gaps.prefault('ignore').describe('What a window without samples means.'),
  model: model.prefault({}).describe('The forecaster.'),
  detect: detect.prefault({}).describe('What is reported.'),
  limits: limits.prefault({}).describe('Bounds.'),
};

/** What `defaults:` may hold. */
export const StreamDefaults = z.strictObject(shared);

export const Stream = z.strictObject({
  uid: streamName
    .optional()
    .describe(
      'Name of the stream in its state. Default: its name. Set it when you rename the stream, and its models stay.',
    ),
  topic: told(
    z.union([topicPattern, z.array(topicPattern).min(1).max(100)]),
    'be the name of a topic, a beginning like "shop.*", or a list of these',
    'Write it like shop.orders, "shop.*" or [shop.orders, shop.returns].',
  ).describe('What to read: topics, partitioned by the labels of `series`.'),
  columns: told(
    z.array(text('be the name of a column', 'Write the name.')).min(1).max(1000),
    'be a list of names',
    'Write it like [time, host, value].',
  )
    .optional()
    .describe('Names of the columns of CSV, so that paths may use them.'),
  where: z
    .record(
      pathKey,
      told(
        z.union([z.string(), z.number(), z.boolean(), z.null()]),
        'be a text, a number, true, false or null',
        'Write the value that the record must have there.',
      ),
    )
    .optional()
    .describe('Keeps only records that have these values.'),
  series: z
    .record(labelName, labelPath)
    .optional()
    .describe('Labels that tell series apart: label: path, or $partition. Default: one series per partition.'),
  value: path.optional().describe('The number to watch.'),
  values: told(
    z.record(fieldName, path),
    'be a map of names and paths',
    'Write it like { p99: $.p99, errors: $.errors }.',
  )
    .optional()
    .describe('Several numbers to watch, together and each for itself, in place of `value`.'),
  ...shared,
});

export type StreamInput = z.input<typeof Stream>;
export type StreamConfig = z.output<typeof Stream>;

/** The layer between `defaults` and the stream's own keys. */
export const PRESETS: Readonly<Record<'latency' | 'count', z.input<typeof StreamDefaults>>> = {
  latency: {
    window: { aggregate: 'mean' },
    detect: { direction: 'above', deviation: { relative: '20%' }, sustain: { hits: 2, of: 3 } },
  },
  count: {
    window: { aggregate: 'count', every: '1m' },
    gaps: 'zero',
    detect: { deviation: { relative: '20%' } },
  },
};
