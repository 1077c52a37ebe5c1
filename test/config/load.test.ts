import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { load, thisMachine } from '../../src/config/load.ts';

const machine = { cores: 4, memoryBytes: 2 ** 40 };
const folder = mkdtempSync(join(tmpdir(), 'gruard-'));
let count = 0;

function write(text: string): string {
  const file = join(folder, `${count++}.yaml`);
  writeFileSync(file, text);
  return file;
}

function codes(texts: readonly string[], environment = {}, on = machine): readonly string[] {
  const loaded = load(texts.map(write), environment, on);
  return loaded.ok ? [] : loaded.problems.map(({ code, key }) => `${code} ${key}`);
}

const stream = (name: string, more = ''): string => `streams:\n  ${name}: { topic: t, value: $.v${more} }\n`;

it('makes settings of a file', () => {
  const loaded = load([write(`kafka: { group: "\${env:G:-x}" }\n${stream('a')}`)], { G: 'y' }, machine);
  expect(loaded).toMatchObject({
    ok: true,
    warnings: [],
    settings: { kafka: { group: 'y' }, streams: [{ name: 'a' }] },
  });
});

it('makes plain data', () => {
  const loaded = load([write(stream('a'))], {}, machine);
  expect(loaded.ok && structuredClone(loaded.settings)).toEqual(loaded.ok && loaded.settings);
});

describe('several files', () => {
  it('are one configuration', () => {
    const files = [
      write('lanes: 2\ndefaults: { gaps: zero }\n'),
      write(stream('a')),
      write(`lanes: 3\n${stream('b')}`),
    ];
    const loaded = load(files, {}, machine);
    expect(loaded).toMatchObject({
      ok: true,
      settings: { lanes: 3, streams: [{ name: 'a', window: { gaps: { kind: 'fill', value: 0 } } }, { name: 'b' }] },
    });
  });

  it('have each stream once', () => {
    const [a, b] = [write(stream('a')), write(`\n${stream('a')}`)];
    const loaded = load([a, b], {}, machine);
    expect(loaded.ok ? '' : loaded.text).toContain(
      `${b}:3:3: error[duplicate_stream] streams.a: this stream stands in ${a}:2, too.`,
    );
  });

  it('show their problems together, each in its file', () => {
    const [a, b] = [write('lanes: many\n'), write(stream('a', ', unit: 5'))];
    const loaded = load([a, b], {}, machine);
    expect(loaded.ok ? '' : loaded.text).toMatch(
      new RegExp(`^${a}:1:8: error[^]*\n${b}:2:30: error[^]*\n2 problems in ${a}, ${b}\\. Nothing was started\\.\n$`),
    );
  });
});

describe('all problems at once', () => {
  it('come from schema and checks alike', () => {
    const text = `lanes: 100\nstreams:\n  a: { topic: t }\n  b: { topic: t, value: 5 }\n`;
    expect(codes([text])).toEqual(['out_of_range lanes', 'wrong_type streams.b.value', 'missing_key streams.a.value']);
  });

  it('blame `defaults` where the fault is there', () => {
    const loaded = load(
      [write(`${stream('a', ', window: { every: 1s }')}defaults: { window: { lateness: 5m } }\n`)],
      {},
      machine,
    );
    expect(loaded.ok ? '' : loaded.text).toContain('.yaml:3:33: error[out_of_range] streams.a.window.lateness: ');
  });

  it('name a fault of `defaults` once', () => {
    expect(codes([`defaults: { gaps: never }\n${stream('a')}  b: { topic: t }\n`])).toEqual([
      'bad_value defaults.gaps',
    ]);
  });
});

describe('memory', () => {
  it('is refused with the numbers when the models cannot fit', () => {
    const file = write(`limits: { memory: 10MiB }\n${stream('a')}  b: { topic: [u, w], value: $.v }\n`);
    const loaded = load([file], {}, machine);
    expect(loaded.ok ? '' : loaded.text).toMatch(
      /:1:19: error\[memory_limit\] limits\.memory: .* need \d+ MiB with one partition a topic, and 10 MiB/,
    );
    expect(loaded.ok ? '' : loaded.text).toMatch(/; most takes b: 2 × 10000 models of \d+ KiB\.\n/);
  });

  it('of a small machine is half of what it has', () => {
    expect(codes([stream('a')], {}, { cores: 1, memoryBytes: 64e6 })).toEqual(['memory_limit limits.memory']);
    expect(codes([stream('a', ', limits: { series: 10 }')], {}, { cores: 1, memoryBytes: 64e6 })).toEqual([]);
  });

  it('and cores of this machine are known', () => {
    expect(thisMachine().cores).toBeGreaterThanOrEqual(1);
    expect(thisMachine().memoryBytes).toBeGreaterThan(1e8);
    expect(Number.isFinite(thisMachine().memoryBytes)).toBe(true);
  });
});

describe('a password', () => {
  const sasl = (password: string): string =>
    `kafka: { sasl: { mechanism: scram-sha-256, username: u, password: ${password} } }\n${stream('a')}`;

  it('in the file gives a warning that does not show it', () => {
    const loaded = load([write(sasl('hunter2'))], {}, machine);
    expect(loaded.ok && loaded.warnings).toEqual([
      expect.stringContaining('warning[plain_secret] kafka.sasl.password: '),
    ]);
    expect(loaded.ok && loaded.warnings.join()).not.toContain('hunter2');
  });

  it('from the environment or a file gives none', () => {
    const file = write('0777\n');
    for (const text of [`"\${env:PW}"`, `"\${file:${file}}"`]) {
      const loaded = load([write(sasl(text))], { PW: '0777' }, machine);
      expect(loaded).toMatchObject({ ok: true, warnings: [], settings: { kafka: { sasl: { password: '0777' } } } });
    }
  });
});

it('fails with input_missing when there is no such file', () => {
  expect(() => load(['/no/such.yaml'], {}, machine)).toThrow(expect.objectContaining({ code: 'input_missing' }));
});

it('reads a configuration of a thousand streams', () => {
  const names = Array.from(
    { length: 1000 },
    (_, i) => `  s${i}: { topic: t${i}, value: $.v, limits: { series: 10 } }\n`,
  );
  const loaded = load([write(`streams:\n${names.join('')}`)], {}, machine);
  expect(loaded.ok && loaded.settings.streams.length).toBe(1000);
});
