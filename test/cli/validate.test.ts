import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CheckKafka, stateProblem, validate } from '../../src/cli/validate.ts';

let stdout = '';
let stderr = '';

beforeEach(() => {
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

const folder = mkdtempSync(join(tmpdir(), 'gruard-'));
const reachable: CheckKafka = async () => ({ problems: [], partitionsOf: undefined });

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const good = write(
  'good.yaml',
  `lanes: 2
limits: { memory: 4GiB }
defaults: { limits: &few { series: 10 } }
streams:
  orders: { topic: shop.orders, series: { shop: $.shop }, value: $.total, window: { every: 1m }, limits: *few }
  returns: { topic: ["shop.returns", "old.*"], preset: count, limits: { series: 10 } }
state: { dir: ${join(folder, 'new', 'state')} }
`,
);
const bad = write('bad.yaml', 'streams:\n  orders: { topic: shop.orders, value: $.total, windows: {} }\n');

describe('gruard validate', () => {
  it('tells in short what a good configuration means', async () => {
    expect(await validate([good], reachable)).toBe(0);
    expect(stderr).toBe('');
    const [head, orders, returns, memory, checked] = stdout.split('\n');
    expect(head).toBe(`${good}: 2 streams, 2 lanes … ok`);
    expect(orders).toMatch(
      /^ {2}orders: shop\.orders \(json\), value by shop, mean every 1m, gru 16, 10 series of \d+ KiB: \d+ KiB$/,
    );
    expect(returns).toMatch(
      /^ {2}returns: shop\.returns, old\.\* \(json\), value, a series per partition, count every 1m, /,
    );
    expect(memory).toMatch(/^memory: at most \d+ KiB with one partition a topic; limits\.memory is 4 GiB$/);
    expect(checked).toMatch(/^checked: localhost:9092, topics, /);
  });

  it.each([
    ['{ cell: gru, hidden: 32 }', 'gru 32'],
    ['{ cell: lstm, hidden: 32, layers: 2 }', 'lstm 32 × 2'],
    ['{ cell: ewma, hidden: 32 }', 'ewma'],
  ])('calls a model %s %s', async (model, words) => {
    const text = `streams: { a: { topic: t, value: $.v, limits: { series: 1 }, model: ${model} } }\n`;
    expect(await validate(['--offline', write('model.yaml', text)], reachable)).toBe(0);
    expect(stdout).toContain(`, mean every auto, ${words}, 1 series of `);
  });

  it('shows all problems of a bad one and exits with 78, before it looks at Kafka', async () => {
    const check = vi.fn(reachable);
    expect(await validate([bad], check)).toBe(78);
    expect(stdout).toBe('');
    expect(stderr).toContain('error[unknown_key] streams.orders.windows: there is no such key.');
    expect(stderr).toContain('Nothing was started.');
    expect(check).not.toHaveBeenCalled();
  });

  it('hands the settings to the check of the cluster, says what it finds, and exits with 69', async () => {
    const check = vi.fn<CheckKafka>(async () => ({
      problems: [{ code: 'topic_missing', text: 'streams.orders: topic shop.orders does not exist. Create it.' }],
      partitionsOf: undefined,
    }));
    expect(await validate([good], check)).toBe(69);
    expect(check).toHaveBeenCalledWith(expect.objectContaining({ lanes: 2 }));
    expect(stderr).toBe(
      'error: streams.orders: topic shop.orders does not exist. Create it.\n' +
        'The files are valid. gruard run would start, wait for what is missing, and not be ready until then.\n',
    );
    expect(stdout).toBe('');
  });

  it('looks at the files only with --offline, and says so', async () => {
    const check = vi.fn(reachable);
    expect(await validate(['--offline', good], check)).toBe(0);
    expect(check).not.toHaveBeenCalled();
    expect(stdout).toContain('not checked (--offline): localhost:9092, topics, ');
  });

  it('exits with 73 when the state cannot be written', async () => {
    const file = write(
      'blocked.yaml',
      `streams:\n  a: { topic: t, value: $.v, limits: { series: 1 } }\nstate: { dir: ${good}/x }\n`,
    );
    expect(await validate([file], reachable)).toBe(73);
    expect(stderr).toContain('is no directory.');
  });

  it('counts the memory of all partitions when the cluster tells how many there are', async () => {
    const partitions: CheckKafka = async () => ({
      problems: [],
      partitionsOf: (topic) => (topic === 'shop.orders' ? 12 : 1),
    });
    expect(await validate([good], partitions)).toBe(0);
    expect(stdout).toMatch(/10 series of \d+ KiB in each of 12 partitions: [\d.]+ MiB\n/);
    expect(stdout).toMatch(/^memory: at most [\d.]+ MiB in all partitions; limits\.memory is 4 GiB$/m);
  });

  it('refuses what run would refuse: more series in all partitions than the memory holds', async () => {
    const partitions: CheckKafka = async () => ({ problems: [], partitionsOf: () => 100_000 });
    await expect(validate([good], partitions)).rejects.toMatchObject({
      code: 'memory_limit',
      message: expect.stringMatching(/^limits\.series in every partition .* \d+ MiB; .* with 2 lanes gives 4096 MiB\./),
    });
    expect(stdout).toBe('');
  });

  it('takes several files as one', async () => {
    const more = write('more.yaml', 'streams:\n  more: { topic: t, value: $.v, limits: { series: 1 } }\n');
    expect(await validate(['--offline', good, more], reachable)).toBe(0);
    expect(stdout).toContain(`${good}, ${more}: 3 streams`);
  });

  it('helps with two examples', async () => {
    expect(await validate(['--help'], reachable)).toBe(0);
    expect(stdout.split('examples:\n')[1]?.trim().split('\n')).toHaveLength(2);
  });

  it.each([
    ['a missing file', ['/no/such.yaml'], 'input_missing'],
    ['no file at all', [], 'usage'],
  ])('fails with %s', async (_name, argv, code) => {
    await expect(validate(argv, reachable)).rejects.toMatchObject({ code });
  });

  it('refuses options that it does not know', async () => {
    await expect(validate(['--strict-ish', good], reachable)).rejects.toThrow('--strict-ish');
  });

  it('shows a warning and goes on', async () => {
    const file = write(
      'plain.yaml',
      'kafka: { sasl: { mechanism: plain, username: u, password: hunter2 } }\n' +
        'streams: { a: { topic: t, value: $.v, limits: { series: 1 } } }\n',
    );
    expect(await validate(['--offline', file], reachable)).toBe(0);
    expect(stderr).toContain('warning[plain_secret]');
    expect(stdout + stderr).not.toContain('hunter2');
  });
});

it('would make the directory of the state in the nearest one that is there', () => {
  expect(stateProblem(join(folder, 'a', 'b', 'c'))).toBeUndefined();
  expect(stateProblem(folder)).toBeUndefined();
  expect(stateProblem(good)).toContain(`${good} is no directory`);
});
