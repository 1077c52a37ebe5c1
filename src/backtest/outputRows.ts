// Rows of the output: what was written in the input, and what the detector made of it.

import type { Columns } from './columns.ts';
import type { Row } from './waiting.ts';

/** Significant digits of what the model says; observed values are told as they are written. */
const DIGITS = 6;
const COMPANIONS = ['expected', 'lower', 'upper', 'anomaly_score', 'anomalous', 'episode'];

/** With a line end. A single field needs no name of its own; several are told apart by that of their column. */
export function headerRow({ values }: Columns): string {
  const names =
    values.length === 1
      ? ['value', ...COMPANIONS]
      : values.flatMap(({ name }) => [name, ...COMPANIONS.map((companion) => `${name}_${companion}`)]);
  return `${['timestamp', ...names].map(quoted).join(',')}\n`;
}

/** With a line end. */
export function outputRow(row: Row): string {
  let text = quoted(row.time);
  for (const [field, value] of row.values.entries()) {
    text += `,${quoted(value)}`;
    const judged = row.judged[field];
    if (judged === undefined || judged === null) {
      text += ',,,,,,';
      continue;
    }
    const { window, episode } = judged;
    text += `,${number(window.expected)},${number(window.lower)},${number(window.upper)},${number(window.score)}`;
    text += `,${window.open ? 1 : 0},${episode ?? ''}`;
  }
  return `${text}\n`;
}

function number(x: number): string {
  return Number.isNaN(x) ? '' : String(Number(x.toPrecision(DIGITS)));
}

function quoted(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
