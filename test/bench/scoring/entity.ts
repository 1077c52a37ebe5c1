// One entity of several fields. Today each field is a model of its own, and this is all that makes one of them: the
// entity's score is the highest of its fields, it is anomalous while one of them is.

import type { EpisodeEvent } from '../../../src/domain.ts';

/** What the fields said about each row so far, together. */
export interface EntityRows {
  /** Highest of all fields. */
  readonly scores: Float64Array;
  /** Highest below 1 of the fields without an episode. */
  readonly calm: Float64Array;
  /** Highest of the fields whose episode was opened, or escalated, in this row. */
  readonly opened: Float64Array;
  readonly escalated: Float64Array;
  /** 1 where a field has an open episode. */
  readonly open: Uint8Array;
}

export function newEntity(rows: number): EntityRows {
  const numbers = (): Float64Array => new Float64Array(rows);
  return {
    scores: numbers(),
    calm: numbers(),
    opened: numbers(),
    escalated: numbers(),
    open: new Uint8Array(rows),
  };
}

/** Adds what one field said about a row. */
export function takeField(
  entity: EntityRows,
  row: number,
  score: number,
  isOpen: boolean,
  events: readonly EpisodeEvent[],
): void {
  const raise = (column: Float64Array): void => {
    column[row] = Math.max(column[row] ?? 0, score);
  };
  raise(entity.scores);
  if (events.includes('opened')) raise(entity.opened);
  if (events.includes('escalated')) raise(entity.escalated);
  if (isOpen) entity.open[row] = 1;
  else if (score < 1) raise(entity.calm);
}

/**
 * Only what is news, of one field or of many: while one of them is open, the opening of another is news only if it
 * scores higher than all that was told since the first one. An escalation always is. See `Said.alarms` in run.ts.
 */
export function alarmsOf({ calm, opened, escalated, open }: EntityRows): Float64Array {
  let told = 0;
  return calm.map((score, row) => {
    const [opening, escalation] = [opened[row] ?? 0, escalated[row] ?? 0];
    const news = Math.max(escalation, opening > told ? opening : 0);
    told = open[row] === 1 ? Math.max(told, opening, escalation) : 0;
    if (news > 0) return news;
    return open[row] === 1 ? 0 : score;
  });
}
