import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkStream } from '../../src/config/streamChecks.ts';
import { Stream, type StreamInput } from '../../src/config/streamSchema.ts';
import { holds } from '../../src/detect/policies.ts';

const UNTIL = '2026-12-15T00:00:00Z';

function check(input: Partial<StreamInput>): readonly string[] {
  const complaints: string[] = [];
  checkStream(Stream.parse({ topic: 't', value: '$.v', ...input }), (code, path) => {
    complaints.push(`${code} ${path.join('.')}`);
  });
  return complaints;
}

it.each<[string, Partial<StreamInput>, string]>([
  ['value beside values', { values: { a: '$.a' } }, 'conflict values'],
  ['no value', { value: undefined }, 'missing_key value'],
  ['no values', { value: undefined, values: {} }, 'missing_key values'],
  ['a topic twice', { topic: ['a', 'b', 'a'] }, 'conflict topic'],
  ['columns of JSON', { columns: ['a'] }, 'conflict columns'],
  ['a column twice', { format: 'csv', columns: ['a', 'a'] }, 'conflict columns'],
  ['another partition', { series: { partition: '$.p' } }, 'conflict series.partition'],
  ['a start before 1970', { time: { start: '1969-12-31', every: '1m' } }, 'out_of_range time.start'],
  ['a start after 2099', { time: { start: '2100-01-01', every: '1m' } }, 'out_of_range time.start'],
  ['count without interval', { window: { aggregate: 'count' } }, 'conflict window.every'],
  ['count of records', { window: { aggregate: 'count', every: 'record' } }, 'conflict window.every'],
  ['rate of records', { window: { aggregate: 'rate', every: 'record' } }, 'conflict window.every'],
  ['gaps between records', { window: { every: 'record' }, gaps: 'zero' }, 'conflict gaps'],
  ['63 late windows', { window: { every: '1s', lateness: '63s' } }, 'out_of_range window.lateness'],
  ['forgotten before quiet', { limits: { forget: '4m' } }, 'out_of_range limits.forget'],
  ['forgotten before late', { window: { lateness: '2h' }, limits: { forget: '1h' } }, 'out_of_range limits.forget'],
  ['an empty range', { detect: { range: { min: 1, max: 1 } } }, 'conflict detect.range.min'],
  ['more hits than windows', { detect: { recover: { hits: 2 } } }, 'conflict detect.recover.hits'],
  ['a budget beside a sensitivity', { detect: { budget: '1/week', sensitivity: 'low' } }, 'conflict detect.budget'],
  [
    'a mute by a label that the stream does not have',
    { series: { host: '$.h' }, detect: { mute: [{ until: UNTIL }, { series: { hots: 'a' }, until: UNTIL }] } },
    'bad_name detect.mute.1.series.hots',
  ],
  [
    'a mute by a label where there are none',
    { detect: { mute: [{ series: { host: 'a' }, until: UNTIL }] } },
    'bad_name detect.mute.0.series.host',
  ],
  ['opening and closing', { detect: { recover: { hits: 1, of: 2 } } }, 'conflict detect.recover'],
])('refuses %s', (_name, input, complaint) => {
  expect(check(input)).toEqual([complaint]);
});

it.each<[string, Partial<StreamInput>]>([
  ['nothing special', {}],
  ['a count without a value', { value: undefined, window: { aggregate: 'count', every: '1m' } }],
  ['a number without a value', { value: undefined, format: 'number' }],
  ['62 late windows', { window: { every: '1s', lateness: '62s' } }],
  ['the partition as a label', { series: { partition: '$partition', p: '$partition' } }],
  ['one side of a range', { detect: { range: { min: 0 } } }],
  ['a budget', { detect: { budget: '1/week' } }],
  ['a sensitivity', { detect: { sensitivity: 'high' } }],
  [
    'mutes by some labels and by none',
    { series: { host: '$.h', dc: '$.d' }, detect: { mute: [{ series: { dc: 'x' }, until: UNTIL }, { until: UNTIL }] } },
  ],
  ['a rate of what comes', { window: { aggregate: 'rate' } }],
])('lets pass %s', (_name, input) => {
  expect(check(input)).toEqual([]);
});

describe('sustain and recover', () => {
  it('are refused exactly when some run of windows opens an episode that it would also close', () => {
    const rule = fc
      .integer({ min: 1, max: 8 })
      .chain((of) => fc.record({ hits: fc.integer({ min: 1, max: of }), of: fc.constant(of) }));
    fc.assert(
      fc.property(rule, rule, (sustain, recover) => {
        let both = false;
        // Bit 0 is the newest window, in which an episode opens: it is anomalous.
        for (let bits = 1; bits < 256; bits += 2) both ||= holds(bits, sustain) && holds(~bits & 255, recover);
        expect(check({ detect: { sustain, recover } })).toEqual(both ? ['conflict detect.recover'] : []);
      }),
      { numRuns: 300 },
    );
  });
});
