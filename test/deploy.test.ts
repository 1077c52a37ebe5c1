// What is deployed agrees with what is built: files that are named exist, metrics that are named are exported.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { METRICS, type MetricName } from '../src/report/metrics.ts';
import { observeProcess } from '../src/report/processMetrics.ts';

const root = resolve(import.meta.dirname, '..');
const deploy = join(root, 'deploy');
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const files = readdirSync(deploy, { recursive: true, encoding: 'utf8' });

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly description?: string; readonly runbook_url?: string };
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

interface RulesTest {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
}

/** Throws on anything the parser finds odd. */
function yaml<T>(...path: string[]): T {
  const document = parseDocument(read(...path));
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw problem;
  return document.toJS() as T;
}

const rules = yaml<Rules>('deploy/prometheus/rules.yml').groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);

/** Names that our process exports, or that our recording rules make; those of histograms with their suffixes. */
async function knownMetrics(): Promise<Set<string>> {
  const ours = (Object.keys(METRICS) as MetricName[]).flatMap((name) =>
    METRICS[name].type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  const theirs = [...(await observeProcess()()).matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  return new Set([...ours, ...theirs, ...rules.flatMap(({ record }) => record ?? [])]);
}

/** What looks like a metric of ours; `gruard_series_*` stands for all that begin so. */
function metricsIn(text: string): string[] {
  return text.match(/(?:gruard_[a-z]|process_[a-z]|nodejs_[a-z]|stream:gruard)[a-z0-9_:]*\*?/g) ?? [];
}

describe('what is deployed', () => {
  it('is YAML without errors and warnings', () => {
    const names = files.filter((file) => /\.ya?ml$/.test(file));
    expect(names.length).toBeGreaterThanOrEqual(7);
    for (const name of names) expect(() => yaml('deploy', name), name).not.toThrow();
  });

  it.each([
    'deploy/prometheus/rules.yml',
    'deploy/prometheus/rules.test.yml',
    'deploy/grafana/dashboards/gruard-overview.json',
    'deploy/README.md',
    'README.md',
  ])('names only metrics that exist: %s', async (path) => {
    const known = await knownMetrics();
    const named = metricsIn(read(path));
    expect(named.length).toBeGreaterThan(5);
    const unknown = named.filter((name) =>
      name.endsWith('*') ? ![...known].some((one) => one.startsWith(name.slice(0, -1))) : !known.has(name),
    );
    expect(unknown).toEqual([]);
  });
});

describe('the alert pack', () => {
  it.each(alerts.map((rule) => [rule.alert ?? '', rule] as const))('%s is explained', (name, rule) => {
    expect(rule.labels?.severity).toMatch(/^(info|warning|critical)$/);
    expect(rule.annotations?.summary).toMatch(/\{\{ \$labels\.\w+ \}\}/);
    expect(rule.annotations?.description).toMatch(/\.$/);
    const [page = '', anchor = ''] = rule.annotations?.runbook_url?.split('#') ?? [];
    expect(anchor).toBe(name.toLowerCase());
    expect(read(page)).toContain(`\n#### ${name}\n`);
  });

  it('is tested: every alert has a case that fires and one that stays quiet', () => {
    const cases = yaml<RulesTest>('deploy/prometheus/rules.test.yml').tests.flatMap((test) => test.alert_rule_test);
    const names = alerts.map(({ alert }) => alert);
    const covered = (fires: boolean): string[] => [
      ...new Set(cases.filter((one) => one.exp_alerts.length > 0 === fires).map(({ alertname }) => alertname)),
    ];
    expect(names.length).toBeGreaterThan(15);
    expect(covered(true).sort()).toEqual([...names].sort());
    expect(covered(false).sort()).toEqual([...names].sort());
  });
});

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
  readonly restart?: string;
  readonly ports?: readonly string[];
  readonly mem_limit?: string;
}

interface Compose {
  readonly services: Readonly<Record<'kafka' | 'topics' | 'producer' | 'gruard' | 'prometheus' | 'grafana', Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

describe('the compose demo', () => {
  const compose = yaml<Compose>('deploy/compose.yaml');
  const byName: Readonly<Record<string, Service>> = compose.services;
  const services = Object.entries(byName);
  const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));

  it('mounts files and folders that exist, and volumes that are declared', () => {
    expect(mounts.length).toBeGreaterThan(7);
    for (const mount of mounts) {
      if (mount.startsWith('.')) expect(existsSync(join(deploy, mount)), mount).toBe(true);
      else expect(compose.volumes).toHaveProperty(mount);
    }
  });

  it('builds its own image from this repository', () => {
    const { build, image } = compose.services.gruard;
    expect(existsSync(join(deploy, build?.context ?? '', build?.dockerfile ?? 'missing'))).toBe(true);
    expect(compose.services.producer.image).toBe(image);
  });

  it('pins every foreign image to a release', () => {
    const foreign = services.flatMap(([, { image = '' }]) => (image.startsWith('gruard:') ? [] : [image]));
    expect(foreign.length).toBeGreaterThanOrEqual(4);
    for (const image of foreign) expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+$/);
  });

  it('starts each service when what it needs is healthy or done', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const service = byName[needed];
        expect(service, `${name} needs ${needed}`).toBeDefined();
        const runsOnce = service?.restart === 'on-failure';
        expect(condition, `${name} needs ${needed}`).toBe(
          runsOnce ? 'service_completed_successfully' : 'service_healthy',
        );
        // Our image brings its own.
        if (!runsOnce && needed !== 'gruard') expect(service?.healthcheck, needed).toBeDefined();
      }
    }
    expect(services.filter(([, { depends_on }]) => depends_on === undefined).map(([name]) => name)).toEqual(['kafka']);
  });

  it('is reached from this machine only', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBe(4);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('bounds the memory of whatever keeps running', () => {
    for (const [name, { restart, mem_limit }] of services) {
      if (restart === 'unless-stopped') expect(mem_limit, name).toMatch(/^\d+[mg]$/);
    }
  });

  it('provisions what Grafana mounts', () => {
    const provider = yaml<{ providers: { options: { path: string }; allowUiUpdates: boolean }[] }>(
      'deploy/grafana/provisioning/dashboards/gruard.yaml',
    ).providers[0];
    expect(provider?.allowUiUpdates).toBe(false);
    const mounted = compose.services.grafana.volumes?.map((volume) => volume.split(':')[1]);
    expect(mounted).toContain(provider?.options.path);
  });
});

