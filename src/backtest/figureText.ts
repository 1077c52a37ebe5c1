// Figures for people: on the terminal and in the report.

const DASH = '–';

/** `1 row`, `12,345 rows`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

export function percent(x: number): string {
  return Number.isFinite(x) ? `${Math.round(100 * x)} %` : DASH;
}

/** A figure from 0 to 1. */
export function share(x: number): string {
  return Number.isFinite(x) ? x.toFixed(2) : DASH;
}

/** How often, in the unit that gives a handy number: `2.5 a week`. */
export function daily(perDay: number, days: number): string {
  return handy(perDay, days).join(' ').trim();
}

/** The number, and the unit: empty where there is no number. Less than a day says nothing about days. */
export function handy(perDay: number, days: number): readonly [figure: string, unit: string] {
  if (!Number.isFinite(perDay) || days < 1) return [DASH, ''];
  if (perDay === 0) return ['none', ''];
  if (perDay >= 0.95) return [short(perDay), 'a day'];
  return perDay * 7 >= 0.95 ? [short(perDay * 7), 'a week'] : [short(perDay * 30), 'a month'];
}

/** `35 min`. */
export function lasted(ms: number): string {
  if (!Number.isFinite(ms)) return DASH;
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 86_400 && seconds % 3600 === 0) return `${seconds / 3600} h`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** Two digits, or all of a number above 100. */
function short(x: number): string {
  return x >= 100 ? Math.round(x).toLocaleString('en') : String(Number(x.toPrecision(2)));
}
