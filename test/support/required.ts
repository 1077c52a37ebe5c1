// Tests that need a program of the system run where it is installed; elsewhere one line says what was left out.

import { spawnSync } from 'node:child_process';

/**
 * True when `tool` can be started. Otherwise says what stays untested, and throws where GRUARD_NO_SKIP is 1: there a
 * missing tool is a failure.
 */
export function available(tool: string, why: string): boolean {
  if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined) return true;
  const complaint = `${tool} is not installed, so this is left out: ${why}`;
  const { GRUARD_NO_SKIP } = process.env;
  if (GRUARD_NO_SKIP === '1') throw new Error(complaint);
  process.stderr.write(`${complaint}\n`);
  return false;
}
