import { describe, expect, it } from 'vitest';
import type { EpisodeEvent } from '../../../src/domain.ts';
import { alarmsOf, newEntity, takeField } from './entity.ts';

/** Of each row: score, then `o` while an episode is open, with what happened to it. */
type FieldRow = readonly [score: number, open?: 'o', event?: EpisodeEvent];

function entityOf(...fields: readonly (readonly FieldRow[])[]) {
  const entity = newEntity(fields[0]?.length ?? 0);
  for (const rows of fields) {
    for (const [row, [score, open, event]] of rows.entries()) {
      takeField(entity, row, score, open === 'o', event === undefined ? [] : [event]);
    }
  }
  return { scores: [...entity.scores], alarms: [...alarmsOf(entity)] };
}

const CALM: readonly FieldRow[] = [[0.1], [0.2], [0.3], [0.1], [0.1], [0.1]];

describe('an entity', () => {
  it('of one field tells openings and escalations, and keeps the scores of other rows without an episode', () => {
    expect(entityOf([[0.5], [1], [3, 'o', 'opened'], [1.01, 'o'], [2, 'o', 'escalated'], [0.4]])).toEqual({
      scores: [0.5, 1, 3, 1.01, 2, 0.4],
      alarms: [0.5, 0, 3, 0, 2, 0.4],
    });
  });

  it('scores as its most anomalous field', () => {
    const { scores, alarms } = entityOf(CALM, [[0.2], [0.1], [0.1], [0.3], [0.05], [0.1]]);
    expect(scores).toEqual([0.2, 0.2, 0.3, 0.3, 0.1, 0.1]);
    expect(alarms).toEqual(scores);
  });

  it('does not tell a field that joins an open episode, unless it is more anomalous than all before', () => {
    const first: readonly FieldRow[] = [[0.1], [2, 'o', 'opened'], [1.01, 'o'], [1.01, 'o'], [1.01, 'o'], [0.1]];
    const joins = (score: number): readonly FieldRow[] => [[0], [0], [score, 'o', 'opened'], [1.01, 'o'], [0], [0]];
    expect(entityOf(first, joins(2)).alarms).toEqual([0.1, 2, 0, 0, 0, 0.1]);
    expect(entityOf(first, joins(2.5)).alarms).toEqual([0.1, 2, 2.5, 0, 0, 0.1]);
    expect(entityOf(joins(2.5), first).alarms).toEqual([0.1, 2, 2.5, 0, 0, 0.1]);
  });

  it('tells again when no field was open in between', () => {
    const first: readonly FieldRow[] = [[0], [2, 'o', 'opened'], [0.4], [0], [0], [0]];
    const second: readonly FieldRow[] = [[0], [0.5], [0.3], [1.5, 'o', 'opened'], [1.01, 'o'], [0]];
    expect(entityOf(first, second).alarms).toEqual([0, 2, 0.4, 1.5, 0, 0]);
  });
});