describe('the image', () => {
  const dockerfile = read('Dockerfile');
  const lines = dockerfile.replaceAll('\\\n', ' ').split('\n');
  const last = (instruction: string): string =>
    lines
      .findLast((line) => line.startsWith(`${instruction} `))
      ?.slice(instruction.length)
      .trim() ?? '';

  it('starts the daemon directly, as a user without rights, and stops it with SIGTERM', () => {
    expect(JSON.parse(last('ENTRYPOINT'))).toEqual(['node', '--enable-source-maps', 'dist/main.js']);
    expect(JSON.parse(last('CMD'))).toEqual(['run', '/etc/gruard', '--listen', '0.0.0.0:9464', '--anonymous']);
    expect(last('USER')).toBe('65532:65532');
    expect(last('STOPSIGNAL')).toBe('SIGTERM');
    expect(last('VOLUME')).toBe('/var/lib/gruard');
    expect(dockerfile).toContain('ENV STATE_DIRECTORY=/var/lib/gruard\n');
  });

  it('copies only what is not ignored', () => {
    const kept = read('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? line.slice(1) : []));
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1))
      .map((path) => path.replace(/^\.\//, ''));
    expect([...new Set(copied)].sort()).toEqual([...kept].sort());
    for (const path of kept) expect(existsSync(join(root, path)), path).toBe(true);
  });
});

describe('the systemd unit', () => {
  const unit = read('deploy/systemd/gruard.service');
  const setting = (key: string): string[] =>
    [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);

  it('starts the daemon as the image does, and not again when the configuration is invalid', () => {
    expect(setting('ExecStart')).toEqual([
      '/usr/bin/node --enable-source-maps /opt/gruard/dist/main.js run /etc/gruard',
    ]);
    expect(setting('Type')).toEqual(['exec']);
    expect(setting('Restart')).toEqual(['always']);
    expect(setting('RestartPreventExitStatus')).toEqual(['78']);
  });

  it('gives it a state directory and nothing else', () => {
    for (const key of ['DynamicUser', 'NoNewPrivileges']) expect(setting(key)).toEqual(['yes']);
    expect(setting('ProtectSystem')).toEqual(['strict']);
    expect(setting('StateDirectory')).toEqual(['gruard']);
  });

  it('waits longer than a settling takes', () => {
    expect(Number(setting('TimeoutStopSec')[0])).toBeGreaterThan(25);
  });

  it('sets what is too late to set from inside', () => {
    const environment = setting('Environment').join(' ');
    expect(environment).toMatch(/NODE_OPTIONS=--max-old-space-size=\d+/);
    expect(environment).toMatch(/UV_THREADPOOL_SIZE=\d+/);
  });
});
