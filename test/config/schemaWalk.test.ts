import { expect, it } from 'vitest';
import { Config } from '../../src/config/schema.ts';
import { formIndex, isMapType, keysOf, kindOf, typeAt, wordsFor, wordsForNames } from '../../src/config/schemaWalk.ts';
import { Stream } from '../../src/config/streamSchema.ts';

const raw = { streams: { a: { time: { start: 1 }, topic: ['x'], gaps: { fill: 0 } } } };

it('finds the type of a key through defaults, names, lists and unions', () => {
  const words = (...path: (string | number)[]): string | undefined => {
    const type = typeAt(Config, raw, path);
    return type === undefined ? undefined : wordsFor(type, undefined)?.must;
  };
  expect(words('streams', 'a', 'model', 'hidden')).toBe('be a whole number from 4 to 128');
  expect(words('streams', 'a', 'topic', 0)).toMatch(/^be the name of a topic/);
  expect(words('streams', 'a', 'time', 'every')).toBe('be a duration from 1ms to 366d');
  expect(words('streams', 'a', 'gaps', 'fill')).toBe('be a number');
  expect(words('streams', 'a', 'no', 'such')).toBeUndefined();
  expect(words('version', 'x')).toBeUndefined();
});

it('knows which keys a map may have', () => {
  const at = (...path: string[]): readonly string[] => keysOf(typeAt(Config, raw, path) ?? Config, { start: 1 });
  expect(at()).toContain('kafka');
  expect(at('state')).toEqual(['store', 'dir', 'every', 'keep', 'kafka']);
  expect(at('streams', 'a', 'time')).toEqual(['start', 'every']);
  expect(at('streams')).toEqual([]);
});

it('chooses the form of a union by kind and keys', () => {
  const { options } = { options: [Stream.shape.value, Stream.shape.window, Stream.shape.limits, Stream.shape.columns] };
  expect(formIndex(options, '$.a')).toBe(0);
  expect(formIndex(options, { every: 1 })).toBe(1);
  expect(formIndex(options, { series: 1 })).toBe(2);
  expect(formIndex(options, ['a'])).toBe(3);
  expect(formIndex([Stream.shape.value], {})).toBeUndefined();
});

it('tells maps from lists and single values', () => {
  expect([{}, [], null, 1, 'a'].map(kindOf)).toEqual(['map', 'list', 'scalar', 'scalar', 'scalar']);
  expect(isMapType(Stream.shape.window)).toBe(true);
  expect(isMapType(Stream.shape.value)).toBe(false);
});

it('knows what the names in a free map must be', () => {
  expect(wordsForNames(Config.shape.streams, {})?.must).toMatch(/^be a name/);
  expect(wordsForNames(Config.shape.kafka, {})).toBeUndefined();
});
