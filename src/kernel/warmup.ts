// How many windows a series learns before its scores count.

const TWO_DAYS_MS = 2 * 86_400_000;
const WINDOWS_MIN = 150;
const WINDOWS_MAX = 600;

/**
 * The stream's own number, or with `auto` about two days: a series that has not seen each hour of the day twice finds
 * every morning rare. `everyMs` is the series' interval, 0 while it is not known.
 */
export function warmupWindowsOf(setting: number | 'auto', everyMs: number): number {
  if (setting !== 'auto') return setting;
  return everyMs > 0 ? Math.max(WINDOWS_MIN, Math.min(WINDOWS_MAX, Math.ceil(TWO_DAYS_MS / everyMs))) : WINDOWS_MAX;
}
