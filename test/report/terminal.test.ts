import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnomalyEvent, EPISODE_EVENTS, EPISODE_KINDS, SEVERITIES } from '../../src/domain.ts';
import type { Paint } from '../../src/report/printable.ts';
import { anomalyLine, banner, warmupLine } from '../../src/report/terminal.ts';

const event: AnomalyEvent = {
  schema: 1,
  id: '85007b825d24743edcbc1df357cd145a',
  event: 'opened',
  stream: 'latency',
  series: { service: 'checkout' },
  field: 'value',
  kind: 'spike',
  severity: 'warning',
  window: { start: '2026-11-24T14:05:00.000Z', end: '2026-11-24T14:06:00.000Z' },
  started_at: '2026-11-24T14:05:00.000Z',
  latency_windows: 0,
  duration_seconds: 30,
  closed_by: null,
  value: 412.5,
  expected: 180.2,
  lower: 141.7,
  upper: 218.7,
  score: 1.42,
  evidence: [{ kind: 'residual', surprise: 3.6 }],
  contributions: { value: 1 },
  model: { cell: 'gru', hidden: 16, forecast: 'gru', trained_windows: 18240, config: '9f2c41d07ab3' },
  origin: { topic: 'shop.metrics.v1', partition: 3, offset: 48211907 },
};
const later = { start: '2026-11-24T14:35:00.000Z', end: '2026-11-24T14:36:00.000Z' };

describe('anomalyLine', () => {
  const cases: readonly (readonly [string, Partial<AnomalyEvent>, string])[] = [
    [
      'an opened episode',
      {},
      '2026-11-24 14:05  ANOMALY    latency service="checkout"  spike' +
        '  observed 412.5, expected 141.7 – 218.7  score 1.42  warning',
    ],
    [
      'a closed one with its length',
      { event: 'closed', window: later, value: 180 },
      '2026-11-24 14:35  ended      latency service="checkout"  spike  after 30 min  observed 180',
    ],
    [
      'one that goes on',
      { event: 'continuing', window: later, severity: 'critical' },
      '2026-11-24 14:35  continues  latency service="checkout"  spike  for 30 min' +
        '  observed 412.5, expected 141.7 – 218.7  score 1.42  critical',
    ],
    [
      'a gap, a field and no labels',
      { kind: 'gap', value: null, lower: null, upper: null, expected: 12345.678, field: 'errors', series: {} },
      '2026-11-24 14:05  ANOMALY    latency errors  gap  no data, expected 12350  score 1.42  warning',
    ],
    [
      'seconds where windows are short, and sizes beyond zeros',
      {
        event: 'escalated',
        window: { start: '2026-11-24T14:05:30.000Z', end: '2026-11-24T14:05:40.000Z' },
        value: 1.23456e15,
        lower: -0.000012345,
        upper: 0,
      },
      '2026-11-24 14:05:30  WORSE      latency service="checkout"  spike' +
        '  observed 1.235e+15, expected -1.234e-5 – 0  score 1.42  warning',
    ],
  ];
  it.each(cases)('tells of %s', (_what, change, line) => {
    expect(anomalyLine({ ...event, ...change })).toBe(line);
  });

  it('cuts long label values and marks the cut', () => {
    expect(anomalyLine({ ...event, series: { host: 'x'.repeat(200) } })).toContain(`host="${'x'.repeat(39)}…"  spike`);
  });

  it('gives one line without control characters, whatever the event holds', { timeout: 30_000 }, () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('\x1b[31m', '\n', '\r', '\u202E', '\u2028', '\u009B', '"', '\uD800') }),
    );
    const number = fc.option(fc.double());
    const hostile = fc.record({
      event: fc.constantFrom(...EPISODE_EVENTS),
      kind: fc.constantFrom(...EPISODE_KINDS),
      severity: fc.constantFrom(...SEVERITIES),
      stream: text,
      field: text,
      series: fc.dictionary(text, text),
      started_at: text,
      window: fc.record({ start: text, end: text }),
      value: number,
      expected: number,
      lower: number,
      upper: number,
      score: fc.double(),
    });
    fc.assert(
      fc.property(hostile, (change) => {
        const line = anomalyLine({ ...event, ...change });
        expect(line).not.toMatch(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\p{Surrogate}/u);
      }),
    );
  });

  it('colours what happened and how bad it is, and adds no other text', () => {
    const marked: Paint = (style, text) => `<${style}>${text}</${style}>`;
    const line = anomalyLine(event, marked);
    expect(line).toContain('<red>ANOMALY  </red>');
    expect(line).toContain('<yellow>warning</yellow>');
    expect(line.replace(/<[^>]*>/g, '')).toBe(anomalyLine(event));
  });
});

describe('banner', () => {
  it('says what runs and where to look', () => {
    const running = { what: 'demo', version: '0.1.0', streams: ['a', 'b'], source: 'the generator' };
    const text = banner({ ...running, url: 'http://127.0.0.1:9464' });
    expect(text).toContain('gruard 0.1.0  demo');
    expect(text).toContain('watches  a, b');
    for (const path of ['metrics', 'healthz', 'readyz']) expect(text).toContain(`http://127.0.0.1:9464/${path}`);
    expect(text).toContain('Ctrl-C');
  });
});

describe('warmupLine', () => {
  it.each([
    [{ ready: 0, warming: 0, warmupProgress: undefined }, 's  waits for its first record'],
    [{ ready: 3, warming: 2, warmupProgress: 0.629 }, 's  warming up  62 %  3 of 5 series ready'],
    [
      { ready: 0, warming: 4, warmupProgress: 0.5, warmingFor: { interval: 2, windows: 1, samples: 1 } },
      's  warming up  50 %  0 of 4 series ready (2 without a known interval yet, 1 stopped)',
    ],
    [{ ready: 1, warming: 0, warmupProgress: 1 }, 's  ready  1 series is scored'],
    [{ ready: 5, warming: 0, warmupProgress: 1 }, 's  ready  5 series are scored'],
  ])('%j', (progress, line) => {
    expect(warmupLine({ stream: 's', warmingFor: { interval: 0, windows: 0, samples: 0 }, ...progress })).toBe(line);
  });
});
