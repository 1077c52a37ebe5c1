// What the pages claim, as far as a program can check it: links, metrics, examples of configuration and errors.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { load } from '../src/config/load.ts';
import { layoutOf } from '../src/kernel/layout.ts';
import { shapeOf } from '../src/kernel/shape.ts';
import { METRICS } from '../src/report/metrics.ts';
import { newAuthority } from './support/certificates.ts';
import { RUNTIME_PACKAGES } from './support/runtimePackages.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const PAGES = ['README.md', 'src/README.md', 'src/kernel/README.md', 'deploy/README.md', 'CHANGELOG.md'];

const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

const authority = newAuthority();
afterAll(() => authority.remove());
const pair = authority.issue('example');

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
    writeFileSync(join(folder, 'secret'), 'a secret of enough characters');
    writeFileSync(join(folder, 'hash'), `$scrypt$ln=15,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`);
    const local = text
      .replaceAll(/\/etc\/gruard\/[\w-]*ca\.pem/g, authority.ca)
      .replaceAll(/\/etc\/gruard\/[\w-]+\.hash/g, `${folder}/hash`)
      .replaceAll(/\/etc\/gruard\/[\w-]+\.key/g, pair.key)
      .replaceAll(/\/etc\/gruard\/[\w-]+\.pem/g, pair.cert)
      .replaceAll(/\/run\/secrets\/[\w-]+/g, `${folder}/secret`);
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

describe.each([
  ['README.md', 2],
  ['deploy/README.md', 4],
] as const)('%s', (page, examplesMin) => {
  it('shows configurations that load, without warnings', () => {
    const examples = blocks(page, 'yaml');
    expect(examples.length).toBeGreaterThanOrEqual(examplesMin);
    for (const example of examples) {
      const loaded = loadText(example);
      expect(loaded.ok ? loaded.warnings : loaded.text).toEqual([]);
    }
  });
});

describe('deploy/README.md', () => {
  it('tells how many packages run', () => {
    const count = Object.keys(RUNTIME_PACKAGES).length;
    expect(textOf('deploy/README.md')).toContain(`They are ${count}, with permissive licences`);
  });
});

describe('README.md', () => {
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
