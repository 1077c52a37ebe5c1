import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { Listener } from '../../src/report/http.ts';
import { METRICS } from '../../src/report/metrics.ts';
import { newReport, type Report } from '../../src/report/report.ts';
import { parseExposition, valuesOf } from '../support/exposition.ts';
import { available } from '../support/required.ts';
import { admitted, FACTS, handClock, laneReport, noLog, share, stream, streamReport, updates } from './synthetic.ts';

const promtool = 'promtool';
const NONE = Number.NaN;
const listeners: Listener[] = [];
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

async function open({ detail = 'bands' as 'bands' | 'score' | 'none', seriesBudget = 10 } = {}) {
  const clock = handClock();
  const settings = { lanes: 2, streams: [stream('s'), stream('t')], metrics: { detail, seriesBudget } };
  const report = newReport(settings, FACTS, clock, noLog, () => {});
  const listener = await report.listen({
    host: '127.0.0.1',
    port: 0,
    anonymous: false,
    tls: undefined,
    auth: undefined,
  });
  listeners.push(listener);
  const scrape = async () => {
    clock.advance(1000);
    const body = await (await fetch(`http://${listener.address}/metrics`)).text();
    return { body, parsed: parseExposition(body) };
  };
  return { report, listener, scrape };
}

/** Every number that a lane can tell. */
function tellAll(report: Report): void {
  const shares = ['s', 't'].map((name) =>
    share(name, {
      position: 90,
      checkpointed: 80,
      endOffset: 100,
      watermarkMs: 1_795_771_860_123,
      series: { ready: 1, warming: 1, silent: 0, anomalous: 1, muted: 0, onBaseline: 3, scoredOnBaseline: 2 },
      budgetPerDay: 0.5,
      warmupProgress: 0.75,
      coverage: 0.98,
      skill: 0.3,
      errorScaled: 0.8,
      trainingLoss: 0.2,
      firstScoreSeconds: 12,
    }),
  );
  report.accept(
    laneReport(1, {
      shares,
      streams: [streamReport('s'), streamReport('t')],
      handoffSeconds: 1.5,
      lastFetchMs: 1_795_771_860_123,
      checkpoint: { ...laneReport(0).checkpoint, lastSuccessMs: 1_795_771_860_123 },
      admitted: [admitted(1, 's', 'a'), admitted(2, 's', 'warming"\\\n,')],
      rows: updates([1, 1.5, 9, 2, 1, 3, 1], [2, NONE, 7, NONE, NONE, NONE, 0]),
    }),
  );
}

