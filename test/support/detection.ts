import type { DetectSettings } from '../../src/settings.ts';

/** The defaults of `detect`. */
export const DETECT: DetectSettings = {
  threshold: { kind: 'fixed', decades: 3.5 },
  mute: [],
  direction: 'both',
  deviation: { absolute: 0, relative: 0 },
  range: { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY },
  band: undefined,
  sustain: { hits: 1, of: 1 },
  recover: { hits: 1, of: 1 },
};
