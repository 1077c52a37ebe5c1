import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backtestOf, instantOf, noise } from './support.ts';

const HEADER = 'timestamp,value,expected,lower,upper,anomaly_score,anomalous,episode';
const COMPANIONS = ['expected', 'lower', 'upper', 'anomaly_score', 'anomalous', 'episode'];
const ALARM_AT = 400;

function csv(values: readonly (number | string)[], header = 'timestamp,value'): string {
  return `${header}\n${values.map((value, i) => `${instantOf(i)},${value}\n`).join('')}`;
}

function labelled(rows: number, spikes: readonly number[], labels: readonly number[]): string {
  const cells = noise(rows, spikes).map((value, i) => `${value},${labels.includes(i) ? 1 : 0}`);
  return csv(cells, 'timestamp,value,label');
}

describe('the output of a file', () => {
  it('has one row for each row, in order, as it was written', async () => {
    const values = noise(500, [ALARM_AT]);
    const run = await backtestOf({ 'a.csv': csv(values) });
    expect(run.text('a.csv').split('\n')[0]).toBe(HEADER);
    const rows = run.rows('a.csv');
    expect(rows.map(([time, value]) => [time, value])).toEqual(values.map((value, i) => [instantOf(i), String(value)]));
  });

  it('has scores from the end of the warm-up on, and numbers the episode', async () => {
    const run = await backtestOf({ 'a.csv': csv(noise(500, [ALARM_AT])) });
    const rows = run.rows('a.csv');
    const scored = rows.findIndex(([, , , , , score]) => score !== '');
    expect(scored).toBe(50);
    expect(rows.slice(scored).every(([, , , , , score]) => Number(score) > 0)).toBe(true);
    const [anomalous, number] = rows[ALARM_AT]?.slice(6) ?? [];
    expect(anomalous).toBe('1');
    expect(Number(rows[ALARM_AT]?.[5])).toBeGreaterThan(1);
    expect(rows.filter(([, , , , , , , episode]) => episode === number).length).toBeLessThan(10);
    expect(run.json('a.json')).toMatchObject({
      rows: 500,
      from: '2026-01-05T00:00:00.000Z',
      timestamps: 'YYYY-MM-DD HH:MM:SS, read as UTC',
      fields: ['value'],
      labels: false,
      interval_seconds: 60,
      rejected: {},
      windows: { closed: 500, warming: 50, scored: 450, skipped: 0 },
      warmup_end: '2026-01-05T00:50:00.000Z',
    });
    expect(run.json('a.json')['episodes']).toContainEqual(
      expect.objectContaining({
        number: Number(number),
        field: 'value',
        start: '2026-01-05T06:40:00.000Z',
        kind: 'spike',
      }),
    );
  });

  it('judges each row by what stood before it: a later row changes nothing', async () => {
    const values = noise(500, [ALARM_AT]);
    const whole = await backtestOf({ 'a.csv': csv(values) });
    for (const length of [ALARM_AT - 1, ALARM_AT + 1, 451]) {
      const part = await backtestOf({ 'a.csv': csv(values.slice(0, length)) });
      expect(part.rows('a.csv')).toEqual(whole.rows('a.csv').slice(0, length));
    }
    const changed = await backtestOf({ 'a.csv': csv(values.map((value, i) => (i > ALARM_AT ? 2 * value : value))) });
    expect(changed.rows('a.csv').slice(0, ALARM_AT + 1)).toEqual(whole.rows('a.csv').slice(0, ALARM_AT + 1));
  });

  it('never looks at the labels', async () => {
    const scores = async (labels: readonly number[]): Promise<unknown> =>
      (await backtestOf({ 'a.csv': labelled(500, [ALARM_AT], labels) })).text('a.csv');
    expect(await scores([ALARM_AT])).toBe(await scores([1, 2, 300]));
  });

  it('leaves the scores of late, repeated and unreadable rows empty, and counts them', async () => {
    const lines = csv(noise(200)).trimEnd().split('\n');
    const [, second = ''] = lines;
    lines.splice(100, 0, lines[99] ?? ''); // a repetition
    lines.splice(120, 0, second); // two hours late
    lines.splice(130, 0, 'yesterday,5', `${instantOf(128)},`, `${instantOf(128)},nan`, '"', '');
    const run = await backtestOf({ 'a.csv': `${lines.join('\r\n')}\r\n` });
    const rows = run.rows('a.csv');
    expect(rows.length).toBe(206);
    const bare = rows.flatMap((row, i) => (row.slice(2).every((cell) => cell === '') ? [i] : []));
    expect(bare).toEqual([99, 119, 129, 130, 131, 132]);
    expect(rows[99]?.slice(0, 2)).toEqual(rows[98]?.slice(0, 2));
    expect(rows[129]?.slice(0, 2)).toEqual(['yesterday', '5']);
    expect(run.json('a.json')['rejected']).toEqual({ parse: 1, schema: 2, late: 1, duplicate: 1, non_finite: 1 });
  });

  it('gives rows of one window the same verdict', async () => {
    const window = { every: { kind: 'fixed', ms: 300_000 }, openWindows: 2 } as const;
    const run = await backtestOf({ 'a.csv': csv(noise(1000, [900])) }, { window });
    const rows = run.rows('a.csv').map((row) => row.slice(2).join());
    expect(new Set(rows.slice(600, 605)).size).toBe(1);
    expect(rows[904]).not.toBe(rows[905]);
  });

  it('watches several fields, each with companions of its own', async () => {
    const [cpu, memory] = [noise(500, [], 1), noise(500, [ALARM_AT], 2)];
    const cells = cpu.map((value, i) => `${value},web-1,${i % 3 === 1 ? '' : memory[i]}`);
    const run = await backtestOf({ 'a.csv': csv(cells, 'time,cpu,host,"a ""b"""') });
    const names = ['timestamp', 'cpu', ...COMPANIONS.map((name) => `cpu_${name}`)];
    const quoted = COMPANIONS.map((name) => `"a ""b""_${name}"`);
    expect(run.text('a.csv').split('\n')[0]).toBe([...names, '"a ""b"""', ...quoted].join(','));
    const rows = run.rows('a.csv');
    expect(rows[300]?.[1]).toBe(String(cpu[300]));
    expect(Number(rows[300]?.[2])).toBeGreaterThan(45);
    expect(rows[301]?.slice(8)).toEqual(['', '', '', '', '', '', '']);
    expect(run.json('a.json')).toMatchObject({ fields: ['cpu', 'a "b"'], ignored_columns: ['host'] });
  });

  it.each([
    ['epoch seconds', (i: number) => String(1_767_571_200 + 60 * i)],
    ['epoch milliseconds', (i: number) => String(1_767_571_200_000 + 60_000 * i)],
    ['ISO 8601', (i: number) => new Date(1_767_571_200_000 + 60_000 * i).toISOString()],
  ])('is the same whatever the times look like: %s', async (format, timeOf) => {
    const values = noise(300, [280]);
    const text = `timestamp,value\n${values.map((value, i) => `${timeOf(i)},${value}\n`).join('')}`;
    const [run, usual] = [await backtestOf({ 'a.csv': text }), await backtestOf({ 'a.csv': csv(values) })];
    const verdicts = (rows: readonly (readonly string[])[]): unknown => rows.map((row) => row.slice(1));
    expect(verdicts(run.rows('a.csv'))).toEqual(verdicts(usual.rows('a.csv')));
    expect(run.json('a.json')['timestamps']).toBe(format);
  });

  it('exists for a file without rows', async () => {
    const run = await backtestOf({ 'a.csv': 'timestamp,value\n' });
    expect(run.text('a.csv')).toBe(`${HEADER}\n`);
    expect(run.json('a.json')).toMatchObject({ rows: 0, from: null, warmup_end: null, episodes: [] });
    expect(run.text('report.html')).toContain('0 rows');
  });
});

