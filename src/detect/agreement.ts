// Whether the fields of a series agree that something is wrong. A single abnormal field of dozens is rarely a fault: a
// fault shows in several. So the point scores of the fields are pooled as the signals of a field are, by the mean of
// √(1/rarity), without the field that leads: what do the others say beside it? The more the forecast errors of a field
// usually go with the leader's, the less it says, because it only repeats that one.

import { GAP, stepEnd, type Wave } from '../domain.ts';
import { type Bank, evidenceAddress, firstSlot, togetherAddress } from '../kernel/bank.ts';
import { log10, pow10 } from '../kernel/elementary.ts';
import { AT } from '../kernel/layout.ts';
import { warmupWindowsOf } from '../kernel/warmup.ts';
import type { DetectSettings } from '../settings.ts';
import { deviates } from './policies.ts';

/** What decides whether a field counts: a part of the detect stage's state. */
export interface AgreementState {
  readonly bank: Bank;
  readonly settings: DetectSettings;
  readonly warmupWindows: number | 'auto';
}

/** Of one step. */
export interface Agreement {
  /** Row of the field with the highest point score; −1 when none counts. */
  readonly lead: number;
  /** What the others say, as a point score: 0 = nothing. */
  readonly decades: number;
}

/** Reads only. A field that warms up, has no value of its own, or that the policies do not count says nothing. */
export function agreementOf(state: AgreementState, wave: Wave, step: number): Agreement {
  const { bank } = state;
  const { together } = bank.layout;
  const from = wave.stepAt[step]!;
  let lead = -1;
  for (let row = from; row < stepEnd(wave, step); row++) {
    if (says(state, wave, row) && (lead < 0 || wave.point[row]! > wave.point[lead]!)) lead = row;
  }
  if (lead < 0 || together === undefined) return { lead: -1, decades: 0 };
  const first = firstSlot(bank, wave.slot[from]!);
  const moments = (togetherAddress(bank, first) + together.residualsAt) / 8;
  let sum = 0;
  for (let row = from; row < stepEnd(wave, step); row++) {
    if (row === lead || !says(state, wave, row)) continue;
    const own = 1 - likeness(bank.lane.f64, moments, wave.slot[row]! - first, wave.slot[lead]! - first);
    sum += own * (pow10(wave.point[row]! / 2) - 1);
  }
  return { lead, decades: 2 * log10(1 + sum / (together.fields - 1)) };
}

function says({ bank, settings, warmupWindows }: AgreementState, wave: Wave, row: number): boolean {
  if (wave.gap[row] !== GAP.none || !(wave.point[row]! > 0)) return false;
  const everyMs = bank.lane.f64[evidenceAddress(bank, wave.slot[row]!) / 8 + AT.everyMs]!;
  if (wave.learned[row]! < warmupWindowsOf(warmupWindows, everyMs)) return false;
  return deviates(settings, wave.value[row]!, wave.expected[row]!, wave.lower[row]!, wave.upper[row]!);
}

/** Squared correlation of the forecast errors of two fields, by the moments that the forecast stage keeps. */
function likeness(f64: Float64Array, moments: number, a: number, b: number): number {
  const both = f64[moments + at(Math.max(a, b), Math.min(a, b))]!;
  const each = f64[moments + at(a, a)]! * f64[moments + at(b, b)]!;
  return each > 0 ? Math.min(1, (both * both) / each) : 0;
}

/** Of a lower triangle by rows. */
function at(row: number, column: number): number {
  return (row * (row + 1)) / 2 + column;
}
