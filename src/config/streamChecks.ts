// What no single key of a stream can know: which of them do not go together.

import { JOINT_FIELDS_MAX } from '../kernel/shape.ts';
import type { Complain } from './columns.ts';
import { nearest } from './nearest.ts';
import { durationText } from './quantities.ts';
import type { StreamConfig } from './streamSchema.ts';

/** One window is being filled and one closes; 64 in all keep the reorder buffer of a series small. */
const LATE_WINDOWS_MAX = 62;

/** 1970 and 2100: event times lie between. */
const TIME_END_MS = Date.UTC(2100, 0, 1);

export function checkStream(config: StreamConfig, complain: Complain): void {
  checkInput(config, complain);
  checkWindow(config, complain);
  checkLimits(config, complain);
  checkDetect(config, complain);
}

function checkInput(config: StreamConfig, complain: Complain): void {
  const { topic, format, columns, series = {}, time, value, values, window } = config;
  if (value !== undefined && values !== undefined) {
    complain(
      'conflict',
      ['values'],
      'stands beside `value`',
      'Keep one of the two; several paths go below `values`.',
      'key',
    );
  }
  if (value === undefined && values === undefined && window.aggregate !== 'count' && format !== 'number') {
    const fix = 'Write the path of the number, like value: $.total, or window: { aggregate: count } to count records.';
    complain('missing_key', ['value'], 'is missing', fix);
  }
  if (values !== undefined && Object.keys(values).length === 0) {
    complain('missing_key', ['values'], 'must name at least one value', 'Write it like { p99: $.p99 }.');
  }
  if (values !== undefined && Object.keys(values).length > JOINT_FIELDS_MAX) {
    complain('out_of_range', ['values'], `must have at most ${JOINT_FIELDS_MAX} values`, 'Make two streams of it.');
  }
  if (Array.isArray(topic) && new Set(topic).size < topic.length) {
    complain('conflict', ['topic'], 'names a topic twice', 'Remove one of them.');
  }
  if (columns !== undefined && format !== 'csv') {
    complain(
      'conflict',
      ['columns'],
      `belongs to format: csv, and the format is ${format}`,
      'Remove it, or write format: csv.',
      'key',
    );
  }
  if (columns !== undefined && new Set(columns).size < columns.length) {
    complain('conflict', ['columns'], 'names a column twice', 'Give each column a name of its own.');
  }
  if (series['partition'] !== undefined && series['partition'] !== '$partition') {
    const what = 'is the number of the input partition, wherever it is exported';
    complain('conflict', ['series', 'partition'], what, 'Write partition: $partition, or choose another label.');
  }
  if (typeof time === 'object' && 'start' in time) {
    const start = Date.parse(time.start);
    if (!(start >= 0 && start < TIME_END_MS)) {
      complain('out_of_range', ['time', 'start'], 'must lie in 1970 to 2099', 'Write the time of the first record.');
    }
  }
}

function checkWindow({ window, gaps }: StreamConfig, complain: Complain): void {
  const { every, aggregate, lateness } = window;
  if (aggregate === 'count' && typeof every === 'string') {
    const fix = 'Write a duration, like every: 1m; the distance of records says nothing about how to count them.';
    complain('conflict', ['window', 'every'], `must be a duration with aggregate: count, is ${every}`, fix);
  }
  if (aggregate === 'rate' && every === 'record') {
    const fix = 'Write a duration, or auto; the growth of a counter is counted between windows.';
    complain('conflict', ['window', 'every'], 'must not be record with aggregate: rate', fix);
  }
  if (every === 'record' && gaps !== 'ignore') {
    const fix = 'Write gaps: ignore, or a duration for window.every.';
    complain('conflict', ['gaps'], 'needs windows of some length, and window.every is record', fix);
  }
  if (typeof every === 'number' && lateness > LATE_WINDOWS_MAX * every) {
    const most = durationText(LATE_WINDOWS_MAX * every);
    const what = `must be at most ${LATE_WINDOWS_MAX} windows, that is ${most}, is ${durationText(lateness)}`;
    complain('out_of_range', ['window', 'lateness'], what, 'Lower it, or lengthen window.every.');
  }
}

function checkLimits({ window, limits }: StreamConfig, complain: Complain): void {
  const { quiet, forget } = limits;
  const windows = typeof window.every === 'number' ? 2 * window.every : 0;
  const bounds = [
    { ms: quiet, what: 'limits.quiet' },
    { ms: windows, what: 'two windows' },
    { ms: window.lateness, what: 'window.lateness' },
  ];
  for (const { ms, what } of bounds) {
    if (forget >= ms) continue;
    const clause = `must be at least ${what}, that is ${durationText(ms)}, is ${durationText(forget)}`;
    complain('out_of_range', ['limits', 'forget'], clause, 'Raise it: a series that is forgotten learns anew.');
    return;
  }
}

function checkDetect({ detect, series }: StreamConfig, complain: Complain): void {
  const { range, sustain, recover, budget, sensitivity, mute } = detect;
  if (budget !== undefined && sensitivity !== undefined) {
    const what = 'stands beside `sensitivity`, and either decides how many alarms there are';
    complain('conflict', ['detect', 'budget'], what, 'Keep one of the two.', 'key');
  }
  const labels = Object.keys(series ?? {});
  for (const [index, { series: muted }] of mute.entries()) {
    for (const label of Object.keys(muted).filter((name) => !labels.includes(name))) {
      const known = labels.length === 0 ? 'the stream has no `series`' : `the labels are ${labels.join(', ')}`;
      const meant = nearest(label, labels);
      const fix = meant === undefined ? `Remove it; ${known}.` : `Rename it to "${meant}".`;
      complain('bad_name', ['detect', 'mute', index, 'series', label], 'is no label of the stream', fix, 'key');
    }
  }
  if (range.min !== undefined && range.max !== undefined && range.min >= range.max) {
    const what = `must be below max, which is ${range.max}, is ${range.min}`;
    complain('conflict', ['detect', 'range', 'min'], what, 'Exchange the two, or leave one out.');
  }
  for (const [key, { hits, of }] of [
    ['sustain', sustain],
    ['recover', recover],
  ] as const) {
    if (hits > of) {
      const fix = `Write at least of: ${hits}.`;
      complain('conflict', ['detect', key, 'hits'], `must be at most \`of\`, which is ${of}, is ${hits}`, fix);
    }
  }
  if (sustain.hits <= sustain.of && recover.hits <= recover.of && bothHold(sustain, recover)) {
    const [open, close] = [`${sustain.hits} of ${sustain.of}`, `${recover.hits} of ${recover.of}`];
    const fix = `Raise the hits of recover to ${calmMost(sustain, recover) + 1}, or lower its \`of\`.`;
    complain(
      'conflict',
      ['detect', 'recover'],
      `${open} windows open an episode and ${close} close it: both can hold at once`,
      fix,
      'key',
    );
  }
}

type Rule = StreamConfig['detect']['sustain'];

function bothHold(sustain: Rule, recover: Rule): boolean {
  return recover.hits <= calmMost(sustain, recover);
}

/**
 * The most ordinary windows among the last `recover.of` at the moment when an episode opens: the newest window is
 * anomalous then, and so are `sustain.hits` among the last `sustain.of`.
 */
function calmMost(sustain: Rule, recover: Rule): number {
  return Math.min(recover.of - 1, Math.max(recover.of, sustain.of) - sustain.hits);
}
