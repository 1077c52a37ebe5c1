// Generated streams of the benchmark, one window every 5 minutes: the demo's, and two that the demo does not have.

import { gaussian, newRandom, type Random, uniform } from '../../../src/kernel/random.ts';
import { newTopics } from '../../../src/source/generatorStreams.ts';
import type { DataSet } from './dataSets.ts';

const EVERY_MS = 300_000;
/** 2026-01-05, a Monday. */
const START_MS = 1_767_571_200_000;
/** Generators of each kind; every one has two series or more. */
const GENERATORS = 2;
/** Before the first window: the chaos has forgotten how it began. */
const MACKEY_GLASS_SETTLE = 500;

export function generatedStreams(windows: number): readonly DataSet[] {
  const demo = (topic: string): readonly Float64Array[] =>
    [...Array(GENERATORS).keys()].flatMap((seed) => demoSeries(seed + 1, topic, windows));
  const own = (kind: number, make: (random: Random, windows: number) => Float64Array): readonly Float64Array[] =>
    [...Array(2 * GENERATORS).keys()].map((i) => make(newRandom(1000 * kind + i), windows));
  return [
    { name: 'traffic', about: 'day and week, counts', series: demo('demo.traffic') },
    { name: 'latency', about: 'heavy tails', series: demo('demo.latency') },
    { name: 'counter', about: 'rate of a counter', series: demo('demo.bytes').map(rateOf) },
    { name: 'host', about: 'cpu, memory, load', series: demo('demo.host') },
    { name: 'drift', about: 'regimes of some days', series: own(1, regimes) },
    { name: 'chaos', about: 'Mackey-Glass', series: own(2, mackeyGlass) },
  ].map((one) => ({ ...one, startMs: START_MS, everyMs: EVERY_MS, isEntity: false }));
}

/** Every field of every series of a demo topic, without planted anomalies. */
function demoSeries(seed: number, name: string, windows: number): readonly Float64Array[] {
  const topic = newTopics(seed).find((one) => one.topic === name);
  if (topic === undefined) throw new Error(`the demo has no topic ${name}`);
  const all = new Map<string, Float64Array>();
  for (let n = 0; n < windows; n++) {
    for (const { series, text } of topic.step(START_MS + n * EVERY_MS, [])) {
      for (const [field, value] of Object.entries(JSON.parse(text) as Record<string, unknown>)) {
        if (typeof value !== 'number' || field === 'ts') continue;
        const key = `${series} ${field}`;
        const values = all.get(key) ?? new Float64Array(windows);
        all.set(key, values);
        values[n] = value;
      }
    }
  }
  return [...all.values()];
}

/** Increase per second; after a restart of the counter, what it has counted since. */
function rateOf(totals: Float64Array): Float64Array {
  return totals.map((total, n) => {
    const before = totals[n - 1] ?? 0;
    return (1000 * (total >= before ? total - before : total)) / EVERY_MS;
  });
}

/** A noisy oscillation whose level, period, amplitude and noise are drawn anew every 1000 to 2000 windows. */
function regimes(random: Random, windows: number): Float64Array {
  const between = (from: number, to: number): number => from + (to - from) * uniform(random);
  const draw = () => ({
    left: Math.floor(between(1000, 2000)),
    level: between(-10, 10),
    amplitude: between(0.5, 3),
    turn: (2 * Math.PI) / between(8, 60),
    memory: between(0, 0.9),
    noise: between(0.1, 0.6),
  });
  let regime = draw();
  let phase = 0;
  let rest = 0;
  return new Float64Array(windows).map(() => {
    if (regime.left-- === 0) regime = draw();
    phase += regime.turn;
    rest = regime.memory * rest + regime.noise * gaussian(random);
    return regime.level + regime.amplitude * Math.sin(phase) + rest;
  });
}

/**
 * M. C. Mackey, L. Glass, Oscillation and Chaos in Physiological Control Systems, Science 197 (1977):
 * dx/dt = 0.2 x(t−τ)/(1 + x(t−τ)^10) − 0.1 x, τ = 17, by Euler steps of 0.1, sampled at every unit of time.
 */
function mackeyGlass(random: Random, windows: number): Float64Array {
  const past = new Float64Array(170).fill(1.2);
  let x = 1.2 + 0.2 * uniform(random);
  let at = 0;
  const unit = (): number => {
    for (let i = 0; i < 10; i++) {
      const delayed = past[at] ?? 0;
      past[at] = x;
      at = (at + 1) % past.length;
      x += 0.1 * ((0.2 * delayed) / (1 + delayed ** 10) - 0.1 * x);
    }
    return x;
  };
  for (let i = 0; i < MACKEY_GLASS_SETTLE; i++) unit();
  return new Float64Array(windows).map(unit);
}
