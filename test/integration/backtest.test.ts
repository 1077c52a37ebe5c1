import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instantOf, noise } from '../backtest/support.ts';
import { startDaemon, until, workFolder } from '../support/daemon.ts';

let folder: Awaited<ReturnType<typeof workFolder>>;
beforeAll(async () => {
  folder = await workFolder();
});
afterAll(() => folder.remove());

async function call(...args: readonly string[]): Promise<{ exit: number | string; out: string; errors: string }> {
  const daemon = startDaemon(['backtest', ...args]);
  const exit = await daemon.exited;
  return { exit, out: daemon.stdout(), errors: daemon.stderr() };
}

function csv(rows: number, spikes: readonly number[]): string {
  return `timestamp,value\n${noise(rows, spikes)
    .map((value, i) => `${instantOf(i)},${value}\n`)
    .join('')}`;
}

describe('gruard backtest', () => {
  it('gives help with examples', async () => {
    const { exit, out } = await call('--help');
    expect(exit).toBe(0);
    expect(out).toContain('usage: gruard backtest --out DIR');
    expect(out.match(/^ {2}gruard backtest /gm)?.length).toBeGreaterThanOrEqual(2);
  });

  it('writes rows, a summary and a report, and says where', async () => {
    const path = await folder.file('shop.csv', csv(800, [700]));
    const out = join(folder.path, 'results');
    const { exit, errors, out: told } = await call('--out', out, path);
    expect(exit, errors).toBe(0);
    expect(errors).toBe('');
    expect(told).toBe(`1 file, 800 rows: 1 episode\nreport    ${join(out, 'report.html')}\n`);
    expect(readdirSync(out)).toEqual(['report.html', 'shop.csv', 'shop.json']);
    expect((await call('--out', out, path)).out).toContain('replaced  1 file of an earlier run\n');
  });

  it('tells the same episodes as the daemon', async () => {
    const data = await folder.file('both.csv', csv(900, [640, 700, 800]));
    const config = await folder.file(
      'both.yaml',
      'streams:\n  shop:\n    topic: t\n    format: csv\n    columns: [timestamp, value]\n    time: $.timestamp\n' +
        `    value: $.value\n    model: { warmup: { windows: 100 } }\nstate: { dir: ${folder.path}/state }\n`,
    );
    const daemon = startDaemon(['run', config, '--listen', '127.0.0.1:0', '--replay', data, '--flush']);
    expect(await daemon.exited, daemon.stderr()).toBe(0);
    const out = join(folder.path, 'both');
    expect((await call('--out', out, '--config', config, data)).exit).toBe(0);
    const { episodes } = JSON.parse(readFileSync(join(out, 'both.json'), 'utf8')) as {
      readonly episodes: readonly Readonly<Record<string, unknown>>[];
    };
    const opened = daemon.events().filter(({ event }) => event === 'opened');
    expect(opened.length).toBeGreaterThanOrEqual(1);
    expect(episodes.map(({ start, opened: at }) => [start, at])).toEqual(
      opened.map(({ started_at: start, window }) => [start, window.start]),
    );
  });

  it('takes settings from a stream, and single ones from the command line', async () => {
    const data = await folder.file('set.csv', csv(800, [700]));
    const config = await folder.file(
      'set.yaml',
      'streams:\n  a: { topic: t, value: $.v }\n  b: { topic: t, value: $.v, window: { every: 5m } }\n',
    );
    const out = join(folder.path, 'set');
    const common = ['--out', out, '--config', config, data];
    expect((await call(...common)).errors).toContain('say with --stream which one is meant: a, b.');
    const { exit, errors } = await call(...common, '--stream', 'b', '--set', 'detect.direction=below');
    expect(exit, errors).toBe(0);
    expect(JSON.parse(readFileSync(join(out, 'set.json'), 'utf8'))).toMatchObject({
      interval_seconds: 300,
      settings: { stream: 'b', detect: { direction: 'below' } },
      episodes: [],
    });
  });

  it('refuses a wrong override as it refuses a wrong configuration: 78', async () => {
    const data = await folder.file('wrong.csv', csv(10, []));
    const out = join(folder.path, 'wrong');
    const { exit, errors } = await call('--out', out, data, '--set', 'detect.directon=above');
    expect(exit).toBe(78);
    expect(errors).toContain('--set:1:8: error[unknown_key] streams.backtest.detect.directon: there is no such key.');
    expect(errors).toContain('rename it to "direction"');
    expect(readdirSync(folder.path)).not.toContain('wrong');
  });

  it.each([
    [[], 2, 'needs at least one CSV file'],
    [['a.csv'], 2, 'needs --out DIR'],
    [['--out', 'x', 'nowhere.csv'], 66, 'nowhere.csv: there is no such file'],
    [['--out', 'x', '--config', 'nowhere.yaml', 'a.csv'], 66, 'nowhere.yaml'],
    [['--out', 'x', '--stream', 'other', 'a.csv'], 2, '--stream: there is no stream "other"'],
    [['--out', 'x', '--set', 'direction', 'a.csv'], 2, '--set: must be KEY=VALUE'],
    [['--out', 'x', 'package.json'], 65, 'package.json'],
    [['--out', 'package.json', 'test/backtest/support.ts'], 65, 'support.ts'],
  ])('says what is wrong with %j', async (args, code, message) => {
    const { exit, out, errors } = await call(...args);
    expect([exit, out]).toEqual([code, '']);
    expect(errors).toMatch(/^gruard: error\[\w+\] .+\n {2}fix: /);
    expect(errors).toContain(message);
  });

  it('says when it cannot write: 73', async () => {
    const data = await folder.file('blocked.csv', csv(10, []));
    const { exit, errors } = await call('--out', join(data, 'x'), data);
    expect(exit).toBe(73);
    expect(errors).toContain('error[output_unwritable]');
  });

  it('stops at Ctrl-C and leaves no half of a file: 130', async () => {
    const data = await folder.file('long.csv', csv(300_000, []));
    const out = join(folder.path, 'stopped');
    const daemon = startDaemon(['backtest', '--out', out, data]);
    await until('it writes', () => readdirSync(folder.path).includes('stopped') && readdirSync(out).length > 0, daemon);
    expect(await daemon.stop('SIGINT')).toBe(130);
    expect(daemon.stderr()).toContain('gruard: stopped.');
    expect(readdirSync(out)).toEqual([]);
  });
});
