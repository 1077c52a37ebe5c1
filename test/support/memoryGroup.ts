// A control group that bounds the memory of a process and tells whether the kernel killed for it. Version 1 or 2,
// whatever this machine has; needs root.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

export interface MemoryGroup {
  /** Whoever writes its process id here is in it, with all children to come. */
  readonly procs: string;
  /** Processes that the kernel has killed because they wanted more. */
  kills(): number;
  /** Only once nothing is in it any more. */
  remove(): void;
}

/** A group of this process's own, or why there can be none. */
export function newMemoryGroup(bytes: number): MemoryGroup | string {
  const name = `gruard-test-${process.pid}-${Date.now()}`;
  const isNew = existsSync(join(ROOT, 'cgroup.controllers'));
  const parent = isNew ? ROOT : join(ROOT, 'memory');
  if (!existsSync(parent)) return `there is no memory controller below ${ROOT}`;
  const group = join(parent, name);
  const file = (own: string): string => join(group, own);
  try {
    if (isNew) writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory');
    mkdirSync(group);
    writeFileSync(file(isNew ? 'memory.max' : 'memory.limit_in_bytes'), String(bytes));
  } catch (error) {
    if (existsSync(group)) rmdirSync(group);
    return `no memory group can be made in ${parent}: ${error instanceof Error ? error.message : String(error)}`;
  }
  return {
    procs: file('cgroup.procs'),
    kills() {
      const events = readFileSync(file(isNew ? 'memory.events' : 'memory.oom_control'), 'utf8');
      return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
    },
    remove: () => rmdirSync(group),
  };
}
