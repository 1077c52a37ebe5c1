// Real series to plant anomalies in: single fields of the sets of bench:multivariate, and the columns of ETTh1. Chosen
// by what a field is made of, and spread over the columns; never by what a detector says about it.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { etth1 } from '../cells/dataSets.ts';
import { ENTITY_START_S, entitiesIn } from './dataFiles.ts';
import { type Background, dayToDay } from './planting.ts';

const WEEK_S = 604_800;
/** Fewer values than that are states, to which no size can be added. */
const VALUES_MIN = 20;
/** Behind a labelled anomaly a series may still be on its way back. */
const REST_HOURS = 6;

export interface BackgroundSet {
  readonly name: string;
  readonly everyS: number;
  /** Fields that are taken of each entity. */
  readonly fields: number;
}

export const BACKGROUND_SETS: readonly BackgroundSet[] = [
  { name: 'asd', everyS: 300, fields: 3 },
  { name: 'jumpstarter2', everyS: 300, fields: 5 },
  { name: 'smd', everyS: 60, fields: 8 },
];
export const HOURLY_SET: BackgroundSet = { name: 'ETTh1', everyS: 3600, fields: 7 };

/** Of the first `entities` entities in `folder`, in order of their names, at most `fields` fields each. */
export function backgroundsIn(
  folder: string,
  { everyS, fields }: BackgroundSet,
  entities = Number.POSITIVE_INFINITY,
): Background[] {
  return entitiesIn(folder, everyS)
    .slice(0, entities)
    .flatMap((entity) => {
      const excluded = withRest(entity.labels, (REST_HOURS * 3600) / everyS);
      const all = entity.fields.map((values, field): Background => {
        return { name: `${entity.name} m${field}`, startS: ENTITY_START_S, everyS, values, excluded };
      });
      return spread(all.filter(isLively), fields);
    });
}

/** The columns of ETTh1, which has no labels; undefined when `data` does not hold it. */
export function hourlyBackgrounds(data: string, columns: number): Background[] | undefined {
  const file = join(data, 'forecasting', 'ETTh1.csv');
  if (!existsSync(file)) return undefined;
  const { series, startMs, everyMs } = etth1(readFileSync(file, 'utf8'), Number.POSITIVE_INFINITY);
  const all = series.map((values, column): Background => {
    const excluded = new Uint8Array(values.length);
    return { name: `ETTh1 ${column}`, startS: startMs / 1000, everyS: everyMs / 1000, values, excluded };
  });
  return spread(all.filter(isLively), columns);
}

/** Has values enough, moves in every whole week, and is seldom the same on two days. */
export function isLively(background: Background): boolean {
  const { values, everyS } = background;
  if (new Set(values).size < VALUES_MIN) return false;
  const week = WEEK_S / everyS;
  for (let from = 0; from + week <= values.length; from += week) {
    if (values.subarray(from, from + week).every((value) => value === values[from])) return false;
  }
  return dayToDay(background, 0, values.length) > 0;
}

/** `count` of all, at equal distances, because neighbouring columns tell much the same. */
export function spread<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  return all.filter((_, i) => Math.floor((i * count) / all.length) !== Math.floor(((i - 1) * count) / all.length));
}

/** The labels, each going on for `rows` rows more. */
export function withRest(labels: Uint8Array, rows: number): Uint8Array {
  let rest = 0;
  return labels.map((label) => {
    rest = label === 1 ? rows : rest - 1;
    return label === 1 || rest >= 0 ? 1 : 0;
  });
}
