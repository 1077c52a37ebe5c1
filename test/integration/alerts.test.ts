// promtool on what is deployed: the alert pack, the scrape configuration and every query of the dashboard.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { available } from '../support/required.ts';

const deploy = resolve(import.meta.dirname, '../../deploy');
const folder = mkdtempSync(join(tmpdir(), 'gruard-alerts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Target {
  readonly expr: string;
}

interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly Target[] }[];
  readonly annotations: { readonly list: readonly Target[] };
}

const dashboard = JSON.parse(
  readFileSync(join(deploy, 'grafana/dashboards/gruard-overview.json'), 'utf8'),
) as Dashboard;
const expressions = [...dashboard.panels.flatMap(({ targets = [] }) => targets), ...dashboard.annotations.list].map(
  ({ expr }) => expr,
);

/** A series whose name has everything that a query could trip over, but for a back quote. */
const hostile = String.raw`host="a.b\\c",path="/x?y=(1|2)[3]{4}'5'",region="eu+*^$"`;

/** Replaces variables as Grafana does; `:regex` escapes what a regular expression would read as its own. */
function substituted(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$' + '{series:regex}', () => hostile.replace(/[-/\\^$*+?.()|[\]{}]/g, String.raw`\$&`))
    .replaceAll('$stream', 'orders')
    .replaceAll(/\$(?:job|instance)/g, '.*');
}

/** Runs promtool on a file of ours; answers what it printed when it is content, and throws when it is not. */
function promtool(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`);
  return stdout;
}

/** JSON is YAML. */
function written(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

describe.runIf(available('promtool', 'the alert pack and the queries of the dashboard'))('promtool', () => {
  it('accepts the scrape configuration and the rules that it names', () => {
    expect(promtool('check', 'config', join(deploy, 'prometheus/prometheus.yml'))).toContain('SUCCESS');
  });

  it('lints the rules without a finding', () => {
    expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', join(deploy, 'prometheus/rules.yml'))).toContain(
      'SUCCESS',
    );
  });

  it('fires and silences every alert as told', { timeout: 240_000 }, () => {
    expect(promtool('test', 'rules', join(deploy, 'prometheus/rules.test.yml'))).toContain('SUCCESS');
  });

  it('refuses a query that does not parse, so the next test can fail', () => {
    const path = written('broken.yml', { groups: [{ name: 'q', rules: [{ record: 'q', expr: 'sum by (x (up)' }] }] });
    expect(() => promtool('check', 'rules', path)).toThrow(/parse error/);
  });

  it('parses every query of the dashboard', () => {
    const rules = expressions.map((expr, at) => ({ record: `query:${at}`, expr: substituted(expr) }));
    expect(rules.length).toBeGreaterThan(15);
    const path = written('queries.yml', { groups: [{ name: 'queries', rules }] });
    expect(promtool('check', 'rules', path)).toContain(`${rules.length} rules found`);
  });

  it('finds the chosen series, whatever its name', () => {
    const expr = expressions.find((one) => one.startsWith('gruard_anomalous{')) ?? '';
    const labels = `stream="orders",series=${JSON.stringify(hostile)},field="value"`;
    const others = `stream="orders",series="host=\\"aXb\\"",field="value"`;
    const input = [labels, others].map((inside) => ({ series: `gruard_anomalous{${inside}}`, values: '1x5' }));
    const path = written('chosen.yml', {
      rule_files: [],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: input,
          promql_expr_test: [
            {
              expr: substituted(expr),
              eval_time: '2m',
              exp_samples: [{ labels: `gruard_anomalous{${labels}}`, value: 1 }],
            },
          ],
        },
      ],
    });
    expect(promtool('test', 'rules', path)).toContain('SUCCESS');
  });
});
