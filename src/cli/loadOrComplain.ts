import { load, thisMachine } from '../config/load.ts';
import type { Overrides } from '../config/overrides.ts';
import type { Settings } from '../settings.ts';

/** The settings of these files; undefined after all problems were written to standard error. */
export function loadOrComplain(files: readonly string[], overrides?: Overrides): Settings | undefined {
  const loaded = load(files, process.env, thisMachine(), overrides);
  if (loaded.ok) {
    for (const warning of loaded.warnings) process.stderr.write(warning);
    return loaded.settings;
  }
  process.stderr.write(loaded.text);
  return undefined;
}
