import { expect, it } from 'vitest';
import { newCondition } from '../../src/report/condition.ts';
import { liveness, readiness } from '../../src/report/health.ts';
import { accept, laneEnded, newMerge } from '../../src/report/merge.ts';
import { laneReport, share } from './synthetic.ts';

it('is ready when every lane is, and says until then what is missing', () => {
  const condition = newCondition();
  const merge = newMerge([], 2);
  expect(readiness(condition, merge)).toEqual({ ok: false, text: 'lane 0: starting\nlane 1: starting' });
  accept(merge, laneReport(1, { ready: false, waitingFor: 'restores orders/3' }));
  accept(merge, laneReport(0, { connected: false }));
  expect(readiness(condition, merge).text).toBe('lane 0: joins its consumer group\nlane 1: restores orders/3');
  accept(merge, laneReport(0));
  accept(merge, laneReport(1));
  expect(readiness(condition, merge)).toEqual({ ok: true, text: 'ready' });
  laneEnded(merge, 1);
  expect(readiness(condition, merge)).toEqual({ ok: false, text: 'lane 1: ended, waits to be started anew' });
});

it('says which streams warm up, and is ready all the same', () => {
  const merge = newMerge([], 1);
  const series = { ready: 2, warming: 3, silent: 1, anomalous: 0, muted: 0, onBaseline: 0, scoredOnBaseline: 0 };
  const warmingFor = { interval: 0, windows: 2, samples: 1 };
  const shares = [
    share('orders', { series, warmingFor, warmupProgress: 0.4 }),
    share('ready', { series: { ...series, warming: 0 } }),
  ];
  accept(merge, laneReport(0, { shares }));
  expect(readiness(newCondition(), merge)).toEqual({
    ok: true,
    text: 'ready\norders  warming up  40 %  2 of 5 series ready (1 stopped)',
  });
});

it('is degraded while three checkpoints in a row have failed, and not before', () => {
  const merge = newMerge([], 1);
  const { checkpoint } = laneReport(0);
  const verdict = (failuresInARow: number) => {
    accept(merge, laneReport(0, { checkpoint: { ...checkpoint, failuresInARow } }));
    return readiness(newCondition(), merge);
  };
  expect([0, 2, 3, 0].map((count) => verdict(count).ok)).toEqual([true, true, false, true]);
  expect(verdict(4).text).toBe('lane 0: degraded, 4 checkpoints in a row failed; the older one stays');
});

it('is not ready while it stops', () => {
  const condition = newCondition();
  const merge = newMerge([], 1);
  accept(merge, laneReport(0));
  condition.stopping = true;
  expect(readiness(condition, merge)).toEqual({ ok: false, text: 'stopping' });
});

it('lives without Kafka, and does not live with a lane that is given up', () => {
  const condition = newCondition();
  expect(liveness(condition).ok).toBe(true);
  condition.fatal.set(1, 'failed three times in 10 minutes');
  expect(liveness(condition)).toEqual({ ok: false, text: 'lane 1: failed three times in 10 minutes' });
});
