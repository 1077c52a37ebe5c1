import { describe, expect, it } from 'vitest';
import { type Image, imageOf, newReading, type Reading, take } from '../../src/checkpoint/stateImage.ts';
import {
  CHECKPOINT_KEY,
  type CheckpointRecord,
  encodeCheckpoint,
  encodeSlab,
  nameHash,
  type Side,
  seriesName,
  slabKey,
} from '../../src/checkpoint/stateRecords.ts';

const LINE = { uid: 'u', position: 1, configHash: 'c', layoutHash: 'l', block: new Uint8Array(), records: 0 };
const nameOf = (key: string): string => seriesName('u', key);

type Line =
  | readonly ['claim' | 'seal', epoch: number, number: number, live?: readonly string[], claimOffset?: number]
  | readonly ['slab' | 'gone', key: string, side: Side, epoch: number, number: number]
  | readonly ['deleted', key: string, side: Side, epoch: number, number: number]
  | readonly ['nothing'];

/** A log, written line by line. */
function readingOf(lines: readonly Line[]): Reading {
  const reading = newReading();
  for (const [offset, line] of lines.entries()) {
    switch (line[0]) {
      case 'nothing':
        break;
      case 'claim':
      case 'seal': {
        const [kind, epoch, number, live = [], at] = line;
        const names = live.reduce((xor, key) => xor ^ nameHash(nameOf(key)), 0) >>> 0;
        const claimOffset = kind === 'claim' ? undefined : (at ?? 0);
        const record: CheckpointRecord = {
          ...{ epoch, number, claimOffset, names, writer: 1, live: live.length },
          ...{ empty: number === 0, lines: [LINE] },
        };
        take(reading, { key: CHECKPOINT_KEY, value: encodeCheckpoint(record), offset });
        break;
      }
      case 'deleted': {
        const [, series, side, epoch, number] = line;
        take(reading, { key: slabKey(side, nameOf(series)), value: null, offset, deletedBy: { epoch, number } });
        break;
      }
      default: {
        const [kind, series, side, epoch, number] = line;
        const key = slabKey(side, nameOf(series));
        const slab = kind === 'gone' ? undefined : Uint8Array.of(number, epoch);
        take(reading, { key, value: encodeSlab(key, { number, epoch, slab }), offset });
      }
    }
  }
  return reading;
}

function told(image: Image): Record<string, unknown> {
  const series = image.snapshot?.shares[0]?.series.map(({ key, slab }) => [key, ...slab]);
  return {
    series,
    stray: image.stray.map((key) => Buffer.from(key).toString()),
    haunted: [...image.haunted],
    incomplete: image.incomplete,
  };
}

const BEGUN: readonly Line[] = [
  ['claim', 1, 0],
  ['slab', 'a', 0, 1, 1],
  ['slab', 'b', 0, 1, 1],
  ['seal', 1, 1, ['a', 'b']],
];
const SOUND = { stray: [], haunted: [], incomplete: false };

