import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface DemoSample {
  readonly timestamp: number;
  readonly tags: { readonly host: string; readonly region: string };
  readonly fields: { readonly p99: number };
}

interface Producer {
  readonly STEP_MS: number;
  readonly HISTORY_MS: number;
  readonly BEHIND_MS: number;
  readonly FIRST_INCIDENT_MS: number;
  readonly INCIDENT_EVERY_MS: number;
  readonly INCIDENT_MS: number;
  readonly HOSTS: readonly { readonly host: string; readonly usualMs: number }[];
  samplesAt(seed: string, liveMs: number, timeMs: number): DemoSample[];
  history(seed: string, liveMs: number): Iterable<DemoSample[]>;
  nextTime(timeMs: number, nowMs: number): number;
}

// Plain JavaScript, because the image starts it as it is.
const location = new URL('../../deploy/producer/producer.mjs', import.meta.url).href;
const producer = (await import(/* @vite-ignore */ location)) as Producer;

const liveMs = Date.UTC(2026, 10, 24, 6);
const p99 = (samples: readonly DemoSample[], host: string): number =>
  samples.find(({ tags }) => tags.host === host)?.fields.p99 ?? Number.NaN;

describe('the demo producer', () => {
  it('writes two weeks in steps of five minutes, in order, for every host', () => {
    const samples = [...producer.history('1', liveMs)].flat();
    expect(samples.length).toBe(14 * 24 * 12 * producer.HOSTS.length);
    expect(samples[0]?.timestamp).toBe(liveMs - producer.HISTORY_MS);
    expect(samples.at(-1)?.timestamp).toBe(liveMs - producer.STEP_MS);
    for (const [at, { timestamp }] of samples.entries()) {
      expect(timestamp).toBe(liveMs - producer.HISTORY_MS + Math.floor(at / producer.HOSTS.length) * producer.STEP_MS);
    }
  });

  it('writes the same values for the same seed, others for another one', () => {
    const first = JSON.stringify([...producer.history('1', liveMs)]);
    expect(JSON.stringify([...producer.history('1', liveMs)])).toBe(first);
    expect(JSON.stringify([...producer.history('2', liveMs)])).not.toBe(first);
  });

  it('keeps the history free of incidents', () => {
    for (const samples of producer.history('1', liveMs)) {
      for (const { fields, tags } of samples) {
        const usual = producer.HOSTS.find(({ host }) => host === tags.host)?.usualMs ?? Number.NaN;
        expect(fields.p99 / usual).toBeGreaterThan(0.4);
        expect(fields.p99 / usual).toBeLessThan(1.8);
      }
    }
  });

  it('lets hosts go wrong one after the other, by turns too slow and too fast', () => {
    const factor = (number: number): number => {
      const host = producer.HOSTS[number % producer.HOSTS.length]?.host ?? '';
      const fromMs = liveMs + producer.FIRST_INCIDENT_MS + number * producer.INCIDENT_EVERY_MS;
      // With the clock of incidents moved away, the same instant is as usual.
      const usual = (timeMs: number): number => p99(producer.samplesAt('1', timeMs, timeMs), host);
      const beforeMs = fromMs - producer.STEP_MS;
      const afterMs = fromMs + producer.INCIDENT_MS;
      for (const calmMs of [beforeMs, afterMs]) {
        expect(p99(producer.samplesAt('1', liveMs, calmMs), host)).toBe(usual(calmMs));
      }
      return p99(producer.samplesAt('1', liveMs, fromMs), host) / usual(fromMs);
    };
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((number) => Math.round(factor(number) * 100) / 100)).toEqual([
      2.6, 0.25, 2.6, 0.25, 2.6, 0.25, 2.6, 0.25,
    ]);
  });

  it('brings the first incident within two minutes after the history', () => {
    const everyTickMs = 2000;
    expect((producer.FIRST_INCIDENT_MS / producer.STEP_MS) * everyTickMs).toBeLessThan(120_000);
    expect(producer.FIRST_INCIDENT_MS + producer.INCIDENT_MS).toBeLessThan(producer.BEHIND_MS);
    const caughtUpMs = (producer.BEHIND_MS / producer.STEP_MS) * everyTickMs;
    expect(caughtUpMs, 'else GruardStreamStalled fires').toBeLessThan(240_000);
  });

  it('steps through the past and then goes with the clock, always forward and never ahead of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: producer.BEHIND_MS }), (behindMs) => {
        const nowMs = liveMs + behindMs + 1;
        const next = producer.nextTime(liveMs, nowMs);
        expect(next).toBeGreaterThan(liveMs);
        expect(next).toBeLessThanOrEqual(nowMs);
        expect(next - liveMs).toBeLessThanOrEqual(producer.STEP_MS);
      }),
    );
  });
});
