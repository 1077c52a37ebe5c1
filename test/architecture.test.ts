// The rules of the source tree, executed. Each message ends with what to do about it.

import { describe, expect, it } from 'vitest';
import {
  CONTRACTS,
  EXCEPTIONS,
  LIMIT_EXCEPTIONS,
  PACKAGES,
  TESTED_ELSEWHERE,
  ZONES,
  zoneOf,
} from './support/importTable.ts';
import { filesBelow, filesOnTop, functionsIn, isThere, type SourceFile } from './support/sourceText.ts';

/** Fewer than these, and the rules were not applied to what they are about. */
const SOURCES_MIN = 90;
const TESTS_MIN = 80;

const STAGES = ['decode', 'window', 'forecast', 'score', 'detect'];
const MIRRORED = [...STAGES, 'kernel', 'config', 'checkpoint', 'backtest'];
/** Must give the same bits on every machine and at every run. */
const DETERMINISTIC = [...STAGES, 'kernel', 'pipeline', 'share', ...CONTRACTS];

const FILE_LINES_MAX = 300;
const LINE_LENGTH_MAX = 120;
const FUNCTION_LINES_MAX = 70;

const sources = filesBelow('src', /\.ts$/);
const tests = filesBelow('test', /\.ts$/);
const inSrc = (path: string): string => path.replace(/^src\//, '');

describe('the source tree', () => {
  it('was read', () => {
    expect(sources.length).toBeGreaterThanOrEqual(SOURCES_MIN);
    expect(tests.length).toBeGreaterThanOrEqual(TESTS_MIN);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(3 * SOURCES_MIN);
    expect(sources.flatMap(functionsIn).length).toBeGreaterThan(3 * SOURCES_MIN);
  });

  it('imports downward only', () => {
    const wrong = sources.flatMap(({ path, imports }) => {
      const from = zoneOf(inSrc(path));
      if (from === undefined)
        return [`${path} is in no zone: add it to test/support/importTable.ts, or move it into one`];
      const files = imports.filter(({ kind }) => kind === 'file').map(({ target }) => target);
      return files.flatMap((target) => {
        const to = zoneOf(inSrc(target));
        const allowed = to !== undefined && (to.name === from.name || from.may.includes(to.name));
        if (
          allowed ||
          EXCEPTIONS.some((exception) => exception.from === inSrc(path) && exception.to === inSrc(target))
        ) {
          return [];
        }
        return [`${path} imports ${target}: ${from.otherwise}`];
      });
    });
    expect(wrong).toEqual([]);
  });

  it('has no exception that nobody needs any more', () => {
    const edges = sources.flatMap(({ path, imports }) =>
      imports.map(({ target }) => `${inSrc(path)} ${inSrc(target)}`),
    );
    expect(EXCEPTIONS.filter(({ from, to }) => !edges.includes(`${from} ${to}`))).toEqual([]);
    const long = [...LIMIT_EXCEPTIONS.functions.keys()].filter(
      (name) => !tooLong().some((found) => found.name === name),
    );
    expect(long).toEqual([]);
  });

  it('keeps each package where it belongs', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ kind, target }) => kind === 'package' && !mayUse(inSrc(path), target))
        .map(
          ({ target }) => `${path} imports ${target}: ${PACKAGES.find((rule) => rule.match.test(target))?.otherwise}`,
        ),
    );
    expect(wrong).toEqual([]);
  });

  it('has no import cycle', () => {
    expect(cyclesIn(sources)).toEqual([]);
  });

  it('has neither default exports nor barrels', () => {
    const wrong = sources.flatMap(({ path, code }) => [
      ...(/\bexport default\b/.test(code) ? [`${path} has a default export: name it`] : []),
      ...(/\bexport (?:type )?(?:\*|\{[^}]*\}) from\b/.test(code)
        ? [`${path} exports what is another file's: import it from there`]
        : []),
    ]);
    expect(wrong).toEqual([]);
  });
});

describe('sizes', () => {
  const otherwise = 'split by idea, or argue in the allow-list (test/support/importTable.ts)';

  it('files have at most 300 lines', () => {
    const wrong = [...sources, ...tests]
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ path, lines }) => lines > (LIMIT_EXCEPTIONS.files.get(path)?.lines ?? FILE_LINES_MAX));
    expect(wrong.map(({ path, lines }) => `${path} has ${lines} lines: ${otherwise}`)).toEqual([]);
  });

  it('lines have at most 120 characters', () => {
    const wrong = [...sources, ...tests].flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => ([...line].length > LINE_LENGTH_MAX ? [`${path}:${index + 1}: break it up`] : [])),
    );
    expect(wrong).toEqual([]);
  });

  it('functions have at most 70 lines', () => {
    const wrong = tooLong().filter(({ name, lines }) => lines > (LIMIT_EXCEPTIONS.functions.get(name)?.lines ?? 0));
    expect(wrong.map(({ name, lines }) => `${name} has ${lines} lines: ${otherwise}`)).toEqual([]);
  });
});

