// The shape of a slab: every number of one series, in three parts. THE place for offsets; all else derives from it.
//
//   hot        float32   weights | state, as in network.ts               read at every window
//   optimiser  uint32    Adam's m and v, packed: see moments.ts         read at every training pass
//              float32   how full each average is | updates
//   evidence   float64   scalars | open windows | far forecasts          read at every window
//              float32   profiles | input log | stored states | peaks | maxima
//              uint8     rarity tables
//              int16     warm-up log
//              uint8     profile visits
//
// A series of several fields has a slot with an evidence part for each of them, and more: see together.ts.
// A checkpoint writes the parts one behind the other. No part ever holds NaN, so equal state is equal bytes.

import { aligned } from './memory.ts';
import { NEURAL_CELLS, type Network, type NetworkShape, networkOf } from './network.ts';
import { type Fields, type Together, togetherOf } from './together.ts';

/** A forecaster without a network: what it forecasts. */
export type Baseline = 'last' | 'seasonal' | 'ewma';

/** What decides the size of a slab. The lookback of a network is a multiple of `STRIDE`. */
export type Shape = { readonly openWindows: number; readonly fields?: Fields } & (
  | NetworkShape
  | { readonly cell: Baseline }
);

/** A training pass every so many windows; hidden states are stored at the same distance. */
export const STRIDE = 8;

/**
 * Inputs of the network: the level x; for each horizon what the half-hour and the hour-of-week profile say about that
 * window, less x; the last change.
 */
export const INPUTS = 8;

