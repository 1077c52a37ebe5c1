import { expect, it } from 'vitest';
import { startDaemon, until } from '../support/daemon.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { available } from '../support/required.ts';

it('shows the first anomaly within 30 s, after a visible warm-up, and ends by itself', {
  timeout: 60_000,
}, async () => {
  const from = Date.now();
  const demo = startDaemon(['demo', '--until', 'first-anomaly', '--listen', '127.0.0.1:0']);
  expect(await demo.exited, demo.stderr()).toBe(0);
  expect(Date.now() - from).toBeLessThan(30_000);
  const lines = demo.stdout().split('\n');
  const index = (word: string): number => lines.findIndex((line) => line.includes(word));
  expect(index('/metrics')).toBeGreaterThanOrEqual(0);
  expect(index('warming up')).toBeGreaterThan(index('/metrics'));
  expect(index('ready')).toBeGreaterThan(index('/metrics'));
  expect(lines[index('ANOMALY')]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d .*observed \S+, expected \S+ – \S+ .*score \d/);
});

it('runs until it is told to stop, and stops cleanly', { timeout: 60_000 }, async () => {
  const demo = startDaemon(['demo', '--listen', '127.0.0.1:0']);
  await until('an anomaly has opened and one has ended', () => /ended/.test(demo.stdout()), demo);
  expect(await demo.stop('SIGINT')).toBe(0);
});

it.runIf(available('prometheus', 'a real Prometheus scraping a running gruard'))(
  'is scraped by a real Prometheus, which answers with its scores',
  { timeout: 90_000 },
  async () => {
    const demo = startDaemon(['demo', '--listen', '127.0.0.1:0']);
    const address = /http:\/\/(\S+)\/metrics/;
    await until('it listens', () => address.test(demo.stdout()), demo);
    const prometheus = await startPrometheus({ targets: [address.exec(demo.stdout())?.[1] ?? ''] });
    try {
      const scores = await prometheus.until('gruard_anomaly_score', (results) => results.length === 14, 40_000);
      expect(scores.every(({ value }) => value >= 0)).toBe(true);
      expect(await prometheus.query('up{job="gruard"}')).toMatchObject([{ value: 1 }]);
      const inside = 'gruard_value >= gruard_expected_lower and gruard_value <= gruard_expected_upper';
      expect((await prometheus.query(inside)).length).toBeGreaterThan(6);
      // A rate needs two scrapes.
      const learns = 'sum(rate(gruard_learned_windows_total[30s])) > 0';
      await prometheus.until(learns, (results) => results.length === 1);
    } finally {
      await prometheus.stop();
      await demo.stop();
    }
  },
);
