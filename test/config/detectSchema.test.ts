import { expect, it } from 'vitest';
import { detect } from '../../src/config/detectSchema.ts';

it('reports both sides of every size, and what one window shows, unless it is told otherwise', () => {
  expect(detect.parse({})).toEqual({
    mute: [],
    direction: 'both',
    deviation: { relative: 0, absolute: 0 },
    range: {},
    sustain: { hits: 1, of: 1 },
    recover: { hits: 1, of: 1 },
  });
});

it('mutes every series where no label is named', () => {
  const until = '2026-12-15T00:00:00Z';
  expect(detect.parse({ mute: [{ until }] }).mute).toEqual([{ series: {}, until }]);
  expect(detect.safeParse({ mute: [{ until: '2026-12-15' }] }).success).toBe(false);
});
