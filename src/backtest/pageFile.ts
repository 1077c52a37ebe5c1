// What the report says about one file: its row of the overview, and its card with plots and episodes.

import type { Curve } from './curve.ts';
import type { Episode } from './episodes.ts';
import { countEvents } from './figures.ts';
import { count, daily, lasted, percent, share } from './figureText.ts';
import { type Outcome, rejectedOf, rejectedText } from './outcome.ts';
import { curveBase64, plotJson, unitMsOf } from './plotData.ts';
import { figuresOf } from './tally.ts';

/** Rows of a table of episodes that are seen at once, and in all; the JSON summary has the others. */
const EPISODES_SHOWN = 8;
const EPISODES_MAX = 200;
const STRIP_WIDTH = 400;

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function overviewRow(outcome: Outcome, index: number, hasLabels: boolean): string {
  const { name, rows, episodes, tally } = outcome;
  const peak = Math.max(...episodes.map((episode) => episode.peak.score));
  const { labels } = figuresOf([tally]);
  const none = { segments: 0, found: 0, falseAlarms: 0, eventRecall: NaN, eventPrecision: NaN, medianDelayMs: NaN };
  const of = labels ?? { ...none, pointF1: NaN, averagePrecision: NaN };
  const judged = [
    cell(of.eventRecall, of.segments === 0 ? '–' : `${of.found} of ${of.segments}`),
    cell(of.eventPrecision, percent(of.eventPrecision)),
    cell(of.falseAlarms, labels === undefined ? '–' : String(of.falseAlarms)),
    cell(of.medianDelayMs, lasted(of.medianDelayMs)),
    cell(of.pointF1, share(of.pointF1)),
    cell(of.averagePrecision, share(of.averagePrecision)),
  ];
  return (
    `<tr><td class="name" data-key="${escaped(name)}"><a href="#file-${index}">${escaped(name)}</a></td>` +
    `<td class="strip">${strip(outcome)}</td>${cell(rows, rows.toLocaleString('en'))}` +
    `${cell(episodes.length, String(episodes.length))}${cell(peak, share(peak))}` +
    `${hasLabels ? judged.join('') : ''}</tr>`
  );
}

export function fileCard(outcome: Outcome, index: number): string {
  const { name, columns, curves, path } = outcome;
  const figures = curves.map((curve) => figure(outcome, curve, columns.values.length > 1));
  return `<section class="card file" id="file-${index}">
<div class="head"><h2 title="${escaped(path)}"><a href="#file-${index}">${escaped(name)}</a></h2>
<button type="button">whole time</button></div>
<p class="facts">${facts(outcome).join(' · ')}</p>
${figures.join('\n')}
<p class="legend">${legend(outcome)}</p>
${episodeTable(outcome)}
</section>`;
}

function figure(outcome: Outcome, curve: Curve, isNamed: boolean): string {
  const name = outcome.columns.values[curve.field]?.name ?? '';
  const caption = isNamed ? `<figcaption>${escaped(name)}</figcaption>` : '';
  const about = `${name} of ${outcome.name} with its forecast, and its score below`;
  return `<figure>${caption}<canvas role="img" aria-label="${escaped(about)}"></canvas><div class="tip"></div>
<script type="application/json" class="meta">${plotJson(outcome, curve)}</script>
<script type="text/plain" class="curve">${curveBase64(curve, unitMsOf(curve))}</script></figure>`;
}

function facts(outcome: Outcome): readonly string[] {
  const { rows, fromMs, toMs, everyMs, readyMs, episodes, tally, counters } = outcome;
  const { labels, judgedDays, alarmsPerDay } = figuresOf([tally]);
  const list = [count(rows, 'row')];
  if (!Number.isNaN(fromMs)) list.push(`${day(fromMs)} to ${day(toMs)}`);
  if (everyMs > 0) list.push(`a window every ${lasted(everyMs)}`);
  const ready = Math.max(...readyMs);
  list.push(Number.isNaN(ready) ? 'never ready: too few windows' : `scored from ${moment(ready)}`);
  const often = episodes.length === 0 || judgedDays < 1 ? '' : `, ${daily(alarmsPerDay, judgedDays)}`;
  list.push(`<b>${count(episodes.length, 'episode')}</b>${often}`);
  if (labels !== undefined) {
    const found = `<b>${labels.found} of ${labels.segments}</b> labelled segments found`;
    list.push(labels.segments === 0 ? 'nothing is labelled' : found);
    if (labels.falseAlarms > 0) list.push(`<b>${labels.falseAlarms}</b> false`);
    if (labels.found > 0) list.push(`median delay ${lasted(labels.medianDelayMs)}`);
    if (labels.segments > 0) list.push(`average precision <b>${share(labels.averagePrecision)}</b>`);
  }
  const rejected = rejectedText([rejectedOf(counters)]);
  if (rejected !== '') list.push(`not used: ${rejected}`);
  return list;
}

function legend({ tally }: Outcome): string {
  const one = (name: string, swatch: string, shape = ''): string =>
    `<span class="${shape}" style="--swatch: var(--${swatch})">${name}</span>`;
  return [
    one('value', 'value', 'thin'),
    one('expected', 'expected', 'thin'),
    one('band', 'band'),
    one('episode', 'alarm-soft'),
    tally.hasLabels ? one('label', 'label-soft') : '',
    '<i class="muted">drag to zoom, double-click for all, click an episode to see it</i>',
  ].join('');
}

