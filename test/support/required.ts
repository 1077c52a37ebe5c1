// Tests that need a program of the system, or data that is not ours to ship, run where it is; elsewhere one line says
// what was left out.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * True when `tool` can be started. Otherwise says what stays untested, and throws where GRUARD_NO_SKIP is 1: there a
 * missing tool is a failure.
 */
export function available(tool: string, why: string): boolean {
  if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined) return true;
  return leaveOut(`${tool} is not installed`, why);
}

/** The same for a file or folder; `remedy` says how to come by it. */
export function present(path: string, remedy: string, why: string): boolean {
  return existsSync(path) || leaveOut(`${path} is not there (${remedy})`, why);
}

export function leaveOut(fault: string, why: string): false {
  const complaint = `${fault}, so this is left out: ${why}`;
  const { GRUARD_NO_SKIP } = process.env;
  if (GRUARD_NO_SKIP === '1') throw new Error(complaint);
  process.stderr.write(`${complaint}\n`);
  return false;
}
