import { expect, it } from 'vitest';
import { load } from '../../src/config/load.ts';
import { memoryNeeded } from '../../src/config/memory.ts';
import { layoutOf } from '../../src/kernel/layout.ts';
import { shapeOf } from '../../src/kernel/shape.ts';
import type { Settings } from '../../src/settings.ts';

function settings(name: string): Settings {
  const file = new URL(`../../config/${name}.yaml`, import.meta.url).pathname;
  const loaded = load([file], {}, { cores: 4, memoryBytes: 2 ** 40 });
  if (!loaded.ok) throw new Error(loaded.text);
  return loaded.settings;
}

it('is one slab for each series and partition, and one for what they learned together', () => {
  const demo = settings('demo');
  const model = { cell: 'gru', hidden: 16, layers: 1, lookback: 32 } as const;
  const { slabBytes } = layoutOf(shapeOf(model, 2));
  const three = layoutOf(shapeOf({ ...model, fields: 'joint' }, 2, 3)).slabBytes;
  const { bytes, perStream } = memoryNeeded(demo, (topic) => (topic === 'demo.host' ? 3 : 1));
  expect(perStream.map(({ stream }) => stream)).toEqual(demo.streams.map(({ name }) => name));
  expect(perStream.find(({ stream }) => stream === 'host')).toEqual({
    stream: 'host',
    partitions: 3,
    slabs: 100,
    slabBytes: three,
    bytes: 303 * three,
  });
  expect(bytes).toBe(404 * slabBytes + 303 * three);
  // One network for three, but evidence of each and of all together.
  expect(three).toBeGreaterThan(2 * slabBytes);
  expect(three).toBeLessThan(layoutOf(shapeOf({ ...model, fields: 'separate' }, 2, 3)).slabBytes);
});

it('is less for a baseline and more for a larger network', () => {
  const demo = settings('demo');
  const of = (model: Partial<Settings['streams'][number]['model']>): number =>
    memoryNeeded(
      { streams: demo.streams.map((stream) => ({ ...stream, model: { ...stream.model, ...model } })) },
      () => 1,
    ).bytes;
  expect(of({ cell: 'last' })).toBeLessThan(of({}));
  expect(of({ hidden: 64 })).toBeGreaterThan(of({}));
  expect(of({ layers: 2 })).toBeGreaterThan(of({}));
  expect(of({ cell: 'lstm' })).toBeGreaterThan(of({}));
  expect(of({ fields: 'separate' })).toBeGreaterThan(of({}));
  expect(of({ backend: 'js' })).toBe(of({}));
  expect(of({ prior: 'none' })).toBeLessThan(of({}));
});
