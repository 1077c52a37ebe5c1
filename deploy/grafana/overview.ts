// The dashboard "gruard overview". `node deploy/grafana/overview.ts` writes it to dashboards/gruard-overview.json.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Dashboard, dashboardModel, jsonText, type Panel, placeholder } from './panels.ts';

/** The chosen processes. */
const FROM = 'job=~"$job",instance=~"$instance"';
// A series' name holds double quotes, which Grafana does not escape in its usual form; so its regular expression stands
// in a raw string, which needs no other escaping.
const SERIES = `stream="$stream",series=~\`${placeholder('series:regex')}\``;
const CHOSEN = `{${FROM},${SERIES}}`;

/** A series stands at two instances for a while after a hand-over. */
const ofSeries = (metric: string, selector: string): string => `max by (stream, series, field) (${metric}${selector})`;
const ofStream = (metric: string): string => `sum by (stream) (${metric}{${FROM}})`;
const rateOf = (metric: string): string => `rate(${metric}{${FROM}}[$__rate_interval])`;
/** A value of the row that was clicked. */
const cell = (column: string): string => placeholder(`__data.fields.${column}:percentencode`);
const quantile = (share: number, metric: string): string =>
  `histogram_quantile(${share}, sum by (stream, le) (${rateOf(`${metric}_bucket`)}))`;

const anomalies: readonly Panel[] = [
  {
    id: 1,
    type: 'timeseries',
    title: 'Anomalous share',
    description: 'Share of the ready series of each stream that have an open episode.',
    unit: 'percentunit',
    width: 8,
    min: 0,
    queries: [
      {
        expr: `${ofStream('gruard_anomalous_series')} / clamp_min(${ofStream('gruard_series_ready')}, 1)`,
        legend: '{{stream}}',
      },
    ],
  },
  {
    id: 2,
    type: 'table',
    title: 'Open episodes',
    description: 'Series that are anomalous now, highest score first. A click on a series shows it below.',
    unit: 'none',
    width: 16,
    queries: [
      {
        expr: `sort_desc(${ofSeries('gruard_anomaly_score', `{${FROM}}`)} and ${ofSeries('gruard_anomalous', `{${FROM}}`)} == 1)`,
        legend: '',
        instant: true,
      },
    ],
    transformations: [{ id: 'organize', options: { excludeByName: { Time: true }, renameByName: { Value: 'score' } } }],
    overrides: [
      { name: 'score', properties: { decimals: 2 } },
      {
        name: 'series',
        properties: {
          links: [
            {
              title: 'Show this series',
              url: `/d/gruard-overview?${placeholder('__url_time_range')}&var-stream=${cell('stream')}&var-series=${cell('series')}`,
            },
          ],
        },
      },
    ],
  },
];

const series: readonly Panel[] = [
  {
    id: 3,
    type: 'timeseries',
    title: 'Value and band: $series',
    description: 'What came, what was expected before it came, and the band that most normal values fall into.',
    unit: 'short',
    width: 24,
    height: 10,
    queries: [
      { expr: ofSeries('gruard_expected_upper', CHOSEN), legend: 'upper' },
      { expr: ofSeries('gruard_expected_lower', CHOSEN), legend: 'lower' },
      { expr: ofSeries('gruard_expected', CHOSEN), legend: 'expected' },
      { expr: ofSeries('gruard_value', CHOSEN), legend: 'value' },
    ],
    overrides: [
      { name: 'upper', properties: { 'custom.fillBelowTo': 'lower', 'custom.fillOpacity': 20, ...edge() } },
      { name: 'lower', properties: edge() },
      { name: 'expected', properties: { ...colour('blue'), 'custom.lineStyle': { fill: 'dash', dash: [6, 4] } } },
      { name: 'value', properties: { ...colour('green'), 'custom.lineWidth': 2 } },
    ],
  },
  {
    id: 4,
    type: 'timeseries',
    title: 'Score: $series',
    description: 'Above 1 the window is anomalous. There is no line while the series warms up.',
    unit: 'none',
    width: 24,
    height: 6,
    min: 0,
    threshold: 1,
    queries: [{ expr: ofSeries('gruard_anomaly_score', CHOSEN), legend: '{{field}}' }],
  },
  {
    id: 5,
    type: 'state-timeline',
    title: 'Episodes: $series',
    description: 'When an episode of the series was open.',
    unit: 'none',
    width: 24,
    height: 4,
    mappings: [
      {
        type: 'value',
        options: {
          0: { text: 'as expected', color: 'green', index: 0 },
          1: { text: 'anomalous', color: 'red', index: 1 },
        },
      },
    ],
    queries: [{ expr: ofSeries('gruard_anomalous', CHOSEN), legend: '{{field}}' }],
  },
];

