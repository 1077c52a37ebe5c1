import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '../../src/report/http.ts';
import { hashPassword } from '../../src/report/passwordHash.ts';
import { newReport, type Report } from '../../src/report/report.ts';
import { admitted, FACTS, laneReport, noLog, share, stream, updates } from '../report/synthetic.ts';
import { newAuthority } from '../support/certificates.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { available } from '../support/required.ts';

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const hostile = 'a"b\\c\nd,e="f"{}\u{1F600}';

describe.runIf(available('prometheus', 'a real Prometheus that scrapes gruard'))('a real Prometheus', () => {
  let report: Report;
  let listener: Listener;
  let prometheus: Prometheus;

  beforeAll(async () => {
    const settings = { lanes: 1, streams: [stream('s')], metrics: { detail: 'bands', seriesBudget: 10 } } as const;
    report = newReport(settings, FACTS, clock, noLog);
    listener = await report.listen({ host: '127.0.0.1', port: 0, anonymous: false, tls: undefined, auth: undefined });
    prometheus = await startPrometheus({ targets: [listener.address] });
  }, 30_000);
  afterAll(async () => {
    await prometheus?.stop();
    await listener?.close();
  });

  it('scrapes the target and finds what it has from the start', async () => {
    await prometheus.until('up{job="gruard"}', ([up]) => up?.value === 1);
    const [zero] = await prometheus.query('gruard_records_received_total{stream="s"}');
    expect(zero?.value).toBe(0);
  });

  it('answers the score of each series, labels byte for byte', async () => {
    report.accept(
      laneReport(0, {
        shares: [share('s', { counters: { ...share('s').counters, recordsReceived: 7 } })],
        admitted: [admitted(1, 's', 'web-7'), admitted(2, 's', hostile)],
        rows: updates([1, 1.42, 412.5, 180.2, 141.7, 218.7, 1], [2, 0.25, 1, 1, 0, 2, 0]),
      }),
    );
    const scores = await prometheus.until('gruard_anomaly_score{stream="s"}', (found) => found.length === 2);
    expect(new Map(scores.map(({ metric: { host }, value }) => [host, value]))).toEqual(
      new Map([
        ['web-7', 1.42],
        [hostile, 0.25],
      ]),
    );
    const anomalous = await prometheus.query('gruard_anomalous == 1');
    expect(anomalous.map(({ metric: { host, series, field } }) => [host, series, field])).toEqual([
      ['web-7', 'host="web-7"', 'value'],
    ]);
    const [band] = await prometheus.query('gruard_expected_upper - gruard_expected_lower and gruard_anomalous == 1');
    expect(band?.value).toBeCloseTo(77);
    const [increase] = await prometheus.until(
      'increase(gruard_records_received_total[1m])',
      ([found]) => found !== undefined && found.value > 0,
    );
    expect(increase?.metric).toMatchObject({ stream: 's' });
  });

  it('knows a removed series as stale at the next scrape, and keeps the others', async () => {
    report.accept(laneReport(0, { shares: [share('s')], removed: [1] }));
    const left = await prometheus.until('gruard_anomaly_score{stream="s"}', (found) => found.length === 1, 10_000);
    expect(left[0]?.metric).toMatchObject({ host: hostile });
  });
});

describe.runIf(available('prometheus', 'a real Prometheus that logs in'))('a Prometheus with credentials', () => {
  const token = 'a-token-of-the-test';
  const authority = newAuthority();
  const { cert, key } = authority.issue('listener');
  const running: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const one of running) await (one.close ?? one.stop)?.();
    authority.remove();
  });

  it('comes in over TLS by token and by password, and not with a wrong one', { timeout: 60_000 }, async () => {
    const settings = { lanes: 1, streams: [stream('s')], metrics: { detail: 'bands', seriesBudget: 10 } } as const;
    const auth = { bearer: token, basic: { prometheus: await hashPassword('swordfish') } };
    const http = { host: '127.0.0.1', port: 0, anonymous: false, tls: { cert, key }, auth };
    const listener = await newReport(settings, FACTS, clock, noLog).listen(http);
    running.push(listener);
    const secure = { scheme: 'https', tls_config: { ca_file: authority.ca } };
    const up = async (login: object): Promise<number | undefined> => {
      const prometheus = await startPrometheus({ targets: [listener.address], scrape: { ...secure, ...login } });
      running.push(prometheus);
      return (await prometheus.until('up{job="gruard"}', (found) => found.length === 1))[0]?.value;
    };
    expect(await up({ authorization: { credentials: token } })).toBe(1);
    expect(await up({ basic_auth: { username: 'prometheus', password: 'swordfish' } })).toBe(1);
    expect(await up({ authorization: { credentials: 'wrong' } })).toBe(0);
  });
});
