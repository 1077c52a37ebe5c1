import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { overviewText } from '../../deploy/grafana/overview.ts';
import { METRICS, type Metric } from '../../src/report/metrics.ts';

const path = join(import.meta.dirname, '../../deploy/grafana/dashboards/gruard-overview.json');
const committed = readFileSync(path, 'utf8');

interface Target {
  readonly expr: string;
  readonly datasource: { readonly uid: string };
}

interface PanelModel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string };
    readonly overrides: readonly {
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

interface Model {
  readonly uid: string;
  readonly panels: readonly PanelModel[];
  readonly annotations: { readonly list: readonly Target[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const model = JSON.parse(committed) as Model;
const panels = model.panels.filter(({ type }) => type !== 'row');
const targets = panels.flatMap((panel) => panel.targets ?? []);
const expressions = [...targets, ...model.annotations.list].map(({ expr }) => expr);
const catalogue: Readonly<Record<string, Metric>> = METRICS;

describe('the overview dashboard', () => {
  it('is what overview.ts writes: run `node deploy/grafana/overview.ts` after a change', () => {
    expect(committed).toBe(overviewText());
  });

  it('has a uid of its own and brings no inputs to fill in', () => {
    expect(model.uid).toBe('gruard-overview');
    expect(committed).not.toContain('__inputs');
  });

  it('never gives the same id to two panels', () => {
    const ids = model.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('lays no panel over another one or beyond the edge', () => {
    for (const { title, gridPos: a } of model.panels) {
      expect(a.x + a.w, title).toBeLessThanOrEqual(24);
      const above = model.panels.filter(
        ({ gridPos: b }) => b.y < a.y + a.h && a.y < b.y + b.h && b.x < a.x + a.w && a.x < b.x + b.w,
      );
      expect(above.map((panel) => panel.title)).toEqual([title]);
    }
  });

  it.each(panels.map((panel) => [panel.title, panel] as const))('says what it shows: %s', (_, panel) => {
    expect(panel.description).toMatch(/\.$/);
    expect(panel.fieldConfig?.defaults.unit).toBeTruthy();
    expect(panel.targets?.length).toBeGreaterThan(0);
  });

  it('takes its data from the chosen source', () => {
    const sources = [...targets, ...model.annotations.list].map(({ datasource }) => datasource.uid);
    expect(new Set(sources)).toEqual(new Set(['$' + '{datasource}']));
  });

  it('chains its variables: each is asked for what the ones before it leave', () => {
    const [source, ...queries] = model.templating.list;
    expect(source?.name).toBe('datasource');
    expect(queries.map(({ name }) => name)).toEqual(['job', 'instance', 'stream', 'series']);
    for (const [at, { name, definition = '' }] of queries.entries()) {
      expect(definition).toMatch(new RegExp(`^label_values\\(.*, ${name}\\)$`));
      for (const before of queries.slice(0, at)) expect(definition).toContain(`$${before.name}`);
    }
  });

  it('averages rates over what Grafana says', () => {
    const rates = expressions.flatMap((expr) => expr.match(/\b(?:rate|increase)\([^()]*\)/g) ?? []);
    expect(rates.length).toBeGreaterThan(4);
    for (const rate of rates) expect(rate).toMatch(/\[\$__rate_interval\]\)$/);
  });

  it('takes rates of counters only, and shows counters as rates only', () => {
    for (const expr of expressions) {
      for (const [, before = '', name = ''] of expr.matchAll(/(\w*\(?)\b(gruard_\w+)/g)) {
        const metric = catalogue[name.replace(/_bucket$/, '')];
        expect(before === 'rate(', `${name} in ${expr}`).toBe(metric?.type !== 'gauge');
      }
    }
  });

  it('asks metrics for labels that they have', () => {
    const selectors = [...expressions, ...model.templating.list.map(({ definition = '' }) => definition)].flatMap(
      (expr) => [...expr.matchAll(/\b(gruard_\w+)\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/g)],
    );
    expect(selectors.length).toBeGreaterThan(20);
    for (const [whole, name = '', inside = ''] of selectors) {
      const asked = [...inside.matchAll(/(?:^|,)(\w+)=/g)].map(([, label]) => label);
      const labels = ['job', 'instance', ...(catalogue[name.replace(/_bucket$/, '')]?.labels ?? [])];
      expect(labels, whole).toEqual(expect.arrayContaining(asked));
    }
  });

  it('shows a series once, also while it stands at two instances', () => {
    const ofSeries = targets.filter(({ expr }) => /\bgruard_(anomaly_score|value|expected\w*|anomalous)\{/.test(expr));
    expect(ofSeries.length).toBeGreaterThanOrEqual(6);
    for (const { expr } of ofSeries) expect(expr).toContain('max by (stream, series, field)');
  });

  it('fills the band between its edges', () => {
    const band = panels.find(({ title }) => title.startsWith('Value and band'));
    const upper = band?.fieldConfig?.overrides.find(({ matcher }) => matcher.options === 'upper');
    expect(upper?.properties).toContainEqual({ id: 'custom.fillBelowTo', value: 'lower' });
    expect(band?.targets?.map(({ expr }) => /gruard_\w+/.exec(expr)?.[0])).toEqual([
      'gruard_expected_upper',
      'gruard_expected_lower',
      'gruard_expected',
      'gruard_value',
    ]);
  });

  it('marks the open episodes of the chosen series', () => {
    const [annotation] = model.annotations.list;
    expect(annotation?.expr).toMatch(/^gruard_anomalous\{stream="\$stream",series=~.*\} == 1$/);
  });
});
