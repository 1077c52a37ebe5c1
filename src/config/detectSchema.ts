// The keys of a stream below `detect`: what is reported of what its models find.

import * as z from 'zod';
import { anyNumber, choice, decimal, episodeBudget, labelName, share, text, whole } from './values.ts';
import { told } from './words.ts';

const OF_FIX = 'At most 32 windows are remembered.';
const hitsOf = (hits: string, of: string) =>
  z.strictObject({
    hits: whole(1, 32, OF_FIX).prefault(1).describe(hits),
    of: whole(1, 32, OF_FIX).prefault(1).describe(of),
  });

const mute = z.strictObject({
  series: z
    .record(labelName, told(z.string(), 'be a text', 'Write the value of the label.'))
    .prefault({})
    .describe('Labels that a series must have. Those that are not named may be any; without labels all are muted.'),
  until: told(
    z.iso.datetime({ offset: true }),
    'be a time with an offset, as in RFC 3339',
    'Write it like 2026-12-15T00:00:00Z.',
  ).describe('Muted are windows that begin before, in event time.'),
  reason: text('be a text', 'Write why, for those who read it later.').optional().describe('Goes into the log.'),
});

const WIDER = '1 leaves the band as it is, 1.5 makes that side half as wide again.';
export const detect = z.strictObject({
  sensitivity: choice(['low', 'medium', 'high'])
    .optional()
    .describe('How little it takes: decades of surprise that open an episode, low = 4.5, medium = 3.5, high = 2.5.'),
  budget: episodeBudget
    .optional()
    .describe(
      'In place of sensitivity: how many episodes a series may open when nothing happens, like 1/week, 3/day or ' +
        '1/30d. `3/day per stream` is divided by the series that the stream has in an input partition. Gaps and ' +
        '`range` are not counted.',
    ),
  mute: told(
    z.array(mute).max(1000),
    'be a list of mutes',
    'Write it like [{ series: { host: web-7 }, until: 2026-12-15T00:00:00Z, reason: known noise }].',
  )
    .prefault([])
    .describe('Series that open no episodes until a time. They are scored and go on learning.'),
  direction: choice(['above', 'below', 'both'])
    .prefault('both')
    .describe('Side of the expected value on which a value may be anomalous.'),
  deviation: z
    .strictObject({
      relative: share(10).prefault(0).describe('Share of the expected value. 0 = any.'),
      absolute: decimal(0, Number.MAX_VALUE, 'Write a number like 5, in the unit of the value.')
        .prefault(0)
        .describe('In the unit of the value. 0 = any.'),
    })
    .prefault({})
    .describe('Smallest difference from the expected value that matters. Both must be exceeded.'),
  range: z
    .strictObject({
      min: anyNumber('Write a number like 0.').optional().describe('Values below are anomalous.'),
      max: anyNumber('Write a number like 100.').optional().describe('Values above are anomalous.'),
    })
    .prefault({})
    .describe('Values outside are anomalous, whatever the model says.'),
  band: z
    .strictObject({
      below: decimal(1, 100, WIDER).prefault(1).describe('Factor for the lower side.'),
      above: decimal(1, 100, WIDER).prefault(1).describe('Factor for the upper side.'),
    })
    .optional()
    .describe('Widens a side of the band of expected values; what lies inside of it is not anomalous.'),
  sustain: hitsOf('So many anomalous windows …', '… among the last so many open an episode.')
    .prefault({})
    .describe('When an episode opens.'),
  recover: hitsOf('So many ordinary windows …', '… among the last so many close it.')
    .prefault({})
    .describe('When an episode closes.'),
});
