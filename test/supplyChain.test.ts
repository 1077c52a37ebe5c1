// What runs in the daemon beside our own code is what somebody has looked at, and nothing else. No network is asked.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INSTALL_SCRIPTS, PERMISSIVE, RUNTIME_PACKAGES, RUNTIME_PACKAGES_MAX } from './support/runtimePackages.ts';

const root = resolve(import.meta.dirname, '..');

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}

const json = <T>(...path: string[]): T => JSON.parse(readFileSync(join(root, ...path), 'utf8')) as T;
const manifest = json<Manifest>('package.json');
const locked = Object.entries(json<{ packages: Record<string, Locked> }>('package-lock.json').packages).filter(
  ([path]) => path !== '',
);
const runtime = locked.filter(([, { dev }]) => dev !== true);
const nameOf = (path: string): string => path.replace(/^.*node_modules\//, '');

describe('the packages that run', () => {
  it('are those that somebody has looked at, and few', () => {
    const found = Object.fromEntries(
      runtime.map(([path, { version, license = '' }]) => [nameOf(path), [version, license]]),
    );
    expect(found).toEqual(RUNTIME_PACKAGES);
    expect(runtime).toHaveLength(Object.keys(RUNTIME_PACKAGES).length);
    expect(runtime.length).toBeGreaterThan(5);
    expect(runtime.length).toBeLessThanOrEqual(RUNTIME_PACKAGES_MAX);
  });

  it('are installed as the lock file says, under the same licence', () => {
    for (const [path, { version, license }] of runtime) {
      const installed = json<Manifest>(path, 'package.json');
      expect([installed.version, installed.license], path).toEqual([version, license]);
    }
  });

  it('have permissive licences', () => {
    const others = runtime.filter(([, { license = '' }]) => !PERMISSIVE.test(license));
    expect(others.map(([path]) => path)).toEqual([]);
  });

  it('start no program when they are installed', () => {
    for (const [path] of runtime) {
      const { scripts = {} } = json<Manifest>(path, 'package.json');
      const atInstall = Object.keys(scripts).filter((name) => /^(?:pre|post)?install$/.test(name));
      expect(atInstall, path).toEqual([]);
    }
  });

  it('hold no compiled code', () => {
    const binaries = execFileSync(
      'find',
      [...runtime.map(([path]) => join(root, path)), '-name', '*.node', '-o', '-name', '*.so', '-o', '-name', '*.exe'],
      { encoding: 'utf8' },
    );
    expect(binaries).toBe('');
  });
});

describe('the lock file', () => {
  it('has a digest of every package', () => {
    const without = locked.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'));
    expect(without.map(([path]) => path)).toEqual([]);
  });

  it('lets only one package start a program when it is installed, and npm asks for no other', () => {
    const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    expect(scripted.map(([path]) => nameOf(path))).toEqual(INSTALL_SCRIPTS);
    expect(manifest.allowScripts).toEqual(Object.fromEntries(INSTALL_SCRIPTS.map((name) => [name, true])));
  });

  it('holds what the manifest asks for: exact versions', () => {
    const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(asked.length).toBeGreaterThan(10);
    const versions = new Map(locked.map(([path, { version }]) => [path, version]));
    for (const [name, version] of asked) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
      expect(versions.get(`node_modules/${name}`), name).toBe(version);
    }
  });
});

// Without `--omit dev`: that leaves out what development needs, too, like yaml.
it('npm run sbom lists all packages, and marks as required those that run', () => {
  const text = execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  const { bomFormat, metadata, components } = JSON.parse(text) as {
    bomFormat: string;
    metadata: { component: { purl: string } };
    components: { purl: string; scope: string }[];
  };
  expect(bomFormat).toBe('CycloneDX');
  // Its `name` is that of the folder.
  expect(metadata.component.purl).toBe(`pkg:npm/${manifest.name}@${manifest.version}`);
  expect(components.length).toBeGreaterThan(100);
  const required = components.filter(({ scope }) => scope === 'required');
  const listed = required.map(({ purl }) => decodeURIComponent(purl)).sort();
  const wanted = Object.entries(RUNTIME_PACKAGES).map(([name, [version]]) => `pkg:npm/${name}@${version}`);
  expect(listed).toEqual(wanted.sort());
}, 60_000);
