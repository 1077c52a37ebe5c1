import { load } from '../config/load.ts';
import type { Settings } from '../settings.ts';

/** The settings of these files; undefined after all problems were written to standard error. */
export function loadOrComplain(files: readonly string[]): Settings | undefined {
  const loaded = load(files, process.env);
  if (loaded.ok) {
    for (const warning of loaded.warnings) process.stderr.write(warning);
    return loaded.settings;
  }
  process.stderr.write(loaded.text);
  return undefined;
}