/** Scalars of the evidence part, as indices of float64. Grouped by the stage that owns them. */
export const AT = {
  // window
  serial: 0, // order of admission within the share, from 1
  everyMs: 1, // 0 = not known yet
  nextStart: 2, // end of the last closed window; valid when `closedAny`
  flowing: 3, // 1 while a window of this series is due
  lastTimeMs: 4, // latest accepted sample; valid when `seen`
  seen: 5,
  lastValue: 6, // of the last closed window with samples; valid when `hasLast`
  hasLast: 7,
  counterTimeMs: 8,
  counterValue: 9,
  hasCounter: 10,
  waiting: 11, // samples that wait in the open-window area until the interval is known
  emptyRun: 12, // consecutive windows without a sample
  dueStart: 13, // start of the window that closes next; valid when `flowing`
  closedAny: 14,
  lastSample: 15, // value of the latest accepted sample
  // forecast
  learned: 16, // windows learned, n
  mean: 17,
  variance: 18,
  levelMean: 19, // exponential mean of x: the profile's fallback
  halfHour: 20,
  halfHourSum: 21,
  halfHourCount: 22,
  hour: 23,
  hourSum: 24,
  hourCount: 25,
  dayCell: 26,
  dayCellSum: 27,
  dayCellCount: 28,
  forecast: 29, // of the next window by the cell itself, in raw units; valid when `hasForecast`
  hasForecast: 30,
  spread: 31, // exponential mean of |residual|, raw units
  bandFactor: 32, // κ: half width of the band in spreads
  coverage: 33, // exponential share of windows inside the band
  modelError: 34, // exponential mean of |value − expected|
  naiveError: 35, // exponential mean of |value − seasonal profile|
  loss: 36, // of the last training pass
  logCount: 37, // rows in the input log
  level: 38, // EWMA baseline
  trainings: 39,
  stepError: 40, // exponential mean of |value − value before|
  previous: 41, // value of the last learned window
  profileForecast: 42, // what the seasonal profile alone expects next
  nearLevel: 43, // the level that the network expects next, normalised
  // score
  absResidual: 44, // EW10 of |residual|
  drift: 45, // EW20, EW40 and EW100 of the residual of the far forecast
  fast: 48, // EW3, EW10 and EW30 of the value
  slow: 51, // slow mean of the value
  slowSquare: 52, // slow mean square around it
  abnormalSum: 53, // detect: decades that the run of abnormal windows has gathered; 0 = no run
  logCentre: 54, // quantisation of the warm-up log
  logScale: 55,
  blockIndex: 56, // detect
  blockCount: 57,
  blockMax: 58, // 10 of them
  peakCount: 68,
  lastPeak: 69,
  lastPeakAt: 70, // window number
  open: 71, // episode open
  startedAtMs: 72,
  hits: 73, // bit i: the window i back was evident
  calm: 74, // bit i: the window i back was calm
  episodePeak: 75,
  episodeWindows: 76,
  lastAlarm: 77,
  sinceEvent: 78,
  seasonLevel: 79, // slow mean of value − usual
  kind: 80, // index into EPISODE_KINDS
  evidentSinceMs: 81,
  seasonSquare: 82, // slow mean square around it
  windows: 83, // windows that the detector saw
  trainedAt: 84, // forecast: windows learned at the last training pass
  restlessAt: 85, // windows learned when its loss was last unusually high
  lossSlow: 86, // slow mean of the passes' losses
  lossSpread: 87, // slow mean of |loss − lossSlow|
  centre: 88, // score: one per axis
  scale: 99,
  stored: 110, // windows counted in the tables of a signal
  usualLevel: 119, // detect: slow level when the open episode opened
  usualSpread: 120, // slow deviation when it opened
  usualStep: 124, // robust exponential mean of |value − value before|: the unit of changes
  reach: 121, // largest distance from that level at its beginning
  lastAlarmAt: 122, // number of the window of the last alarm, from 1; 0 = never
  tokens: 125, // openings beyond what the budget allows; starts at −TOKENS
  paidMs: 126, // event time up to which the budget was paid; 0 = never
  armedUntil: 123, // an alarm waits until this window for others to sustain it
  ownError: 128, // forecast: errors of the network and of baselines, exponential means of |value − forecast|
  lastError: 129,
  seasonError: 130,
  dayLevel: 131, // exponential mean of value − what the half-hour profile says
  leader: 132, // which of them has the largest part in the expected value: LEADER of forecast/mixture.ts
  evidentFor: 133, // detect: windows since the evidence began
  latency: 134, // the same when the open episode opened
  run: 135, // detect/stuck.ts: windows that the value has been the same
  runValue: 136,
  longestRest: 137, // decades of the most unlikely run, fading
  moves: 152, // share of windows in which it moved, of the last and of many
  movesSlow: 153,
  stuck: 154, // the run: 1 = told, 2 = usual
  brokenMean: 155, // detect/season.ts: by how much no day is better than the usual one
  brokenToday: 156, // its most today, and of all days
  brokenMost: 157,
  brokenDay: 158,
  broken: 159,
  usualOffset: 138, // detect: seasonLevel when the open episode opened
  offsetReach: 139, // largest distance from that at its beginning
  firstStart: 140, // detect: start of the first window with a value
  wasScored: 141,
  residuals: 142, // detect: the ceiling of those that were learned
  residualSquare: 143,
  blockHeight: 144, // the largest of the block, in decades above a thousandth of the usual one
  heightCount: 145, // windows of the block
  maximaCount: 146,
  maximaMedian: 147,
  maximaDeviation: 148,
  heldAt: 149, // forecast/quarantine.ts
  outdone: 150, // forecast: windows on end in which a baseline was clearly better
  scalars: 160,
} as const;

/** A scalar that only series of several fields use: 1 while another field's episode speaks for this one's. */
export const COMPANION = 127;

/** Fields of one open window, as float64. `first*` serve counters. */
export const OPEN = {
  count: 0,
  sum: 1,
  min: 2,
  max: 3,
  lastValue: 4,
  lastTimeMs: 5,
  offset: 6,
  firstValue: 7,
  firstTimeMs: 8,
  size: 9,
} as const;

/** A sample that waits for the interval: three numbers in the area of the open windows. */
export const WAIT = { timeMs: 0, value: 1, offset: 2, size: 3, count: 33 } as const;

/** Windows ahead for which the network forecasts the level; the last one is the far forecast. */
export const HORIZONS = [1, 8, 24] as const;
export const FAR = 24;
/** Forecasts of the network: the next change, and the way of the level to each horizon. */
export const TARGETS = 1 + HORIZONS.length;

