import { expect, it } from 'vitest';
import { resolveProcess } from '../../src/config/resolve.ts';
import { Config, type ConfigInput } from '../../src/config/schema.ts';
import type { Settings } from '../../src/settings.ts';

const streams = { a: { topic: 't', value: '$.v' } };

function resolve(
  input: Partial<ConfigInput>,
  environment: Readonly<Record<string, string>> = {},
  machine = { cores: 8, memoryBytes: 4e9 },
): { readonly settings: Settings; readonly complaints: readonly string[] } {
  const complaints: string[] = [];
  const settings = resolveProcess(Config.parse({ streams, ...input }), [], environment, machine, (code, path) => {
    complaints.push(`${code} ${path.join('.')}`);
  });
  return { settings, complaints };
}

it('has a default for everything', () => {
  expect(resolve({}).settings).toEqual({
    kafka: {
      brokers: ['localhost:9092'],
      group: 'gruard',
      tls: undefined,
      sasl: undefined,
      verifyCrc: false,
      onBadBatch: 'pause',
    },
    lanes: 7,
    memoryBytes: 2e9,
    streams: [],
    overload: { learning: 'keep' },
    sinks: { events: undefined, rejects: undefined },
    state: {
      store: 'file',
      dir: './gruard-state',
      everyMs: 10_000,
      keep: 2,
      kafka: { topic: 'gruard-{group}-{topic}-state', replication: 3 },
    },
    metrics: { detail: 'bands', seriesBudget: 1000 },
    http: { host: '127.0.0.1', port: 9464, anonymous: false, tls: undefined, auth: undefined },
    log: { level: 'info', format: 'auto' },
  });
});

it.each([
  [1, 1],
  [2, 1],
  [100, 64],
])('runs on %d cores %d lanes', (cores, lanes) => {
  expect(resolve({}, {}, { cores, memoryBytes: 1e9 }).settings.lanes).toBe(lanes);
});

it('keeps its state where systemd says, unless the file says more', () => {
  const environment = { STATE_DIRECTORY: '/var/lib/gruard:/var/lib/other' };
  expect(resolve({}, environment).settings.state.dir).toBe('/var/lib/gruard');
  expect(resolve({ state: { dir: '/data' } }, environment).settings.state.dir).toBe('/data');
  expect(resolve({}, { STATE_DIRECTORY: '' }).settings.state.dir).toBe('./gruard-state');
});

it('reveals the password in the settings alone', () => {
  const sasl = { mechanism: 'plain', username: 'u', password: 'hunter2' } as const;
  expect(resolve({ kafka: { sasl } }).settings.kafka.sasl).toEqual(sasl);
  expect(JSON.stringify(Config.parse({ streams, kafka: { sasl } }))).not.toContain('hunter2');
});

it('gives events and rejects a topic each', () => {
  const topic = 'x';
  expect(resolve({ sinks: { events: { topic }, rejects: { topic } } }).complaints).toEqual([
    'conflict sinks.rejects.topic',
  ]);
});

it('takes any group and any prefix where state is kept in files', () => {
  expect(resolve({ kafka: { group: 'my group' } }).complaints).toEqual([]);
  expect(resolve({ kafka: { group: 'my group' }, state: { store: 'kafka' } }).complaints).toEqual([
    'conflict state.kafka.topic',
  ]);
});
