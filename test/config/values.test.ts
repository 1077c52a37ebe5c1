import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import {
  address,
  choice,
  decimal,
  duration,
  episodeBudget,
  fieldName,
  flag,
  labelName,
  labelPath,
  path,
  pathKey,
  secret,
  share,
  size,
  streamName,
  text,
  topicName,
  topicPattern,
  whole,
} from '../../src/config/values.ts';

const cases: readonly (readonly [string, z.ZodType, readonly unknown[], readonly unknown[]])[] = [
  ['a duration', duration('1s', '1h'), ['1s', '60m', '1500ms'], ['999ms', '61m', '30', 30, null, '1 h']],
  ['a size', size('1KiB', '1MiB'), ['1KiB', '1MiB', '2000B'], ['1023B', '2MiB', 2000, '5']],
  ['a share', share(10), ['20%', 0.2, '1000%', 0], ['1001%', -0.1, 11, '0.2', Number.NaN]],
  ['a budget', episodeBudget, ['1/week', '1000/day', '1/3650d'], ['0/day', '1001/day', '1/3651d', '3', 3, null]],
  ['a whole number', whole(4, 128, '.'), [4, 128], [3, 129, 4.5, '16', Number.POSITIVE_INFINITY]],
  ['a number', decimal(0, 100, '.'), [0, 0.5, 100], [-1, 101, '1', Number.NaN]],
  ['a choice', choice(['a', 'b']), ['a'], ['c', 'A', 1]],
  ['a flag', flag(), [true, false], ['yes', 1, null]],
  ['a text', text('.', '.'), ['a', 'ä b'], ['', 'a\nb', 'a\0', 'x'.repeat(1025), 5]],
  ['a secret', secret(), ['x'], ['', 5]],
  [
    'an address',
    address(1, '.'),
    ['a:1', '[::1]:9092', '10.0.0.1:65535'],
    ['a', 'a:0', 'a:65536', ':1', 'a b:1', '::1:9092'],
  ],
  ['a path', path, ['$', '$.a', '$[0]'], ['a', '$.', 5]],
  ['the path of a label', labelPath, ['$.a', '$partition'], ['$offset', 'a']],
  ['a key of where', pathKey, ['$.a'], ['a']],
  ['the name of a stream', streamName, ['orders', 'Shop.orders-2_x'], ['', '2x', 'a b', 'x'.repeat(64), 'ä']],
  [
    'a label',
    labelName,
    ['host', '_x', 'le2', 'streams', 'partition'],
    ['2x', '__x', 'le', 'stream', 'series', 'job', 'a-b', ''],
  ],
  ['a field', fieldName, ['p99', '_x.y-z'], ['9', '', 'a b']],
  ['a topic', topicName, ['a.b_c-1', '...'], ['', '.', '..', 'a b', 'a*', 'x'.repeat(250)]],
  ['topics', topicPattern, ['a', 'a.*', '..*'], ['*', 'a*b', 'a**', '.']],
];

describe.each(cases)('%s', (_name, type, good, bad) => {
  it.each(good.map((value) => [value]))('may be %j', (value) => {
    expect(type.safeParse(value).success).toBe(true);
  });

  it.each(bad.map((value) => [value]))('may not be %j', (value) => {
    expect(type.safeParse(value).success).toBe(false);
  });
});

it('become what the daemon computes with', () => {
  expect(duration('0s', '1h').parse('90s')).toBe(90_000);
  expect(size('0B', '1GiB').parse('2MiB')).toBe(2_097_152);
  expect(share(1).parse('20%')).toBeCloseTo(0.2, 12);
  expect(path.parse('$.a[1]')).toEqual(['a', 1]);
  expect(labelPath.parse('$partition')).toBe('$partition');
  expect(secret().parse('x').reveal()).toBe('x');
});