/** Signals of one number each, and of a pair of numbers; an axis is one of these numbers. */
export const SIGNALS = 7;
export const PAIRS = 2;
export const AXES = SIGNALS + 2 * PAIRS;
/** Tables of a signal, each a part of a cell beside the other, and their cells; the same for pairs, each way. */
export const PHASES = 2;
export const CELLS = 48;
export const PAIR_PHASES = 3;
export const PAIR_CELLS = 20;
/** Numbers in the tables of a signal, and of a pair. */
export const TABLE = PHASES * CELLS;
export const PAIR_TABLE = PAIR_PHASES * PAIR_CELLS * PAIR_CELLS;
/** Numbers that the warm-up log keeps of a window: value, residual, residual of the far forecast. */
export const LOGGED = 3;
export const WARMUP_LOG = 800;
export const PEAKS = 64;
export const BLOCKS = 10;
/** Maxima of blocks from which a series' ceiling is taken. */
export const MAXIMA = 48;
export const HALF_HOURS = 48;
export const HOURS = 168;
export const DAY_CELLS = 288;

export interface Layout {
  readonly shape: Shape;
  /** Undefined for series of one field. */
  readonly together: Together | undefined;
  /** Undefined for a baseline. */
  readonly network: Network | undefined;
  /** Index of float32 within the hot part; the weights are at 0. */
  readonly stateAt: number;
  /**
   * Index of float32 within the optimiser part; the moments are at 0. Three numbers: 1 − β^t after t updates for either
   * average, its sum of weights; the updates.
   */
  readonly filledAt: number;
  /** Byte offsets within the evidence part. */
  readonly openAt: number;
  readonly halfHourAt: number;
  readonly hourAt: number;
  readonly dayCellAt: number;
  readonly logAt: number;
  readonly statesAt: number;
  /** FAR float64: the far forecasts of the coming windows, by window modulo FAR. */
  readonly farAt: number;
  readonly peaksAt: number;
  readonly maximaAt: number;
  readonly tablesAt: number;
  readonly warmupAt: number;
  readonly visitsAt: number;
  readonly hotBytes: number;
  readonly optimiserBytes: number;
  readonly evidenceBytes: number;
  readonly slabBytes: number;
}

export function layoutOf(shape: Shape): Layout {
  const network = isNeural(shape) ? networkOf(shape) : undefined;
  const { weights, stateSize, L, I } = network ?? { weights: 0, stateSize: 0, L: 0, I: 0 };
  const hotBytes = aligned(4 * (weights + stateSize));
  const optimiserBytes = network === undefined ? 0 : aligned(4 * (weights + 3));

  let end = 8 * AT.scalars;
  const place = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / 8) * 8;
    return at;
  };
  const openAt = place(8 * Math.max(shape.openWindows * OPEN.size, WAIT.count * WAIT.size));
  const farAt = place(8 * FAR);
  const halfHourAt = place(4 * HALF_HOURS);
  const hourAt = place(4 * (network ? HOURS : 0));
  const dayCellAt = place(4 * (shape.cell === 'seasonal' ? DAY_CELLS : 0));
  const isJoint = shape.fields?.isJoint === true;
  const logAt = place(isJoint ? 0 : 4 * L * I);
  const statesAt = place(isJoint ? 0 : (4 * L * stateSize) / STRIDE);
  const peaksAt = place(4 * PEAKS);
  const maximaAt = place(4 * MAXIMA);
  const tablesAt = place(SIGNALS * TABLE + PAIRS * PAIR_TABLE);
  const warmupAt = place(2 * LOGGED * WARMUP_LOG);
  const visitsAt = place(HALF_HOURS + (network ? HOURS : shape.cell === 'seasonal' ? DAY_CELLS : 0));
  const evidenceBytes = aligned(end);
  const together = shape.fields === undefined ? undefined : togetherOf(shape.fields, network, STRIDE);
  const { slots, networks, bytes } = together ?? { slots: 1, networks: 1, bytes: 0 };

  return {
    shape,
    together,
    network,
    stateAt: weights,
    filledAt: weights,
    openAt,
    halfHourAt,
    hourAt,
    dayCellAt,
    logAt,
    statesAt,
    farAt,
    peaksAt,
    maximaAt,
    tablesAt,
    warmupAt,
    visitsAt,
    hotBytes,
    optimiserBytes,
    evidenceBytes,
    slabBytes: networks * (hotBytes + optimiserBytes) + slots * evidenceBytes + bytes,
  };
}

function isNeural(shape: Shape): shape is Extract<Shape, NetworkShape> {
  return (NEURAL_CELLS as readonly string[]).includes(shape.cell);
}