describe('the deterministic part', () => {
  const rules: readonly (readonly [string, RegExp, string])[] = [
    [
      'reads no clock',
      /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\./,
      'take the time from the records',
    ],
    ['draws no unseeded number', /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/, 'take a seed, as kernel/random.ts'],
    [
      'sets no timer',
      /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/,
      'take a Clock from ports.ts in the lane',
    ],
    ['neither sees nor prints to the process', /\bprocess\.|\bconsole\./, 'count it; the lane tells'],
    ['waits for nothing', /\basync\b|\bawait\b|\bPromise\b/, 'await in an adapter or in owner.ts'],
    [
      'uses of Math only what is exact everywhere',
      /\bMath\.(?!(?:abs|floor|ceil|trunc|sqrt|min|max|sign|fround|imul|clz32)\b)\w+|(?<!\b2 )\*\*/,
      'use kernel/elementary.ts',
    ],
  ];
  /** The contracts of the rim speak of promises, they do not wait; the pipeline takes an async iterable. */
  const mayNamePromises = ['ports', 'pipeline'];

  it.each(rules)('%s', (rule, pattern, otherwise) => {
    const files = sources.filter(({ path }) => {
      const zone = zoneOf(inSrc(path))?.name ?? '';
      return DETERMINISTIC.includes(zone) && !(rule === 'waits for nothing' && mayNamePromises.includes(zone));
    });
    expect(files.length).toBeGreaterThan(40);
    const wrong = files.flatMap(({ path, code }) =>
      code.split('\n').flatMap((line, index) => {
        const found = pattern.exec(line)?.[0];
        return found === undefined ? [] : [`${path}:${index + 1} has ${found}: ${otherwise}`];
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe('names', () => {
  const empty = ['util', 'helper', 'misc', 'manager'];
  /** Words of the field inside a file, where a count is common and a system has services; no name for a file. */
  const emptyForFiles = [...empty, 'common', 'service', 'core'];
  const isBanned = (name: string, banned = empty): boolean =>
    name
      .split(/[^A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])/)
      .some((word) => banned.includes(word.toLowerCase().replace(/s$/, '')));

  it('of files and folders say what is inside', () => {
    const wrong = [...sources, ...tests].map(({ path }) => path).filter((path) => isBanned(path, emptyForFiles));
    expect(wrong.map((path) => `${path}: name it after what it knows`)).toEqual([]);
  });

  it('of functions, types and constants say what they are', () => {
    const declared = /\b(?:const|let|function\*?|class|interface|type)\s+([A-Za-z_$][\w$]*)/g;
    const wrong = [...sources, ...tests].flatMap(({ path, code }) =>
      [...code.matchAll(declared)].flatMap(([, name = '']) =>
        isBanned(name) ? [`${path}: ${name}: name it after what it knows`] : [],
      ),
    );
    expect(wrong).toEqual([]);
  });
});

describe('tests', () => {
  it('lie where their source lies', () => {
    const wrong = sources
      .map(({ path }) => inSrc(path))
      .filter((path) => MIRRORED.includes(path.split('/')[0] ?? ''))
      .filter((path) => {
        const elsewhere = TESTED_ELSEWHERE.get(path);
        const test = elsewhere === undefined ? path.replace(/\.ts$/, '.test.ts') : elsewhere.by;
        return test !== undefined && !isThere(`test/${test}`);
      });
    expect(wrong.map((path) => `src/${path} has no test/${path.replace(/\.ts$/, '.test.ts')}: write it`)).toEqual([]);
  });

  it('are not excused where they exist', () => {
    const needless = [...TESTED_ELSEWHERE.keys()].filter(
      (path) => isThere(`test/${path.replace(/\.ts$/, '.test.ts')}`) || !isThere(`src/${path}`),
    );
    expect(needless.map((path) => `${path}: take it off the list in test/support/importTable.ts`)).toEqual([]);
  });
});

describe('the repository', () => {
  it('names no place of the machine that it was written on', () => {
    const folders = ['src', 'test', 'config', 'deploy', '.ci'];
    const files = folders.flatMap((folder) => filesBelow(folder, /\.(ts|js|mjs|md|yaml|yml|json|sh|xml|py)$|^[^.]+$/));
    const top = filesOnTop(/\.(md|json)$|^Dockerfile$/);
    expect(files.length + top.length).toBeGreaterThan(SOURCES_MIN + TESTS_MIN);
    const place = /(?<![\w.*-])\/(?:work|root|home|Users)\/\w/;
    const wrong = [...files, ...top].flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (place.test(line) ? [`${path}:${index + 1}: make it relative`] : [])),
    );
    expect(wrong).toEqual([]);
  });

  it('takes every dependency from the public registry', () => {
    const [lock] = filesOnTop(/^package-lock\.json$/);
    expect(lock?.text.match(/"integrity": "sha512-/g)?.length).toBeGreaterThan(20);
    const resolved = lock?.text.match(/"resolved": "[^"]+"/g) ?? [];
    expect(resolved.filter((line) => !line.includes('"https://registry.npmjs.org/'))).toEqual([]);
  });
});

function tooLong(): { readonly name: string; readonly lines: number }[] {
  return sources.flatMap((file) =>
    functionsIn(file)
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ name, lines }) => ({ name: `${inSrc(file.path)} ${name}`, lines })),
  );
}

function mayUse(path: string, name: string): boolean {
  const rule = PACKAGES.find(({ match }) => match.test(name));
  return rule?.zones.includes(zoneOf(path)?.name ?? '') ?? false;
}

/** As `a → b → a`. Types count, too: files that need each other's nouns are one thing. */
function cyclesIn(files: readonly SourceFile[]): string[] {
  const edges = new Map(files.map(({ path, imports }) => [path, imports.map(({ target }) => target)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push(`${[...trail.slice(trail.indexOf(path)), path].join(' → ')}: move what both need below both`);
      return;
    }
    if (done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return [...new Set(cycles)];
}

describe('the import table', () => {
  it('leads downward: no zone may import one that may import it', () => {
    const wrong = ZONES.flatMap((zone) =>
      zone.may.filter((below) => ZONES.find(({ name }) => name === below)?.may.includes(zone.name)),
    );
    expect(wrong).toEqual([]);
  });
});
