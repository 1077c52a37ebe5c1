import { describe, expect, it } from 'vitest';
import { type EpisodeChange, newWave, type SeriesKey } from '../../src/domain.ts';
import { anomalyEvent, type EventSource, eventId } from '../../src/report/events.ts';
import { streamSettings } from '../support/streams.ts';

const START_MS = Date.UTC(2026, 10, 27, 9, 31);

const SOURCE: EventSource = {
  stream: { ...streamSettings({ name: 'checkout-latency' }), uid: 'checkout-latency' },
  partition: { topic: 'shop.metrics.v1', partition: 3 },
  key: 'host="web-7",region="eu"' as SeriesKey,
  labels: { host: 'web-7', region: 'eu' },
  field: 'value',
  file: undefined,
  detectorVersion: 1,
};

const CHANGE: EpisodeChange = {
  row: 0,
  event: 'opened',
  kind: 'spike',
  severity: 'warning',
  startedAtMs: START_MS,
  latencyWindows: 0,
  closedBy: undefined,
  evidence: [
    { kind: 'residual', surprise: 3.6 },
    { kind: 'level', surprise: 2.9 },
  ],
};

function oneWindow(value: number, expected: number) {
  const wave = newWave(1);
  wave.count = 1;
  wave.startMs[0] = START_MS;
  wave.endMs[0] = START_MS + 30_000;
  wave.value[0] = value;
  wave.expected[0] = expected;
  wave.lower[0] = expected - 38.5;
  wave.upper[0] = expected + 38.5;
  wave.learned[0] = 18_240;
  wave.offset[0] = 48_211_907;
  wave.score[0] = 1.42;
  return wave;
}

describe('anomaly event', () => {
  it('has the id that the schema prescribes', () => {
    expect(eventId(SOURCE, 1795771860000, 'opened', 'spike')).toBe('85007b825d24743edcbc1df357cd145a');
  });

  it('is the published example, byte for byte', () => {
    const event = anomalyEvent(SOURCE, oneWindow(412.5, 180.2), CHANGE);
    expect(JSON.stringify(event)).toBe(
      JSON.stringify({
        schema: 1,
        id: '85007b825d24743edcbc1df357cd145a',
        event: 'opened',
        stream: 'checkout-latency',
        series: { host: 'web-7', region: 'eu' },
        field: 'value',
        kind: 'spike',
        severity: 'warning',
        window: { start: '2026-11-27T09:31:00.000Z', end: '2026-11-27T09:31:30.000Z' },
        started_at: '2026-11-27T09:31:00.000Z',
        latency_windows: 0,
        duration_seconds: 30,
        closed_by: null,
        value: 412.5,
        expected: 180.2,
        lower: 141.7,
        upper: 218.7,
        score: 1.42,
        evidence: [
          { kind: 'residual', surprise: 3.6 },
          { kind: 'level', surprise: 2.9 },
        ],
        contributions: { value: 1 },
        model: { cell: 'gru', hidden: 16, forecast: 'gru', trained_windows: 18240, config: '0123456789ab' },
        origin: { topic: 'shop.metrics.v1', partition: 3, offset: 48211907 },
      }),
    );
  });

  it('says null where there is no number: a gap has no value, a first window no forecast', () => {
    const event = anomalyEvent(SOURCE, oneWindow(Number.NaN, Number.NaN), { ...CHANGE, kind: 'gap' });
    expect([event.value, event.expected, event.lower, event.upper]).toEqual([null, null, null, null]);
  });

  it('says how long it took to open, how long it has lasted, and how it ended', () => {
    const late = { ...CHANGE, startedAtMs: START_MS - 90_000, latencyWindows: 3 };
    expect(anomalyEvent(SOURCE, oneWindow(412.5, 180.2), late)).toMatchObject({
      latency_windows: 3,
      duration_seconds: 120,
      closed_by: null,
    });
    const closed = anomalyEvent(SOURCE, oneWindow(412.5, 180.2), { ...late, event: 'closed', closedBy: 'new_regime' });
    expect(closed.closed_by).toBe('new_regime');
  });

  it.each([
    [0, 'gru'],
    [1, 'last'],
    [2, 'seasonal'],
  ] as const)('names the forecast with the largest part in the expected value: %d is %s', (leader, forecast) => {
    const wave = oneWindow(412.5, 180.2);
    wave.leader[0] = leader;
    expect(anomalyEvent(SOURCE, wave, CHANGE).model).toMatchObject({ cell: 'gru', forecast });
  });

  it('names file and line where the records are lines, with the same id', () => {
    const event = anomalyEvent({ ...SOURCE, file: 'a.csv' }, oneWindow(412.5, 180.2), CHANGE);
    expect(event.origin).toEqual({ file: 'a.csv', line: 48211907 });
    expect(event.id).toBe('85007b825d24743edcbc1df357cd145a');
  });

  it('gets another id for another event, kind, window, field, series or partition', () => {
    const ids = new Set([
      eventId(SOURCE, START_MS, 'opened', 'spike'),
      eventId(SOURCE, START_MS, 'closed', 'spike'),
      eventId(SOURCE, START_MS, 'opened', 'shift'),
      eventId(SOURCE, START_MS + 1, 'opened', 'spike'),
      eventId({ ...SOURCE, field: 'errors' }, START_MS, 'opened', 'spike'),
      eventId({ ...SOURCE, key: '' as SeriesKey }, START_MS, 'opened', 'spike'),
      eventId({ ...SOURCE, partition: { topic: 'shop.metrics.v1', partition: 4 } }, START_MS, 'opened', 'spike'),
      eventId({ ...SOURCE, detectorVersion: 2 }, START_MS, 'opened', 'spike'),
    ]);
    expect(ids.size).toBe(8);
  });
});
