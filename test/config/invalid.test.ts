// Every fault that a configuration may have, and the exact text that is shown for it.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { load } from '../../src/config/load.ts';

const folder = new URL('../../config/invalid/', import.meta.url).pathname;
const machine = { cores: 4, memoryBytes: 2 ** 40 };
const faults = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.replace('.yaml', ''));

it('knows many faults, each with its text', () => {
  expect(faults.length).toBeGreaterThan(50);
  expect(readdirSync(folder)).toHaveLength(2 * faults.length);
});

it.each(faults)('says what, where and what to do: %s', (fault) => {
  const loaded = load([`${folder}${fault}.yaml`], {}, machine);
  expect(loaded.ok ? '' : loaded.text.replaceAll(folder, '')).toBe(readFileSync(`${folder}${fault}.txt`, 'utf8'));
});

it.each(faults)('shows no secret and names the place: %s', (fault) => {
  const loaded = load([`${folder}${fault}.yaml`], {}, machine);
  const text = loaded.ok ? '' : loaded.text;
  expect(text).not.toContain('do-not-show-this');
  expect(text).toMatch(/\.yaml:\d+:\d+: error\[\w+\] /);
});
