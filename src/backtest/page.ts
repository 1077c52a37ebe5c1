// The report: one HTML file with everything in it. Nothing in it depends on the clock, so equal runs give equal bytes.

import { count, handy, lasted, percent, share } from './figureText.ts';
import type { Outcome } from './outcome.ts';
import { escaped, fileCard, overviewRow } from './pageFile.ts';
import { SCRIPT } from './pageScript.ts';
import { STYLE } from './pageStyle.ts';
import { type Figures, figuresOf } from './tally.ts';

export interface PageFacts {
  readonly version: string;
  /** Sentences about what was set, for people. */
  readonly settings: readonly string[];
}

const DAY_MS = 86_400_000;
const WITH_LABELS = 'Labels were never shown to the detector; rows before the first score are not judged.';
const WITHOUT_LABELS = 'There are no labels, so nobody knows which of the episodes are right.';

export function reportPage(outcomes: readonly Outcome[], { version, settings }: PageFacts): string {
  const figures = figuresOf(outcomes.map(({ tally }) => tally));
  const hasLabels = figures.labels !== undefined;
  const rows = outcomes.reduce((sum, outcome) => sum + outcome.rows, 0);
  const facts = [
    count(outcomes.length, 'file'),
    count(rows, 'row'),
    `${lasted(figures.judgedDays * DAY_MS)} judged`,
    `gruard ${escaped(version)}`,
    settings.map((one) => `<code>${escaped(one)}</code>`).join(' '),
  ];
  const names = outcomes.slice(0, 3).map(({ name }) => escaped(name));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gruard backtest: ${names.join(', ')}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>What gruard would have told you</h1>
<p class="muted">${facts.join(' · ')}</p>
<section class="tiles">${tiles(figures)}</section>
<p class="muted">Each window was forecast and scored by what stood before it, and learned only then.
A score above 1 is anomalous. ${hasLabels ? WITH_LABELS : WITHOUT_LABELS}</p>
${outcomes.length > 1 ? overview(outcomes, hasLabels) : ''}
${outcomes.map((outcome, index) => fileCard(outcome, index)).join('\n')}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function tiles({ judgedDays, alarms, alarmsPerDay, labels }: Figures): string {
  const [often, unit] = handy(labels?.falseAlarmsPerDay ?? alarmsPerDay, judgedDays);
  if (labels === undefined) {
    return (
      tile('Episodes', alarms.toLocaleString('en'), 'in all files', 'of anomalous windows') +
      tile('How often', often, unit, 'a file')
    );
  }
  const { segments, segmentsInWarmup, found, falseAlarms } = labels;
  const early = segmentsInWarmup === 0 ? '' : `; ${segmentsInWarmup} more before the first score`;
  const rows = `precision ${share(labels.pointPrecision)}, recall ${share(labels.pointRecall)}`;
  return [
    tile('Found', percent(labels.eventRecall), `${found} of ${segments}`, `labelled segments with an episode${early}`),
    tile('Right', percent(labels.eventPrecision), `${alarms - falseAlarms} of ${alarms}`, 'episodes within a label'),
    tile(
      'False alarms',
      often,
      unit === '' ? 'at all' : `${unit}, per file`,
      `${falseAlarms} episodes without a label`,
    ),
    tile('Median delay', lasted(labels.medianDelayMs), 'of event time', 'from the start of a label to its episode'),
    tile('F1, delay 7', share(labels.pointF1), rows, 'by rows; found later than 7 rows is missed'),
    tile(
      'Average precision',
      share(labels.averagePrecision),
      'of the score',
      'at any threshold: are labelled rows first?',
    ),
  ].join('');
}

function tile(title: string, figure: string, more: string, meaning: string): string {
  const texts = [figure, more, meaning].map(escaped);
  return (
    `<div class="tile"><em>${title}</em><b>${texts[0]}</b>` + `<small>${texts[1]}</small><span>${texts[2]}</span></div>`
  );
}

function overview(outcomes: readonly Outcome[], hasLabels: boolean): string {
  const names = [
    'File',
    'Timeline',
    'Rows',
    'Episodes',
    'Peak',
    ...(hasLabels ? ['Found', 'Right', 'False', 'Delay', 'F1', 'AP'] : []),
  ];
  const heads = names.map((name, index) =>
    index === 1
      ? `<th>${name}</th>`
      : `<th${index > 1 ? ' class="n"' : ''}><button type="button">${name}</button></th>`,
  );
  const rows = outcomes.map((outcome, index) => overviewRow(outcome, index, hasLabels));
  const table = `<table><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
  return `<section class="card"><div class="scroll">${table}</div></section>`;
}
