// The types of single values: what they accept in YAML, what they become, and what is said when they do not fit.

import * as z from 'zod';
import type { Path } from '../settings.ts';
import { isPathFault, parsePath } from './paths.ts';
import {
  BUDGET,
  budget,
  DURATION,
  durationMs,
  durationText,
  PERCENT,
  percentShare,
  SIZE,
  sizeBytes,
  sizeText,
} from './quantities.ts';
import { Secret } from './secret.ts';
import { told } from './words.ts';

const BUDGET_PER_DAY_MIN = 1 / 3650;
const BUDGET_PER_DAY_MAX = 1000;

/** A duration with a unit, as milliseconds. Bounds are durations, too. */
export function duration(least: string, most: string, fix?: string) {
  const [leastMs, mostMs] = [durationMs(least) ?? 0, durationMs(most) ?? 0];
  const type = z
    .string()
    .regex(DURATION)
    .transform((text) => durationMs(text) ?? Number.NaN)
    .refine((ms) => ms >= leastMs && ms <= mostMs);
  const must = `be a duration from ${durationText(leastMs)} to ${durationText(mostMs)}`;
  return told(type, must, fix ?? 'Write a number and its unit, like 250ms, 30s, 5m, 1h, 7d or 2w.');
}

/** A size with a unit, as bytes. */
export function size(least: string, most: string, fix?: string) {
  const [leastBytes, mostBytes] = [sizeBytes(least) ?? 0, sizeBytes(most) ?? 0];
  const type = z
    .string()
    .regex(SIZE)
    .transform((text) => sizeBytes(text) ?? Number.NaN)
    .refine((bytes) => bytes >= leastBytes && bytes <= mostBytes);
  const must = `be a size from ${sizeText(leastBytes)} to ${sizeText(mostBytes)}`;
  return told(type, must, fix ?? 'Write a number and its unit, like 512KiB, 64MiB or 1GB.');
}

/** `20%` or 0.2, as a number. */
export function share(most: number) {
  const percent = z
    .string()
    .regex(PERCENT)
    .transform((text) => percentShare(text) ?? Number.NaN)
    .refine((value) => value <= most);
  const must = `be a share from 0% to ${most * 100}%, or the same as a number from 0 to ${most}`;
  return told(z.union([percent, z.number().min(0).max(most)]), must, 'Write it like 20% or 0.2.');
}

/** Episodes in a span of time. */
export const episodeBudget = told(
  z
    .string()
    .regex(BUDGET)
    .transform((text) => budget(text) ?? { perDay: Number.NaN, per: 'series' as const })
    .refine(({ perDay }) => perDay >= BUDGET_PER_DAY_MIN && perDay <= BUDGET_PER_DAY_MAX),
  'be a number of episodes in a time, from 1/3650d to 1000/day',
  'Write it like 1/week, 3/day, 1/30d, or 3/day per stream.',
);

export function whole(least: number, most: number, fix: string) {
  return told(z.int().min(least).max(most), `be a whole number from ${least} to ${most}`, fix);
}

export function decimal(least: number, most: number, fix: string) {
  const bounds =
    least === -Number.MAX_VALUE
      ? 'a number'
      : most === Number.MAX_VALUE
        ? `a number from ${least} on`
        : `a number from ${least} to ${most}`;
  return told(z.number().min(least).max(most), `be ${bounds}`, fix);
}

