import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { substitute, typed } from '../../src/config/substitute.ts';

const environment = { SITE: 'berlin', EMPTY: '', MULTI: 'a: [1\nb: 2' };

describe('a substitution', () => {
  it.each([
    [`\${env:SITE}`, 'berlin'],
    [`gruard-\${env:SITE}-\${env:SITE}`, 'gruard-berlin-berlin'],
    [`\${env:NONE:-paris}`, 'paris'],
    [`\${env:NONE:-}`, ''],
    [`\${env:EMPTY:-paris}`, 'paris'],
    [`\${env:EMPTY}`, ''],
    [`\${env:NONE:-a:-b}`, 'a:-b'],
    [`\${env:MULTI}`, 'a: [1\nb: 2'],
    [`$\${env:SITE}`, `\${env:SITE}`],
    ['a$$b', 'a$b'],
    ['$$$$', '$$'],
  ])('%s becomes %j', (text, result) => {
    expect(substitute(text, environment)).toEqual({ kind: 'text', text: result });
  });

  it.each(['$', '$.fields.p99', "$['x']", '$partition', 'a$b', '', 'costs $5'])('leaves %j alone', (text) => {
    expect(substitute(text, environment)).toEqual({ kind: 'same' });
  });

  it.each([
    [`\${env:NONE}`, 'unset_variable'],
    [`\${env:toString}`, 'unset_variable'],
    [`\${SITE}`, 'bad_substitution'],
    [`\${env:}`, 'bad_substitution'],
    [`\${env:A-B}`, 'bad_substitution'],
    [`\${env:SITE`, 'bad_substitution'],
    [`\${}`, 'bad_substitution'],
    [`\${exec:ls}`, 'bad_substitution'],
    [`\${file:}`, 'unreadable_file'],
    [`\${file:/no/such/file}`, 'unreadable_file'],
    [`\${file:${tmpdir()}}`, 'unreadable_file'],
  ])('%s is a fault: %s', (text, code) => {
    expect(substitute(text, environment)).toMatchObject({ kind: 'fault', code });
  });

  it('reads a file without its last line end', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'gruard-')), 'secret');
    writeFileSync(file, 'hunter2\n');
    expect(substitute(`\${file:${file}}`, {})).toEqual({ kind: 'text', text: 'hunter2' });
    writeFileSync(file, 'x'.repeat(70_000));
    expect(substitute(`\${file:${file}}`, {})).toMatchObject({ kind: 'fault', code: 'unreadable_file' });
  });

  it('is not substituted again', () => {
    expect(substitute(`\${env:A}`, { A: `\${env:SITE}` })).toEqual({ kind: 'text', text: `\${env:SITE}` });
  });
});

describe('the type of a plain text', () => {
  it.each([
    ['16', 16],
    ['-1.5e3', -1500],
    ['.5', 0.5],
    ['true', true],
    ['False', false],
    ['null', null],
    ['~', null],
    ['', null],
  ])('%j is %j', (text, value) => {
    expect(typed(text)).toBe(value);
  });

  it.each(['0777', '1_000', 'yes', 'berlin', '1e999', '1.2.3', '- x', '{a: 1}'])('%j stays a text', (text) => {
    expect(typed(text)).toBe(text);
  });
});