describe('what a log of state says', () => {
  it.each<readonly [string, readonly Line[], Record<string, unknown>]>([
    ['a claim alone: there is no state', [['claim', 1, 0]], { ...SOUND, series: undefined }],
    [
      'the sealed slabs',
      BEGUN,
      {
        ...SOUND,
        series: [
          ['a', 1, 1],
          ['b', 1, 1],
        ],
      },
    ],
    [
      'of two sealed slabs the newer one',
      [...BEGUN, ['slab', 'a', 1, 1, 2], ['seal', 1, 2, ['a', 'b']]],
      {
        ...SOUND,
        series: [
          ['a', 2, 1],
          ['b', 1, 1],
        ],
      },
    ],
    [
      'a slab that was never sealed counts for nothing, and must go',
      [...BEGUN, ['slab', 'a', 1, 1, 2], ['slab', 'c', 0, 1, 2]],
      {
        ...SOUND,
        series: [
          ['a', 1, 1],
          ['b', 1, 1],
        ],
        stray: ['s:1:["u","a"]', 's:0:["u","c"]'],
      },
    ],
    [
      'a series that is gone is gone; what is hidden by its mark must go first',
      [...BEGUN, ['gone', 'a', 1, 1, 2], ['seal', 1, 2, ['b']]],
      { ...SOUND, series: [['b', 1, 1]], stray: ['s:0:["u","a"]', 's:1:["u","a"]'] },
    ],
    [
      'a former owner writes over a sealed slab: it is there still, and must be written again',
      [...BEGUN, ['claim', 2, 1, ['a', 'b']], ['slab', 'a', 0, 1, 2], ['slab', 'b', 1, 1, 2]],
      {
        ...SOUND,
        series: [
          ['a', 1, 1],
          ['b', 1, 1],
        ],
        stray: ['s:1:["u","b"]'],
        haunted: ['["u","a"]'],
      },
    ],
    [
      'a former owner seals behind the claim: it tells nothing',
      [...BEGUN, ['claim', 2, 1, ['a', 'b']], ['slab', 'a', 1, 1, 2], ['seal', 1, 2, ['a', 'b']]],
      {
        ...SOUND,
        series: [
          ['a', 1, 1],
          ['b', 1, 1],
        ],
        stray: ['s:1:["u","a"]'],
      },
    ],
    [
      'a deletion that comes twice deletes nothing that was written after it',
      [
        ...BEGUN,
        ['deleted', 'a', 1, 1, 1],
        ['slab', 'a', 1, 1, 2],
        ['seal', 1, 2, ['a', 'b']],
        ['deleted', 'a', 1, 1, 1],
      ],
      {
        ...SOUND,
        series: [
          ['a', 2, 1],
          ['b', 1, 1],
        ],
        haunted: ['["u","a"]'],
      },
    ],
    [
      'a claim of the same epoch that comes late, and tells an older state, tells nothing',
      [...BEGUN, ['slab', 'a', 1, 1, 2], ['seal', 1, 2, ['a', 'b']], ['claim', 1, 1, ['a', 'b']]],
      {
        ...SOUND,
        series: [
          ['a', 2, 1],
          ['b', 1, 1],
        ],
      },
    ],
    [
      'series that are missing are told',
      [
        ['claim', 1, 0],
        ['slab', 'a', 0, 1, 1],
        ['seal', 1, 1, ['a', 'b']],
      ],
      { ...SOUND, series: [['a', 1, 1]], incomplete: true },
    ],
    [
      'after compaction only the claim place tells who wrote',
      [['nothing'], ['slab', 'a', 0, 1, 1], ['nothing'], ['nothing'], ['slab', 'b', 0, 1, 2], ['seal', 2, 3, ['a'], 3]],
      { ...SOUND, series: [['a', 1, 1]], stray: ['s:0:["u","b"]'] },
    ],
  ])('%s', (_, lines, expected) => {
    expect(told(imageOf(readingOf(lines)))).toEqual(expected);
  });

  it('is nothing when the newest checkpoint is damaged: an older one would have lost its slabs', () => {
    const reading = readingOf(BEGUN);
    take(reading, { key: CHECKPOINT_KEY, value: Uint8Array.of(1, 2, 3), offset: 9 });
    const image = imageOf(reading);
    expect([image.snapshot, image.stray.length, reading.damage]).toEqual([
      undefined,
      2,
      ['the checkpoint at offset 9'],
    ]);
  });

  it('lacks a slab that is damaged, and says so', () => {
    const reading = readingOf(BEGUN);
    take(reading, { key: slabKey(0, nameOf('a')), value: Uint8Array.of(1), offset: 9 });
    expect(told(imageOf(reading))).toEqual({ ...SOUND, series: [['b', 1, 1]], incomplete: true });
    expect(reading.damage).toHaveLength(1);
  });
});