const streams: readonly Panel[] = [
  {
    id: 6,
    type: 'timeseries',
    title: 'Series',
    description: 'Series that are scored, and series that still learn.',
    unit: 'short',
    width: 8,
    min: 0,
    queries: [
      { expr: ofStream('gruard_series_ready'), legend: '{{stream}} ready' },
      { expr: ofStream('gruard_series_warming'), legend: '{{stream}} warming' },
      { expr: ofStream('gruard_series_silent'), legend: '{{stream}} silent' },
    ],
  },
  {
    id: 7,
    type: 'timeseries',
    title: 'Records',
    description: 'Records read in a second.',
    unit: 'cps',
    width: 8,
    min: 0,
    queries: [{ expr: `sum by (stream) (${rateOf('gruard_records_received_total')})`, legend: '{{stream}}' }],
  },
  {
    id: 8,
    type: 'timeseries',
    title: 'Lag',
    description: 'Records of each partition that are not processed yet.',
    unit: 'short',
    width: 8,
    min: 0,
    queries: [
      {
        expr: `max by (stream, topic, partition) (gruard_kafka_lag_records{${FROM}})`,
        legend: '{{stream}} {{topic}}/{{partition}}',
      },
    ],
  },
  {
    id: 9,
    type: 'timeseries',
    title: 'Drops and rejects',
    description: 'Samples that entered no window and records that were not understood, in a second, by reason.',
    unit: 'cps',
    width: 8,
    min: 0,
    queries: [
      {
        expr: `sum by (stream, reason) (${rateOf('gruard_samples_dropped_total')}) > 0`,
        legend: '{{stream}} dropped: {{reason}}',
      },
      {
        expr: `sum by (stream, reason) (${rateOf('gruard_records_rejected_total')}) > 0`,
        legend: '{{stream}} rejected: {{reason}}',
      },
    ],
  },
  {
    id: 10,
    type: 'timeseries',
    title: 'Event delay',
    description: 'From event time to decoding: median and 99 %. A backlog shows as hours.',
    unit: 's',
    width: 8,
    queries: [
      { expr: quantile(0.5, 'gruard_event_delay_seconds'), legend: '{{stream}} median' },
      { expr: quantile(0.99, 'gruard_event_delay_seconds'), legend: '{{stream}} 99 %' },
    ],
  },
];

const processes: readonly Panel[] = [
  {
    id: 11,
    type: 'timeseries',
    title: 'Checkpoint age',
    description: 'Time since the newest sealed checkpoint of a lane. It grows while no records come, too.',
    unit: 's',
    width: 8,
    min: 0,
    queries: [
      {
        expr: `time() - gruard_checkpoint_last_success_timestamp_seconds{${FROM}}`,
        legend: '{{instance}} lane {{lane}}',
      },
    ],
  },
  {
    id: 12,
    type: 'timeseries',
    title: 'Memory',
    description: 'What the process holds, how much of it is models, and what it may hold.',
    unit: 'bytes',
    width: 8,
    min: 0,
    queries: [
      { expr: `process_resident_memory_bytes{${FROM}}`, legend: '{{instance}} process' },
      { expr: `sum by (job, instance) (gruard_bank_bytes{${FROM}})`, legend: '{{instance}} models' },
      { expr: `gruard_memory_limit_bytes{${FROM}}`, legend: '{{instance}} limit' },
    ],
  },
];

const OVERVIEW: Dashboard = {
  uid: 'gruard-overview',
  title: 'gruard overview',
  description: 'What is anomalous, why, and whether gruard itself is well.',
  variables: [
    { name: 'job', label: 'Job', query: 'label_values(gruard_build_info, job)', all: true },
    { name: 'instance', label: 'Instance', query: 'label_values(gruard_build_info{job=~"$job"}, instance)', all: true },
    { name: 'stream', label: 'Stream', query: `label_values(gruard_series_ready{${FROM}}, stream)`, all: false },
    {
      name: 'series',
      label: 'Series',
      query: `label_values(gruard_anomalous{${FROM},stream="$stream"}, series)`,
      all: false,
    },
  ],
  annotations: [
    {
      name: 'Episodes of the series',
      expr: `gruard_anomalous{${SERIES}} == 1`,
      title: '{{stream}}: anomalous',
      text: '{{series}} {{field}}',
    },
  ],
  rows: [
    { id: 101, title: 'Anomalies', panels: anomalies },
    { id: 102, title: 'Series $series', panels: series },
    { id: 103, title: 'Streams', panels: streams },
    { id: 104, title: 'Processes', panels: processes },
  ],
};

/** The committed file, as text. */
export function overviewText(): string {
  return `${jsonText(dashboardModel(OVERVIEW))}\n`;
}

function colour(name: string): Record<string, unknown> {
  return { color: { mode: 'fixed', fixedColor: name } };
}

/** The band's edges are no lines of their own. */
function edge(): Record<string, unknown> {
  return { ...colour('blue'), 'custom.lineWidth': 0 };
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(join(import.meta.dirname, 'dashboards/gruard-overview.json'), overviewText());
}
