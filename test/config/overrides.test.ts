import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Loaded, load } from '../../src/config/load.ts';
import { chosenStream } from '../../src/config/overrides.ts';

const machine = { cores: 4, memoryBytes: 2 ** 40 };
const file = join(mkdtempSync(join(tmpdir(), 'gruard-')), 'a.yaml');
const ONE = 'streams:\n  a: { topic: t, value: $.v, detect: { direction: below, range: { min: 0 } } }\n';
const TWO = `${ONE}  b: { topic: t, value: $.v }\n`;

function loaded(text: string, sets: readonly string[], stream?: string): Loaded {
  writeFileSync(file, text);
  return load([file], {}, machine, { sets, stream });
}

function settingsOf(result: Loaded): Extract<Loaded, { ok: true }>['settings'] {
  if (!result.ok) throw new Error(result.text);
  return result.settings;
}

function textOf(result: Loaded): string {
  if (result.ok) throw new Error('it loaded');
  return result.text;
}

describe('--set', () => {
  it('overrides a key of the only stream, and leaves its neighbours', () => {
    const { streams } = settingsOf(loaded(ONE, ['detect.direction=above', 'window.every=5m']));
    expect(streams[0]).toMatchObject({
      detect: { direction: 'above', range: { min: 0 } },
      window: { every: { kind: 'fixed', ms: 300_000 } },
    });
  });

  it('takes the whole path, too, and that of the defaults', () => {
    const sets = ['streams.b.detect.direction=above', 'defaults.gaps=zero'];
    const { streams } = settingsOf(loaded(TWO, sets));
    expect(streams.map(({ detect }) => detect.direction)).toEqual(['below', 'above']);
    expect(streams.map(({ window }) => window.gaps)).toEqual([
      { kind: 'fill', value: 0 },
      { kind: 'fill', value: 0 },
    ]);
  });

  it('reads maps and lists as YAML, and lets the later one win', () => {
    const { streams } = settingsOf(loaded(ONE, ['detect.sustain={ hits: 2, of: 3 }', 'detect.sustain.of=4']));
    expect(streams[0]?.detect.sustain).toEqual({ hits: 2, of: 4 });
  });

  it('is judged by the schema, and points at what was typed', () => {
    expect(textOf(loaded(ONE, ['detect.direction=sideways']))).toBe(
      [
        '--set:1:18: error[bad_value] streams.a.detect.direction: must be above, below or both, is "sideways".',
        '    1 | detect.direction=sideways',
        '      |                  ^^^^^^^^',
        '      fix: write one of above, below, both.',
        '1 problem in --set. Nothing was started.',
        '',
      ].join('\n'),
    );
  });

  it('suggests the key that was meant', () => {
    const text = textOf(loaded(ONE, ['detect.directon=above']));
    expect(text).toContain('--set:1:8: error[unknown_key] streams.a.detect.directon: there is no such key.');
    expect(text).toContain('fix: rename it to "direction".');
  });

  it('says what the whole cannot be', () => {
    expect(textOf(loaded(ONE, ['detect.range.max=-1']))).toContain('streams.a.detect.range.min: must be below max');
    expect(textOf(loaded(ONE, ['detect={']))).toContain('--set:1:9: error[yaml_syntax]');
  });

  it.each(['direction', '=above', 'detect direction=above', ''])('refuses what has no key: %j', (set) => {
    expect(() => loaded(ONE, [set])).toThrow('--set: must be KEY=VALUE, like detect.direction=above');
  });

  it('wants to know the stream where there are several', () => {
    expect(() => loaded(TWO, ['gaps=zero'])).toThrow('say with --stream which one is meant: a, b.');
    const { streams } = settingsOf(loaded(TWO, ['gaps=previous'], 'b'));
    expect(streams.map(({ window }) => window.gaps.kind)).toEqual(['ignore', 'previous']);
  });
});

describe('the chosen stream', () => {
  it('is the only one, or the one that is named', () => {
    expect(chosenStream(['a'], undefined)).toBe('a');
    expect(chosenStream(['a', 'b'], 'b')).toBe('b');
  });

  it('must be there', () => {
    expect(() => chosenStream(['orders', 'returns'], 'order')).toThrow('there is no stream "order"; is orders meant?');
    expect(() => chosenStream(['orders'], 'x-y-z')).toThrow('there are orders');
  });
});
