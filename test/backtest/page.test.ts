import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { newCurve, observeWindow } from '../../src/backtest/curve.ts';
import { escaped } from '../../src/backtest/pageFile.ts';
import { SCRIPT } from '../../src/backtest/pageScript.ts';
import { STYLE } from '../../src/backtest/pageStyle.ts';
import { curveBase64, unitMsOf } from '../../src/backtest/plotData.ts';
import { backtestOf, instantOf, noise } from './support.ts';

const MEBIBYTE = 1024 ** 2;

function csv(rows: number, spikes: readonly number[], header = 'timestamp,value,label'): string {
  const values = noise(rows, spikes);
  return `${header}\n${values.map((value, i) => `${instantOf(i)},${value},${spikes.includes(i) ? 1 : 0}\n`).join('')}`;
}

describe('the report', () => {
  it('needs nothing from anywhere', async () => {
    const page = (await backtestOf({ 'a.csv': csv(400, [300]) })).text('report.html');
    const outside = /<(?:link|img|iframe|object|script[^>]*\ssrc)\b|https?:|@import|url\(|fetch\(|XMLHttpRequest/i;
    expect(page.match(outside)).toBeNull();
    expect(page.match(/<!doctype html>/)?.index).toBe(0);
    expect(page).toContain('prefers-color-scheme: dark');
  });

  it('tells the figures, the files and the episodes', async () => {
    const files = { 'first.csv': csv(400, [300]), 'second.csv': csv(400, [350]) };
    const page = (await backtestOf(files)).text('report.html');
    expect(page).toContain('2 files · 800 rows');
    expect(page).toContain('<b>100 %</b><small>2 of 2</small>');
    expect(page.match(/<section class="card file"/g)?.length).toBe(2);
    expect(page).toMatch(/<td>2026-01-05 05:00<\/td>/);
    expect(page.match(/<span class="mark right">labelled<\/span>/g)?.length).toBe(2);
  });

  it('shows nothing of labels where there are none', async () => {
    const page = (await backtestOf({ 'a.csv': csv(400, [300], 'timestamp,value') })).text('report.html');
    expect(page).toContain('There are no labels');
    expect(page).not.toContain('Average precision');
  });

  it('takes names as text, whatever they hold', async () => {
    const evil = '</script><b onclick=x>';
    const text = csv(200, []).replace('value', `"${evil}"`).replace('label', 'b');
    const page = (await backtestOf({ '<i>&.csv': text })).text('report.html');
    expect(page).not.toContain(evil);
    expect(page).not.toContain('<i>&');
    expect(page.match(/<script/g)?.length).toBe(page.match(/<\/script>/g)?.length);
    expect(escaped(`<a href="x">'&`)).toBe('&#60;a href=&#34;x&#34;&#62;&#39;&#38;');
  });

  it('stays small: as many plots as there are share the room', { timeout: 30_000 }, async () => {
    const header = `timestamp,${Array.from({ length: 60 }, (_, i) => `v${i}`).join(',')}\n`;
    const row = (i: number): string => `${instantOf(i)}${`,${i % 7}`.repeat(60)}\n`;
    const text = header + Array.from({ length: 300 }, (_, i) => row(i)).join('');
    const model = { cell: 'last' } as const;
    const files = Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`${i}.csv`, text]));
    const page = (await backtestOf(files, { model })).text('report.html');
    expect(page.match(/<canvas/g)?.length).toBe(240);
    expect(page.length).toBeLessThan(20 * MEBIBYTE);
  });
});

describe('the data of a plot', () => {
  it('are columns of four bytes, first of all the times', () => {
    const curve = newCurve(0, 8);
    for (const [i, value] of [5, 7].entries()) {
      const numbers = { value, expected: 1, lower: 0, upper: 2, score: 0.5 };
      const rest = { field: 0, open: false, line: i, change: undefined };
      observeWindow(curve, { startMs: 1000 + 60_000 * i, endMs: 61_000 + 60_000 * i, ...numbers, ...rest });
    }
    const bytes = Buffer.from(curveBase64(curve, unitMsOf(curve)), 'base64');
    expect(bytes.length).toBe(2 * 28);
    expect([bytes.readUInt32LE(0), bytes.readUInt32LE(4)]).toEqual([0, 60_000]);
    expect([bytes.readFloatLE(8), bytes.readFloatLE(12), bytes.readFloatLE(48)]).toEqual([5, 7, 0.5]);
  });

  it('are told in seconds when they are of several months', () => {
    const curve = newCurve(0, 2);
    curve.count = 2;
    curve.startMs.set([0, 2 ** 32 - 1]);
    expect(unitMsOf(curve)).toBe(1);
    curve.startMs.set([0, 2 ** 32]);
    expect(unitMsOf(curve)).toBe(1000);
  });
});

describe('the script', () => {
  it('can be read, and uses colours that there are', () => {
    expect(() => new Script(SCRIPT)).not.toThrow();
    const used = [...SCRIPT.matchAll(/(?:colour\(|drawArea\(v, |drawBox\(v, [^']*)'([a-z-]+)'/g)].map(
      ([, name]) => name,
    );
    expect(used.length).toBeGreaterThan(10);
    for (const name of used) expect(STYLE.match(new RegExp(`--${name}:`, 'g'))?.length, name).toBe(2);
  });
});
