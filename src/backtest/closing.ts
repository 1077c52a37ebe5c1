// The last words of a backtest on a terminal.

import type { Backtest } from './backtest.ts';
import { count, daily, lasted, percent, share } from './figureText.ts';
import { rejectedOf, rejectedText } from './outcome.ts';
import { figuresOf } from './tally.ts';

/** Some lines, each ended. */
export function closingText({ outcomes, replaced, report }: Backtest): string {
  const figures = figuresOf(outcomes.map(({ tally }) => tally));
  const rows = outcomes.reduce((sum, outcome) => sum + outcome.rows, 0);
  const { labels } = figures;
  const { judgedDays, alarms } = figures;
  const often = alarms === 0 || judgedDays < 1 ? '' : `, ${daily(figures.alarmsPerDay, judgedDays)}`;
  const lines = [`${count(outcomes.length, 'file')}, ${count(rows, 'row')}: ${count(alarms, 'episode')}${often}`];
  if (labels !== undefined) {
    lines.push(
      `labels    ${labels.found} of ${count(labels.segments, 'segment')} found (${percent(labels.eventRecall)}), ` +
        `${percent(labels.eventPrecision)} of the episodes right, ` +
        `false alarms ${daily(labels.falseAlarmsPerDay, judgedDays)}`,
      `          F1 with delay 7 ${share(labels.pointF1)}, average precision ${share(labels.averagePrecision)}, ` +
        `median delay ${lasted(labels.medianDelayMs)}`,
    );
  }
  const rejected = rejectedText(outcomes.map(({ counters }) => rejectedOf(counters)));
  if (rejected !== '') lines.push(`not used  ${rejected}`);
  if (replaced > 0) lines.push(`replaced  ${count(replaced, 'file')} of an earlier run`);
  lines.push(`report    ${report}`);
  return `${lines.join('\n')}\n`;
}