describe('/metrics', () => {
  it('shows every metric of the catalogue once lanes told everything', async () => {
    const { report, scrape } = await open();
    tellAll(report);
    await scrape();
    const { types } = (await scrape()).parsed;
    for (const [name, { type }] of Object.entries(METRICS)) expect([name, types.get(name)]).toEqual([name, type]);
    expect(types.get('process_cpu_seconds_total')).toBe('counter');
    expect(types.get('nodejs_eventloop_lag_seconds')).toBe('gauge');
  });

  it('has every counter at 0 for each configured stream, reason and lane before anything came', async () => {
    const { scrape } = await open();
    const { parsed } = await scrape();
    for (const [name, { type, labels }] of Object.entries(METRICS)) {
      if (type !== 'counter' || labels.includes('partition')) continue;
      const values = valuesOf(parsed, name, labels.includes('stream') ? { stream: 't' } : {});
      expect([name, ...new Set(values)]).toEqual([name, 0]);
    }
    const reasons = parsed.lines.filter(({ name }) => name === 'gruard_samples_dropped_total');
    expect(reasons).toHaveLength(2 * 6);
    expect(valuesOf(parsed, 'gruard_episodes_total', { stream: 's' })).toHaveLength(3 * 3 * 5);
    expect(valuesOf(parsed, 'gruard_lane_restarts_total')).toEqual([0, 0]);
    expect(valuesOf(parsed, 'gruard_kafka_connected')).toEqual([0, 0]);
  });

  it('gives a warming series a value, but no score, no forecast and no band', async () => {
    const { report, scrape } = await open();
    tellAll(report);
    const { parsed } = await scrape();
    const of = (name: string) => valuesOf(parsed, name, { host: 'warming"\\\n,' });
    expect([of('gruard_value'), of('gruard_anomalous')]).toEqual([[7], [0]]);
    for (const name of ['gruard_anomaly_score', 'gruard_expected', 'gruard_expected_lower', 'gruard_expected_upper']) {
      expect([name, of(name)]).toEqual([name, []]);
      expect(valuesOf(parsed, name, { host: 'a' })).toHaveLength(1);
    }
  });

  it('adds up promises and mutes of all partitions; without a budget nothing is promised', async () => {
    const { report, scrape } = await open();
    const series = { ready: 2, warming: 0, silent: 0, anomalous: 0, muted: 1, onBaseline: 0, scoredOnBaseline: 0 };
    const shares = [0, 1].map((partition) => share('s', { partition, series, budgetPerDay: 0.5 }));
    report.accept(laneReport(0, { shares: [...shares, share('t', { series })] }));
    const { parsed } = await scrape();
    const of = (name: string) => ['s', 't'].map((stream) => valuesOf(parsed, name, { stream }));
    expect(of('gruard_budget_episodes_per_day')).toEqual([[1], []]);
    expect(of('gruard_series_muted')).toEqual([[2], [1]]);
  });

  it('has a line for each kind of kernel that lanes compute with', async () => {
    const { report, scrape } = await open();
    const kinds = async () =>
      (await scrape()).parsed.lines
        .filter(({ name }) => name === 'gruard_kernel_info')
        .map(({ labels, value }) => [labels['backend'], labels['arithmetic'], value]);
    expect(await kinds()).toEqual([]);
    const js = { backend: 'js', fused: false } as const;
    report.accept(laneReport(0, { kernels: [{ backend: 'simd', fused: true }] }));
    report.accept(laneReport(1, { kernels: [{ backend: 'simd', fused: true }, js] }));
    expect(await kinds()).toEqual([
      ['js', 'unfused', 1],
      ['simd', 'fused', 1],
    ]);
    report.accept(laneReport(0, { kernels: [{ backend: 'simd', fused: false }] }));
    report.laneEnded(1);
    expect(await kinds()).toEqual([['simd', 'unfused', 1]]);
    report.accept(laneReport(0, { kernels: [] }));
    expect(await kinds()).toEqual([]);
  });

  it('derives lag, instants and cumulative buckets', async () => {
    const { report, scrape } = await open();
    const counts = [1, 0, 2, 0, 0, 3, 0, 0, 0, 0, 4];
    report.accept(
      laneReport(0, {
        shares: [share('s', { position: 90, endOffset: 100, watermarkMs: 1_795_771_860_123 })],
        streams: [streamReport('s', { scores: { counts, sum: 77.5 } })],
      }),
    );
    const { parsed } = await scrape();
    expect(valuesOf(parsed, 'gruard_kafka_lag_records', { stream: 's', topic: 's.v1', partition: '0' })).toEqual([10]);
    expect(valuesOf(parsed, 'gruard_watermark_timestamp_seconds')).toEqual([1_795_771_860.123]);
    const name = 'gruard_anomaly_score_distribution';
    expect(valuesOf(parsed, `${name}_bucket`, { stream: 's' })).toEqual([1, 1, 3, 3, 3, 6, 6, 6, 6, 6, 10]);
    expect(valuesOf(parsed, `${name}_bucket`, { stream: 's', le: '+Inf' })).toEqual([10]);
    expect([`${name}_sum`, `${name}_count`].map((each) => valuesOf(parsed, each, { stream: 's' }))).toEqual([
      [77.5],
      [10],
    ]);
  });

  it('says how many series it withholds and how many are split', async () => {
    const { report, scrape } = await open({ seriesBudget: 1 });
    report.accept(laneReport(0, { admitted: [admitted(1, 's', 'a'), admitted(2, 's', 'b')] }));
    report.accept(laneReport(1, { admitted: [admitted(1, 's', 'a', 1)] }));
    const { parsed } = await scrape();
    const counts = ['exported', 'withheld', 'split'].map((what) =>
      valuesOf(parsed, `gruard_series_${what}`, { stream: 's' }),
    );
    expect(counts).toEqual([[1], [1], [1]]);
  });

  it.each([
    ['bands', 6],
    ['score', 2],
    ['none', 0],
  ] as const)('writes with detail %s %i lines a scored series', async (detail, count) => {
    const { report, scrape } = await open({ detail });
    tellAll(report);
    const { parsed } = await scrape();
    expect(parsed.lines.filter(({ labels: { host } }) => host === 'a')).toHaveLength(count);
  });

  it('lets no counter fall when a lane starts anew', async () => {
    const { report, scrape } = await open();
    const counters = { ...share('s').counters, recordsReceived: 5 };
    const told = laneReport(0, { rebalances: 2, shares: [share('s', { counters })] });
    report.accept(told);
    report.laneEnded(0);
    report.accept(told);
    const { parsed } = await scrape();
    expect(valuesOf(parsed, 'gruard_records_received_total', { stream: 's' })).toEqual([10]);
    expect(valuesOf(parsed, 'gruard_rebalances_total', { lane: '0' })).toEqual([4]);
    expect(valuesOf(parsed, 'gruard_lane_restarts_total', { lane: '0' })).toEqual([1]);
  });

  it.runIf(available(promtool, 'promtool on the live exposition'))('pleases promtool', async () => {
    const { report, scrape } = await open();
    tellAll(report);
    await scrape();
    const { body } = await scrape();
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: body, encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

describe('health', () => {
  it('is ready when all lanes are, until it stops', async () => {
    const { report, listener } = await open();
    const readyz = async () => {
      const response = await fetch(`http://${listener.address}/readyz`);
      return [response.status, await response.text()];
    };
    report.accept(laneReport(0));
    expect(await readyz()).toEqual([503, 'lane 1: starting\n']);
    report.accept(laneReport(1));
    expect(await readyz()).toEqual([200, 'ready\n']);
    report.condition.stopping = true;
    expect(await readyz()).toEqual([503, 'stopping\n']);
    expect((await fetch(`http://${listener.address}/healthz`)).status).toBe(200);
  });
});
