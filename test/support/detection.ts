import type { DetectSettings } from '../../src/settings.ts';

/** The defaults of `detect`. */
export const DETECT: DetectSettings = {
  direction: 'both',
  deviation: { absolute: 0, relative: 0 },
  range: { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY },
  band: undefined,
  sustain: { hits: 1, of: 1 },
  recover: { hits: 1, of: 1 },
};
