import { expect, it } from 'vitest';
import { PRESETS, Stream, StreamDefaults } from '../../src/config/streamSchema.ts';

it('has no more defaults than a stream has keys', () => {
  for (const key of Object.keys(StreamDefaults.shape)) expect(Object.keys(Stream.shape)).toContain(key);
});

it('presets fit the schema and hold no preset', () => {
  for (const preset of Object.values(PRESETS)) {
    expect(StreamDefaults.safeParse(preset).success).toBe(true);
    expect(preset).not.toHaveProperty('preset');
  }
});

it('needs nothing but a topic', () => {
  const stream = Stream.parse({ topic: 't' });
  expect(stream).toMatchObject({
    start_from: 'earliest',
    format: 'json',
    window: { every: 'auto', aggregate: 'mean', lateness: 30_000 },
    gaps: 'ignore',
    model: {
      cell: 'gru',
      hidden: 16,
      layers: 1,
      lookback: 32,
      fields: 'joint',
      backend: 'auto',
      prior: 'stream',
      warmup: { windows: 'auto' },
    },
    detect: { direction: 'both', sustain: { hits: 1, of: 1 }, recover: { hits: 1, of: 1 } },
    limits: { series: 10_000, record: 1_048_576, future: 600_000, quiet: 300_000, forget: 604_800_000 },
  });
  expect(Stream.safeParse({}).success).toBe(false);
});
