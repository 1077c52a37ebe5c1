// What the pages claim, as far as a program can check it: links, metrics, examples of configuration and errors.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { load } from '../src/config/load.ts';
import { layoutOf } from '../src/kernel/layout.ts';
import { shapeOf } from '../src/kernel/shape.ts';
import { METRICS } from '../src/report/metrics.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const PAGES = ['README.md', 'src/README.md', 'src/kernel/README.md', 'deploy/README.md', 'CHANGELOG.md'];

const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** Contents of the fenced blocks of a language; '' = without one. */
function blocks(page: string, language: string): string[] {
  const found = textOf(page).matchAll(/^```(\w*)\n([\s\S]*?)^```/gm);
  return [...found].filter(([, name]) => name === language).map(([, , body = '']) => body);
}

/** Loads a text as a file called gruard.yaml. */
function loadText(text: string): ReturnType<typeof load> {
  const folder = mkdtempSync(join(tmpdir(), 'gruard-readme-'));
  const here = process.cwd();
  try {
    writeFileSync(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n');
    writeFileSync(join(folder, 'kafka'), 'secret');
    const local = text
      .replace('/etc/gruard/ca.pem', `${folder}/ca.pem`)
      .replace('/run/secrets/kafka', `${folder}/kafka`);
    const path = join(folder, 'gruard.yaml');
    writeFileSync(path, local);
    const loaded = load([path], {});
    return loaded.ok ? loaded : { ...loaded, text: loaded.text.replaceAll(path, 'gruard.yaml') };
  } finally {
    expect(process.cwd()).toBe(here);
    rmSync(folder, { recursive: true });
  }
}

describe.each(PAGES)('%s', (page) => {
  it('links to what exists', () => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = '']) => link);
    const missing = links.filter((link) => !existsSync(join(ROOT, dirname(page), link)));
    expect(missing).toEqual([]);
  });

  it('names metrics that exist', () => {
    const names = [...textOf(page).matchAll(/`(gruard_[a-z_]+)`?/g)].map(([, name = '']) => name);
    expect(names.filter((name) => !(name in METRICS))).toEqual([]);
  });
});

describe('README.md', () => {
  it('shows configurations that load', () => {
    const examples = blocks('README.md', 'yaml');
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const example of examples) {
      const loaded = loadText(example);
      expect(loaded.ok ? '' : loaded.text).toBe('');
    }
  });

  it('shows a complaint as the program makes it', () => {
    const complaint = blocks('README.md', '').find((block) => block.startsWith('gruard.yaml:5:5'));
    const wrong =
      'version: 1\nstreams:\n  orders:\n    topic: orders.v1\n    windows: { every: 1m }\n    value: $.total\n';
    const loaded = loadText(wrong);
    expect(loaded.ok ? undefined : loaded.text).toBe(complaint);
  });

  it('tells what the models take', () => {
    const [, names = '', , sizes = ''] =
      /\n\| model \|(.*)\n(.*)\n\| KiB a series \|(.*)\n/.exec(textOf('README.md')) ?? [];
    const told = sizes.split('|').map(Number);
    const networks = [...names.matchAll(/`(gru|lstm) (\d+)(?: × (\d))?`/g)];
    expect(networks.length).toBeGreaterThanOrEqual(5);
    const taken = networks.map(([, cell, hidden, layers = '1']) => {
      const choice = {
        cell: cell === 'lstm' ? 'lstm' : 'gru',
        hidden: Number(hidden),
        layers: Number(layers),
      } as const;
      return Math.round(layoutOf(shapeOf({ ...choice, lookback: 32 }, 2)).slabBytes / 1024);
    });
    expect(told.slice(0, taken.length)).toEqual(taken);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = [...textOf('README.md').matchAll(/npm run ([a-z:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('src/README.md', () => {
  it('names tests that exist', () => {
    const [, table = ''] = textOf('src/README.md').split('| what never happens | test |');
    const named = [...table.matchAll(/`([\w/]+(?:\.test\.ts|\/))`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThanOrEqual(5);
    expect(named.filter((path) => !existsSync(join(ROOT, 'test', path)))).toEqual([]);
  });
});
