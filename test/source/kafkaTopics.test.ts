import { expect, it } from 'vitest';
import { matchTopics, newAddedPartitions } from '../../src/source/kafkaTopics.ts';

const existing = ['b', 'metrics.cpu', 'metrics.mem', 'gruard.events', '__consumer_offsets', 'a'];

it.each([
  { wanted: ['a', 'b'], found: ['a', 'b'], missing: [] },
  { wanted: ['b', 'a', 'b'], found: ['a', 'b'], missing: [] },
  { wanted: ['metrics.*', 'metrics.cpu'], found: ['metrics.cpu', 'metrics.mem'], missing: [] },
  { wanted: ['a', 'c', 'logs.*'], found: ['a'], missing: ['c', 'logs.*'] },
  { wanted: ['*'], found: ['a', 'b', 'metrics.cpu', 'metrics.mem'], missing: [] },
  { wanted: ['metrics'], found: [], missing: ['metrics'] },
  { wanted: ['gruard.events'], found: ['gruard.events'], missing: [] },
  { wanted: [], found: [], missing: [] },
])('$wanted stands for $found, and $missing is missing', ({ wanted, found, missing }) => {
  expect(matchTopics(wanted, existing, ['gruard.events'])).toEqual({ found, missing });
});

it('knows partitions and topics that came while it watched', () => {
  const added = newAddedPartitions();
  added.lookAtTopics(['a']);
  added.look(['a/0', 'a/1']);
  expect(['a/0', 'a/1', 'a/2'].map(added.has)).toEqual([false, false, true]);
  added.lookAtTopics(['a', 'b']);
  added.look(['a/0', 'a/1', 'a/2', 'b/0']);
  expect(['a/1', 'a/2', 'b/0'].map(added.has)).toEqual([false, true, true]);
});
