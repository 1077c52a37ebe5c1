// The writer of the text format 0.0.4, by Prometheus' "Exposition formats". Ours, because prom-client merges distinct
// series whose label values contain `,` and `:`, and holds the event loop for as long as it writes.

import { METRICS, type MetricName } from './metrics.ts';

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** One line of a family. */
export interface Line {
  /** Behind the family's name: `_bucket`, `_sum`, `_count`, or nothing. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  /** Label text without braces; empty = none. */
  readonly labels: string;
  readonly value: number;
}

/** What feeds a metric; without a line the family is left out. */
export interface Family {
  readonly name: MetricName;
  readonly lines: Iterable<Line>;
}

const LINES_PER_TURN = 1000;
const SIGNIFICANT_DIGITS = 6;

/**
 * Families as text, in pieces of at most 1 000 lines; after each piece other work gets its turn. Lines without a number
 * (NaN) are left out.
 */
export async function* writeFamilies(families: Iterable<Family>): AsyncGenerator<string> {
  let text = '';
  let lines = 0;
  for (const { name, lines: all } of families) {
    const exact = isExact(name);
    let begun = false;
    for (const { suffix = '', labels, value } of all) {
      if (Number.isNaN(value)) continue;
      if (!begun) text += header(name);
      begun = true;
      const braced = labels === '' ? '' : `{${labels}}`;
      text += `${name}${suffix}${braced} ${exact ? numberText(value) : roundedText(value)}\n`;
      lines += 1;
      if (lines % LINES_PER_TURN === 0) {
        yield text;
        text = '';
        await new Promise((resume) => setImmediate(resume));
      }
    }
  }
  if (text !== '') yield text;
}

/** A number as Prometheus reads it, with every digit. */
export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/** Whole numbers in full, others to 6 significant digits: the digits beyond are noise, and cost 40 % of the body. */
function roundedText(value: number): string {
  return numberText(Number.isSafeInteger(value) ? value : Number(value.toPrecision(SIGNIFICANT_DIGITS)));
}

function header(name: MetricName): string {
  const { help, type } = METRICS[name];
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

/** Counters must not fall by rounding, and an instant needs its milliseconds. */
function isExact(name: MetricName): boolean {
  return METRICS[name].type !== 'gauge' || name.endsWith('_timestamp_seconds');
}
