import { expect, it } from 'vitest';
import { matchTopics } from '../../src/source/kafkaTopics.ts';

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