export function anyNumber(fix: string) {
  return decimal(-Number.MAX_VALUE, Number.MAX_VALUE, fix);
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(values: Words, fix?: string) {
  return told(z.enum(values), `be ${either(values)}`, fix ?? `Write one of ${values.join(', ')}.`, values);
}

function either(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

export function text(must: string, fix: string, form = /^\P{Cc}{1,1024}$/u) {
  return told(z.string().regex(form), must, fix);
}

/** `HOST:PORT`, with IPv6 in brackets. */
export function address(portMin: number, example: string) {
  const type = z
    .string()
    .regex(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):\d{1,5}$/)
    .refine((value) => {
      const port = Number(value.slice(value.lastIndexOf(':') + 1));
      return port >= portMin && port <= 65_535;
    });
  return told(type, `be HOST:PORT with a port from ${portMin} to 65535`, `Write it like ${example}.`);
}

export function flag() {
  return told(z.boolean(), 'be true or false', 'Write true or false; yes, no, on and off are texts in YAML 1.2.');
}

/** A text that is never shown. */
export function secret(lengthMin = 1) {
  const type = z
    .string()
    .min(lengthMin)
    .transform((value) => new Secret(value));
  const must = lengthMin === 1 ? 'be a text' : `be a text of at least ${lengthMin} characters`;
  return told(type, must, `Write "\${file:/path/of/the/secret}" or "\${env:NAME}".`);
}

/** Cost 2^14 to 2^16 with blocks of 8: 16 to 64 MiB and some 50 to 200 ms for each try. */
export const passwordHash = told(
  z
    .string()
    .regex(/^\$scrypt\$ln=1[456],r=8,p=1\$[A-Za-z0-9+/]{16,86}\$[A-Za-z0-9+/]{43,86}$/)
    .transform((value) => new Secret(value)),
  'be a hash like $scrypt$ln=15,r=8,p=1$…$…',
  'Let `gruard config hash` make it, and write it in quotes.',
);

export const userName = told(
  z.string().regex(/^[^\p{Cc}:]{1,100}$/u),
  'be the name of a user, without a colon',
  'Choose another name.',
);

const PATH_FIX = "Write it like $.fields.p99, $['odd name'] or, for CSV, $[0].";

const pathType = z.string().transform((value, context): Path => {
  const parsed = parsePath(value);
  if (!isPathFault(parsed)) return parsed;
  context.issues.push({ code: 'custom', input: value, params: { because: parsed.fault } });
  return z.NEVER;
});

export const path = told(pathType, 'be a path into the record', PATH_FIX);

/** `$partition` looks like a path that lacks its dot, and is none. */
export const labelPath = told(
  z.union([z.literal('$partition'), pathType]),
  'be a path into the record, or $partition',
  PATH_FIX,
);

/** The keys of `where`; they stay texts, because they are keys. */
export const pathKey = told(
  z.string().refine((value) => !isPathFault(parsePath(value))),
  'be a path into the record',
  'Write it in quotes, like "$.name".',
);

export const streamName = told(
  z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/),
  'be a name of at most 63 letters, digits and _ . - that begins with a letter',
  'Choose such a name; it becomes the label `stream` of all metrics.',
);

/** Names that gruard or Prometheus gives a meaning of its own. */
const RESERVED_LABELS = ['stream', 'series', 'field', 'le', 'quantile', 'job', 'instance'];

export const labelName = told(
  z.string().regex(new RegExp(`^(?!__)(?!(?:${RESERVED_LABELS.join('|')})$)[a-zA-Z_][a-zA-Z0-9_]{0,62}$`)),
  'be the name of a Prometheus label: letters, digits and _, not beginning with a digit or __',
  `Choose another name; ${RESERVED_LABELS.join(', ')} have meanings of their own.`,
);

export const fieldName = told(
  z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_.-]{0,62}$/),
  'be a name of at most 63 letters, digits and _ . - that begins with a letter or _',
  'Choose such a name; it becomes the label `field`.',
);

/** A Kafka topic that gruard writes to. */
export const topicName = told(
  z.string().regex(/^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/),
  'be the name of a topic: letters, digits and . _ -',
  'Write the name as Kafka knows it.',
);

/** A Kafka topic, or the beginning of several. */
export const topicPattern = told(
  z.string().regex(/^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}\*?$/),
  'be the name of a topic, or the beginning of such names with a * behind it',
  'Write it like shop.orders or "shop.*".',
);
