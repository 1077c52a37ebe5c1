// What our dashboards are built from: panels, queries and variables in Grafana's words, the same for every panel where
// nothing is to be chosen. Types cover what is used here, not what Grafana knows.

interface Query {
  readonly expr: string;
  /** `{{label}}` stands for the value of a label. */
  readonly legend: string;
  /** One value for now, instead of a line over the time range. */
  readonly instant?: boolean;
}

interface Override {
  /** Legend of the line, or name of the column. */
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Panel {
  /** Part of every link to the panel: never given to another one. */
  readonly id: number;
  readonly type: 'timeseries' | 'table' | 'state-timeline';
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly height?: number;
  readonly queries: readonly Query[];
  readonly min?: number;
  readonly max?: number;
  /** A line across the panel: what lies above it is red. */
  readonly threshold?: number;
  readonly mappings?: readonly unknown[];
  readonly custom?: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly overrides?: readonly Override[];
  readonly transformations?: readonly unknown[];
}

interface Row {
  readonly id: number;
  readonly title: string;
  readonly panels: readonly Panel[];
}

interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(…)`. */
  readonly query: string;
  /** All values at once, which is then also the first choice. */
  readonly all: boolean;
}

interface Annotation {
  readonly name: string;
  readonly expr: string;
  readonly title: string;
  readonly text: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly annotations: readonly Annotation[];
  readonly rows: readonly Row[];
}

/** The data source is a variable, so that the same file serves any Grafana. */
const SOURCE = { type: 'prometheus', uid: placeholder('datasource') };
const COLUMNS = 24;
const HEIGHT = 8;

/** The dashboard as Grafana's JSON model. Panels flow from left to right below the title of their row. */
export function dashboardModel({ uid, title, description, variables, annotations, rows }: Dashboard): object {
  return {
    uid,
    title,
    description,
    tags: ['gruard'],
    editable: false,
    graphTooltip: 1,
    refresh: '5s',
    schemaVersion: 39,
    time: { from: 'now-30m', to: 'now' },
    timezone: 'browser',
    templating: { list: [sourceVariable(), ...variables.map(queryVariable)] },
    annotations: { list: annotations.map(annotationModel) },
    panels: placed(rows),
  };
}

/** What Grafana replaces: `name` is a variable, with the form of its text behind a colon. */
export function placeholder(name: string): string {
  return `$\{${name}}`;
}

/** As text, formatted as the repository's formatter does: lists of plain values stay on one line. */
export function jsonText(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((part) => jsonText(part, inner))
    : Object.entries(value)
        .filter(([, part]) => part !== undefined)
        .map(([key, part]) => `${JSON.stringify(key)}: ${jsonText(part, inner)}`);
  const [open, close] = isList ? '[]' : '{}';
  if (parts.length === 0 || (isList && value.every((part) => typeof part !== 'object' || part === null))) {
    return `${open}${parts.join(', ')}${close}`;
  }
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
}

function placed(rows: readonly Row[]): object[] {
  const models: object[] = [];
  let y = 0;
  for (const { id, title, panels } of rows) {
    models.push({ id, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: COLUMNS, h: 1 }, panels: [] });
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const panel of panels) {
      const { width, height = HEIGHT } = panel;
      if (x + width > COLUMNS) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      models.push({ ...panelModel(panel), gridPos: { x, y, w: width, h: height } });
      x += width;
      lineHeight = Math.max(lineHeight, height);
    }
    y += lineHeight;
  }
  return models;
}

function panelModel(panel: Panel): object {
  const { id, type, title, description, unit, min, max, threshold, mappings = [], overrides = [] } = panel;
  const steps = [
    { color: 'green', value: null },
    ...(threshold === undefined ? [] : [{ color: 'red', value: threshold }]),
  ];
  const line = type === 'timeseries' ? { lineWidth: 1, fillOpacity: 0, showPoints: 'never', spanNulls: false } : {};
  const thresholdsStyle = threshold === undefined ? {} : { thresholdsStyle: { mode: 'line' } };
  return {
    id,
    type,
    title,
    description,
    datasource: SOURCE,
    fieldConfig: {
      defaults: {
        unit,
        min,
        max,
        mappings,
        thresholds: { mode: 'absolute', steps },
        custom: { ...line, ...thresholdsStyle, ...panel.custom },
      },
      overrides: overrides.map(({ name, properties }) => ({
        matcher: { id: 'byName', options: name },
        properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
      })),
    },
    options: { ...DEFAULT_OPTIONS[type], ...panel.options },
    targets: panel.queries.map((query, index) => targetModel(query, index, type)),
    transformations: panel.transformations,
  };
}

const DEFAULT_OPTIONS = {
  timeseries: {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  table: { showHeader: true, cellHeight: 'sm' },
  'state-timeline': { showValue: 'never', mergeValues: true, legend: { showLegend: true, placement: 'bottom' } },
} as const;

function targetModel({ expr, legend, instant = false }: Query, index: number, type: Panel['type']): object {
  return {
    refId: String.fromCharCode('A'.charCodeAt(0) + index),
    datasource: SOURCE,
    expr,
    legendFormat: legend,
    format: type === 'table' ? 'table' : 'time_series',
    instant,
    range: !instant,
  };
}

function sourceVariable(): object {
  return { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1, hide: 0 };
}

/** Asked again whenever the time range changes: series come and go. */
function queryVariable({ name, label, query, all }: Variable): object {
  return {
    name,
    label,
    type: 'query',
    datasource: SOURCE,
    query: { query, refId: name },
    definition: query,
    refresh: 2,
    sort: 1,
    multi: all,
    includeAll: all,
    allValue: all ? '.*' : undefined,
    current: all ? { text: 'All', value: '$__all' } : undefined,
  };
}

function annotationModel({ name, expr, title, text }: Annotation): object {
  return {
    name,
    datasource: SOURCE,
    enable: true,
    hide: false,
    iconColor: 'red',
    expr,
    step: '5s',
    titleFormat: title,
    textFormat: text,
    useValueForTime: false,
  };
}
