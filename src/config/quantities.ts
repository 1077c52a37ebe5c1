// Quantities whose unit stands in the value: `30s`, `64MiB`, `20%`.

const MS_PER: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const BYTES_PER: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const DAY_MS = 86_400_000;

export const BUDGET = /^(\d{1,6}(?:\.\d{1,6})?)\/(day|week|\d{1,6}[hdw])( per (?:series|stream))?$/;
export const DURATION = /^(\d{1,12})(ms|s|m|h|d|w)$/;
export const SIZE = /^(\d{1,12})(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;
export const PERCENT = /^(\d{1,6}(?:\.\d{1,6})?) ?%$/;

/** Milliseconds of `250ms`, `30s`, `5m`, `1h`, `7d`, `1w`; undefined for everything else. */
export function durationMs(text: string): number | undefined {
  return quantity(DURATION, MS_PER, text);
}

/** Bytes of `512KiB`, `1GB`, `100B`; undefined for everything else. */
export function sizeBytes(text: string): number | undefined {
  return quantity(SIZE, BYTES_PER, text);
}

/** 0.2 of `20%`; undefined for everything else. */
export function percentShare(text: string): number | undefined {
  const number = PERCENT.exec(text)?.[1];
  return number === undefined ? undefined : Number(number) / 100;
}

/** Of `1/week`, `3/day`, `1/30d` or `3/day per stream`; undefined for everything else. */
export function budget(text: string): { perDay: number; per: 'series' | 'stream' } | undefined {
  const [, count, span = '', per] = BUDGET.exec(text) ?? [];
  if (count === undefined) return undefined;
  const ms = durationMs(span === 'day' ? '1d' : span === 'week' ? '1w' : span) ?? Number.NaN;
  return { perDay: Number(count) / (ms / DAY_MS), per: per === ' per stream' ? 'stream' : 'series' };
}

/** The shortest duration that means the same: `90s`, `2h`. Whole milliseconds from 0. */
export function durationText(ms: number): string {
  for (const unit of ['w', 'd', 'h', 'm', 's']) {
    const size = MS_PER[unit] ?? 1;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** For people: at most four digits, binary units. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function quantity(form: RegExp, units: Readonly<Record<string, number>>, text: string): number | undefined {
  const [, digits, unit] = form.exec(text) ?? [];
  return digits === undefined || unit === undefined ? undefined : Number(digits) * (units[unit] ?? Number.NaN);
}
