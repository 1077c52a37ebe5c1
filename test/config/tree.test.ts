import { expect, it } from 'vitest';
import { parse } from '../../src/config/parse.ts';
import {
  keyPlaceAt,
  keyText,
  mergeTrees,
  type Place,
  parentPlaceAt,
  type Tree,
  treeAt,
  valuePlaceAt,
} from '../../src/config/tree.ts';

const TEXT = `kafka:
  brokers: [a:1, b:2]
streams:
  orders: { topic: shop, empty: }
`;

function treeOf(text: string, name = 'a.yaml'): Tree {
  const { tree } = parse({ name, text, secrets: [] }, {});
  if (tree === undefined) throw new Error('the text has problems');
  return tree;
}

const marked = (place: Place | undefined): string | undefined =>
  place === undefined ? undefined : place.file.text.slice(place.start, place.end);

it('knows where keys and values stand', () => {
  const tree = treeOf(TEXT);
  expect(marked(keyPlaceAt(tree, ['kafka', 'brokers']))).toBe('brokers');
  expect(marked(valuePlaceAt(tree, ['kafka', 'brokers', 1]))).toBe('b:2');
  expect(marked(valuePlaceAt(tree, ['streams', 'orders', 'topic']))).toBe('shop');
  expect(keyPlaceAt(tree, ['kafka', 'brokers', 1])).toBeUndefined();
  expect(valuePlaceAt(tree, ['kafka', 'tls', 'ca'])).toBeUndefined();
});

it('marks the key of what is empty or has parts', () => {
  const tree = treeOf(TEXT);
  expect(marked(valuePlaceAt(tree, ['kafka']))).toBe('kafka');
  expect(marked(valuePlaceAt(tree, ['kafka', 'brokers']))).toBe('brokers');
  expect(marked(valuePlaceAt(tree, ['streams', 'orders', 'empty']))).toBe('empty');
});

it('marks for what is missing the nearest thing around it', () => {
  const tree = treeOf(TEXT);
  expect(marked(parentPlaceAt(tree, ['streams', 'orders', 'window', 'every']))).toBe('orders');
  expect(parentPlaceAt(tree, ['sinks', 'events'])).toMatchObject({ start: 0, end: 0 });
});

it('merges files deeply; the later one wins, and places stay', () => {
  const first = treeOf('kafka: { group: a, brokers: [x:1] }\nlanes: 1\n', 'a.yaml');
  const second = treeOf('kafka: { group: b }\nlog: { level: warn }\n', 'b.yaml');
  const tree = mergeTrees(
    first,
    second,
    () => false,
    () => {},
  );
  expect(treeAt(tree, ['kafka', 'group'])).toMatchObject({ value: 'b', place: { file: { name: 'b.yaml' } } });
  expect(treeAt(tree, ['kafka', 'brokers', 0])).toMatchObject({ value: 'x:1', place: { file: { name: 'a.yaml' } } });
  expect(treeAt(tree, ['lanes'])).toMatchObject({ value: 1 });
  expect(treeAt(tree, ['log', 'level'])).toMatchObject({ value: 'warn' });
});

it('tells of keys that only one file may have', () => {
  const clashes: string[] = [];
  const text = 'streams: { orders: { topic: a } }\n';
  mergeTrees(
    treeOf(text, 'a.yaml'),
    treeOf(text, 'b.yaml'),
    (path) => path.length === 2,
    (path, place, before) => clashes.push(`${path.join('.')} ${place.file.name} ${before.file.name}`),
  );
  expect(clashes).toEqual(['streams.orders b.yaml a.yaml']);
});

it('writes paths of keys as people would', () => {
  expect(keyText(['streams', 'orders', 'where', '$.name'])).toBe('streams.orders.where["$.name"]');
  expect(keyText(['kafka', 'brokers', 0])).toBe('kafka.brokers[0]');
  expect(keyText([])).toBe('');
});
