import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Line, numberText, writeFamilies } from '../../src/report/exposition.ts';
import type { MetricName } from '../../src/report/metrics.ts';
import { parseExposition } from '../support/exposition.ts';

async function pieces(name: MetricName, lines: Iterable<Line>): Promise<string[]> {
  const all: string[] = [];
  for await (const piece of writeFamilies([{ name, lines }])) all.push(piece);
  return all;
}

async function written(name: MetricName, value: number): Promise<string> {
  const text = (await pieces(name, [{ labels: '', value }])).join('');
  return text.split('\n').at(-2)?.split(' ').at(-1) ?? '';
}

describe('writeFamilies', () => {
  it('heads a family once, with its help and type', async () => {
    const lines = ['a', 'b'].map((stream) => ({ labels: `stream="${stream}"`, value: 1 }));
    expect((await pieces('gruard_series_ready', lines)).join('')).toBe(
      '# HELP gruard_series_ready Series that are scored.\n# TYPE gruard_series_ready gauge\n' +
        'gruard_series_ready{stream="a"} 1\ngruard_series_ready{stream="b"} 1\n',
    );
  });

  it('leaves out lines without a number, and families without lines', async () => {
    const nothing = { labels: 'series="a"', value: Number.NaN };
    expect(await pieces('gruard_anomaly_score', [nothing])).toEqual([]);
    const text = (await pieces('gruard_anomaly_score', [nothing, { labels: 'series="b"', value: 1 }])).join('');
    expect(parseExposition(text).lines.map(({ labels }) => labels)).toEqual([{ series: 'b' }]);
  });

  it('gives other work its turn after every 1 000 lines', async () => {
    const lines = Array.from({ length: 2500 }, (_, value) => ({ labels: `series="${value}"`, value }));
    let turns = 0;
    let ended = false;
    const others = () => {
      turns += 1;
      if (!ended) setImmediate(others);
    };
    setImmediate(others);
    const all = await pieces('gruard_value', lines);
    ended = true;
    expect(all.map((piece) => piece.split('\n').length - 1)).toEqual([1002, 1000, 500]);
    expect(turns).toBeGreaterThanOrEqual(2);
  });

  it('rounds gauges to 6 significant digits, but not whole numbers, counters and instants', async () => {
    expect(await written('gruard_value', 123.4567891)).toBe('123.457');
    expect(await written('gruard_value', 0.1 + 0.2)).toBe('0.3');
    expect(await written('gruard_value', 2 ** 53 - 1)).toBe('9007199254740991');
    expect(await written('gruard_backpressure_seconds_total', 1234.56789)).toBe('1234.56789');
    expect(await written('gruard_watermark_timestamp_seconds', 1795771860.123)).toBe('1795771860.123');
  });

  it('writes numbers that read back within the rounding', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ noNaN: true }), async (value) => {
        const read = parseExposition((await pieces('gruard_value', [{ labels: '', value }])).join('')).lines[0]?.value;
        if (Number.isFinite(value))
          expect(Math.abs((read ?? 0) - value)).toBeLessThanOrEqual(Math.abs(value) * 5.01e-6);
        else expect(read).toBe(value);
      }),
    );
  });
});

describe('numberText', () => {
  it('spells infinity as Prometheus does', () => {
    expect([numberText(Number.POSITIVE_INFINITY), numberText(Number.NEGATIVE_INFINITY)]).toEqual(['+Inf', '-Inf']);
  });
});
