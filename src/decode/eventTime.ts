// Event time as it stands in records, read as whole Unix milliseconds. The unit comes from the configuration and is
// never guessed: a producer that changes its unit is rejected by the range instead of moving the watermark.

import type { TimeUnit } from '../settings.ts';
import { isDigit, numberOf } from './strictNumber.ts';

/** 2100-01-01: event times are from 1970 on and before this. */
const TIME_END_MS = 4_102_444_800_000;
/** 2000-01-01: a unit is only proposed when it leads to this century. */
const PLAUSIBLE_MS = 946_684_800_000;

const DIGITS_BEYOND_MS: Readonly<Record<TimeUnit, number>> = { s: 0, ms: 0, us: 3, ns: 6 };
const PER_MS: Readonly<Record<TimeUnit, number>> = { s: 1e-3, ms: 1, us: 1e3, ns: 1e6 };
const UNITS: readonly TimeUnit[] = ['s', 'ms', 'us', 'ns'];

/** Spacing of the float64 near today's Unix seconds is 2.4e-7 s: a number this near to a millisecond means it. */
const SECONDS_SLACK_MS = 2 ** -11;

const MINUTE_MS = 60_000;

const PLUS = 0x2b;
const DASH = 0x2d;
const COLON = 0x3a;

/** A number in `unit` as milliseconds, rounded down. May be anything, NaN too, for odd input: ask `isEventTime`. */
export function timeOfNumber(value: number, unit: TimeUnit): number {
  if (unit !== 's') return Math.floor(value / PER_MS[unit]);
  const ms = value * 1000;
  const nearest = Math.floor(ms + 0.5);
  return Math.abs(ms - nearest) <= SECONDS_SLACK_MS ? nearest : Math.floor(ms);
}

/**
 * Milliseconds from a date (`2026-11-23`), a date and a time with `T` or a space between (`2026-11-23 17:00`, `:05` and
 * a fraction may follow), with `Z` or an offset behind it, else UTC; or from a number in `unit`. Digits without a point
 * are read exactly, however many there are. Undefined for everything else, 30 February and 24:00 among it.
 */
export function timeOfText(text: string, unit: TimeUnit): number | undefined {
  const trimmed = text.trim();
  if (trimmed.charCodeAt(4) === DASH) return timeOfDate(trimmed);
  if (isAllDigits(trimmed)) return timeOfDigits(trimmed, unit);
  const value = numberOf(trimmed);
  return value === undefined || !Number.isFinite(value) ? undefined : timeOfNumber(value, unit);
}

/** From 1970 and before 2100. */
export function isEventTime(ms: number): boolean {
  return ms >= 0 && ms < TIME_END_MS;
}

/** What is wrong with a time that is none, and the unit that would lead to this century, where there is one. */
export function outsideText(ms: number, unit: TimeUnit): string {
  const outside = `is outside 1970 to 2100 in ${unit}`;
  const meant = UNITS.find((other) => {
    const otherMs = (ms * PER_MS[unit]) / PER_MS[other];
    return otherMs >= PLAUSIBLE_MS && otherMs < TIME_END_MS;
  });
  return meant === undefined ? outside : `${outside}; is \`unit: ${meant}\` meant?`;
}

/** A float64 cannot hold today's nanoseconds; their text can, so the digits beyond milliseconds are cut there. */
function timeOfDigits(text: string, unit: TimeUnit): number {
  const whole = Number(text.slice(0, Math.max(0, text.length - DIGITS_BEYOND_MS[unit])));
  return unit === 's' ? whole * 1000 : whole;
}

function isAllDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return text.length > 0;
}

function timeOfDate(text: string): number | undefined {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (year < 0 || text.charCodeAt(7) !== DASH || month < 1 || month > 12) return undefined;
  if (day < 1 || day > daysIn(year, month)) return undefined;
  const midnight = Date.UTC(year, month - 1, day);
  if (text.length === 10) return midnight;
  const separator = text.charAt(10);
  if (separator !== 'T' && separator !== 't' && separator !== ' ') return undefined;
  const time = timeOfDay(text);
  if (time === undefined) return undefined;
  const offsetMs = offsetOf(text, time.end);
  return offsetMs === undefined ? undefined : midnight + time.ms - offsetMs;
}

/** `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff…` from place 11 on. Leap seconds (:60) are refused: Unix time has none. */
function timeOfDay(text: string): { readonly ms: number; readonly end: number } | undefined {
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  if (hour < 0 || hour > 23 || text.charCodeAt(13) !== COLON || minute < 0 || minute > 59) return undefined;
  const minutes = hour * 60 + minute;
  if (text.charCodeAt(16) !== COLON) return { ms: minutes * MINUTE_MS, end: 16 };
  const second = digits(text, 17, 2);
  if (second < 0 || second > 59) return undefined;
  let ms = minutes * MINUTE_MS + second * 1000;
  let end = 19;
  const point = text.charAt(end);
  if (point === '.' || point === ',') {
    const from = end + 1;
    end = from;
    for (let weight = 100; isDigit(text.charCodeAt(end)); end++, weight /= 10) {
      if (end - from < 3) ms += weight * digits(text, end, 1);
    }
    if (end === from) return undefined;
  }
  return { ms, end };
}

/** `Z`, `+02:00`, `+0200`, `+02` or nothing (UTC) from `at` to the end of the text, in milliseconds east. */
function offsetOf(text: string, at: number): number | undefined {
  const length = text.length - at;
  if (length === 0) return 0;
  const sign = text.charCodeAt(at);
  if (length === 1) return text.charAt(at).toUpperCase() === 'Z' ? 0 : undefined;
  if (sign !== PLUS && sign !== DASH) return undefined;
  const hasColon = text.charCodeAt(at + 3) === COLON;
  if (length !== 3 && length !== (hasColon ? 6 : 5)) return undefined;
  const hours = digits(text, at + 1, 2);
  const minutes = length === 3 ? 0 : digits(text, hasColon ? at + 4 : at + 3, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return undefined;
  const ms = (hours * 60 + minutes) * MINUTE_MS;
  return sign === DASH ? -ms : ms;
}

/** The number that `count` digits write, −1 where one of them is none. */
function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let i = from; i < from + count; i++) {
    const unit = text.charCodeAt(i);
    if (!isDigit(unit)) return -1;
    value = value * 10 + (unit - 0x30);
  }
  return value;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