function episodeTable(outcome: Outcome): string {
  const { episodes, tally, columns } = outcome;
  if (episodes.length === 0) return '<p class="muted">No episode.</p>';
  const hasFields = columns.values.length > 1;
  const names = [
    '#',
    ...(hasFields ? ['Field'] : []),
    'Start, UTC',
    'Lasted',
    'Kind',
    'Severity',
    'Peak',
    'Observed',
    'Expected',
  ];
  if (tally.hasLabels) names.push('Label');
  const numeric = ['#', 'Peak', 'Observed'];
  const head = names.map((name) => `<th${numeric.includes(name) ? ' class="n"' : ''}>${name}</th>`).join('');
  const strongest = [...episodes].sort((a, b) => b.peak.score - a.peak.score).slice(0, EPISODES_MAX);
  const rows = strongest.sort((a, b) => a.number - b.number).map((episode) => episodeRow(outcome, episode, hasFields));
  const table = (list: readonly string[], top: string): string =>
    `<div class="scroll"><table>${top}<tbody>${list.join('\n')}</tbody></table></div>`;
  const first = table(rows.slice(0, EPISODES_SHOWN), `<thead><tr>${head}</tr></thead>`);
  if (rows.length <= EPISODES_SHOWN) return first;
  const left = episodes.length - EPISODES_SHOWN;
  const cut =
    episodes.length > EPISODES_MAX ? ` (the strongest ${EPISODES_MAX} are listed, ${outcome.name}.json has all)` : '';
  const more = table(rows.slice(EPISODES_SHOWN), `<thead><tr>${head}</tr></thead>`);
  return `${first}<details><summary>${count(left, 'more episode')}${escaped(cut)}</summary>${more}</details>`;
}

function episodeRow({ columns, tally }: Outcome, episode: Episode, hasFields: boolean): string {
  const { number, startMs, lastMs, endMs, kind, severity, peak } = episode;
  const length = endMs === undefined ? `${lasted(lastMs - startMs)}, still open` : lasted(endMs - startMs);
  const band = Number.isNaN(peak.lower) ? '' : `${short(peak.lower)} … ${short(peak.upper)}`;
  return (
    `<tr class="episode" tabindex="0" data-number="${number}" data-from="${startMs}" data-to="${lastMs}">` +
    `<td class="n">${number}</td>${hasFields ? `<td>${escaped(columns.values[episode.field]?.name ?? '')}</td>` : ''}` +
    `<td>${moment(startMs)}</td><td>${length}</td><td>${kind}</td>` +
    `<td><span class="mark ${severity}">${severity}</span></td><td class="n">${share(peak.score)}</td>` +
    `<td class="n">${Number.isNaN(peak.value) ? 'no data' : short(peak.value)}</td><td>${band}</td>` +
    `${tally.hasLabels ? `<td>${verdict(tally.allSegments, episode)}</td>` : ''}</tr>`
  );
}

function verdict(segments: Outcome['tally']['allSegments'], episode: Episode): string {
  const isRight = countEvents(segments, [episode]).trueAlarms > 0;
  return isRight ? '<span class="mark right">labelled</span>' : '<span class="mark wrong">not labelled</span>';
}

/** Labels and episodes of the whole file at a glance. */
function strip({ fromMs, toMs, tally, episodes, readyMs }: Outcome): string {
  const length = Math.max(1, toMs - fromMs);
  const at = (ms: number): number =>
    Math.max(0, Math.min(STRIP_WIDTH, Math.round(((ms - fromMs) / length) * STRIP_WIDTH)));
  const box = (from: number, to: number, fill: string): string =>
    `<rect x="${from}" width="${Math.max(2, to - from)}" height="18" class="${fill}"/>`;
  const ready = Math.max(...readyMs);
  const boxes = [
    `<rect width="${STRIP_WIDTH}" height="18" class="soft"/>`,
    box(0, Number.isNaN(ready) ? STRIP_WIDTH : at(ready), 'learning'),
    ...merged(tally.allSegments.map(({ startMs, endMs }) => [at(startMs), at(endMs)])).map(([a, b]) =>
      box(a, b, 'label'),
    ),
    ...merged(episodes.map(({ startMs, lastMs }) => [at(startMs), at(lastMs)])).map(([a, b]) => box(a, b, 'alarm')),
  ];
  return `<svg viewBox="0 0 ${STRIP_WIDTH} 18" preserveAspectRatio="none" aria-hidden="true">${boxes.join('')}</svg>`;
}

/** Ranges in order of their starts, as few as show the same. */
function merged(ranges: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const list: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = list.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else list.push([from, to]);
  }
  return list;
}

function cell(key: number, text: string): string {
  return `<td class="n" data-key="${Number.isFinite(key) ? key : ''}">${text}</td>`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function moment(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T');
  return `${date} ${time.slice(6, 8) === '00' ? time.slice(0, 5) : time.slice(0, 8)}`;
}

/** Four significant digits. */
function short(x: number): string {
  const size = Math.abs(x);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return x.toExponential(2);
  return Number(x.toPrecision(4)).toLocaleString('en', { maximumSignificantDigits: 4 });
}