describe('labels', () => {
  it('are held against the episodes', async () => {
    const labels = [ALARM_AT - 1, ALARM_AT, ALARM_AT + 1, 450, 451];
    const run = await backtestOf({ 'a.csv': labelled(500, [ALARM_AT], labels) });
    expect(run.json('a.json')['figures']).toMatchObject({
      segments: 2,
      segments_found: 1,
      segments_in_warmup: 0,
      event_recall: 0.5,
      median_delay_seconds: 60,
      recall_delay_7: 0.6,
    });
  });
});

describe('two runs', () => {
  it('give the same bytes, whatever ran before them', async () => {
    const [a, b] = [labelled(500, [ALARM_AT], [ALARM_AT]), csv(noise(300, [250], 7))];
    const [first, second] = [
      await backtestOf({ 'a.csv': a, 'b.csv': b }),
      await backtestOf({ 'a.csv': a, 'b.csv': b }),
    ];
    for (const name of readdirSync(first.out)) expect(second.text(name), name).toBe(first.text(name));
    expect(readdirSync(first.out)).toEqual(['a.csv', 'a.json', 'b.csv', 'b.json', 'report.html']);
    const alone = await backtestOf({ 'b.csv': b });
    expect(alone.text('b.csv')).toBe(first.text('b.csv'));
  });
});

describe('a backtest', () => {
  it('replaces the files of an earlier run, and tells how many', async () => {
    const files = { 'a.csv': csv(noise(60)) };
    const first = await backtestOf(files);
    expect(first.replaced).toBe(0);
    writeFileSync(join(first.out, 'a.csv'), 'old');
    const again = await backtestOf(files, {}, { out: first.out });
    expect(again.replaced).toBe(1);
    expect(readFileSync(join(first.out, 'a.csv'), 'utf8')).toContain(HEADER);
  });

  it('refuses to write over its input, and two files of one name', async () => {
    const first = await backtestOf({ 'a.csv': csv(noise(60)) });
    const input = join(dirname(first.out), 'a.csv');
    const before = readFileSync(input, 'utf8');
    await expect(backtestOf({}, {}, { files: [input], out: dirname(input) })).rejects.toThrow(
      'would be the file itself',
    );
    expect(readFileSync(input, 'utf8')).toBe(before);
    const twice = [input, join(first.out, 'a.csv')];
    await expect(backtestOf({}, {}, { files: twice })).rejects.toThrow('would both become a.csv');
  });

  it('looks at all files before it writes anything', async () => {
    const files = { 'a.csv': csv(noise(60)), 'b.csv': '' };
    await expect(backtestOf(files)).rejects.toMatchObject({
      code: 'data_invalid',
      message: expect.stringContaining('b.csv: is empty'),
    });
    await expect(backtestOf({ 'c.csv': '1,2\n3,4\n' })).rejects.toThrow(
      'c.csv: has no header; its first line is "1,2"',
    );
    await expect(backtestOf({}, {}, { files: ['nowhere.csv'] })).rejects.toMatchObject({ code: 'input_missing' });
  });

  it('stops when it is told to, and leaves no half of a file', async () => {
    const stopping = new AbortController();
    const progress = (_share: number, _file: string, index: number): void => {
      if (index === 1) stopping.abort();
    };
    const out = join((await backtestOf({})).out, 'stopped');
    const files = { 'a.csv': csv(noise(60)), 'b.csv': csv(noise(60)) };
    await expect(backtestOf(files, {}, { out, progress, signal: stopping.signal })).rejects.toThrow('aborted');
    expect(readdirSync(out)).toEqual(['a.csv', 'a.json']);
  });
});
