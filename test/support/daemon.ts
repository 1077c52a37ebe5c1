// The built daemon as a process of its own, as users run it.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnomalyEvent } from '../../src/domain.ts';
import { parseExposition, valuesOf } from './exposition.ts';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const PATIENCE_MS = 40_000;

export interface Daemon {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Events that it printed as JSON lines. */
  events(): AnomalyEvent[];
  /** `http://host:port`, once it listens. */
  url(): Promise<string>;
  /** Sum of all lines of a metric that have these labels; undefined when there is none. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
  /** Asks to stop, if it still runs, and gives what `exited` gives. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

/** `input` is its standard input; without it there is none. It ends unless told otherwise. */
export function startDaemon(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
  more: {
    readonly main?: string;
    readonly inputStaysOpen?: boolean;
    /** File of a control group into which the process goes before it starts. */
    readonly procs?: string;
  } = {},
): Daemon {
  const { main = MAIN, procs } = more;
  if (!existsSync(main)) throw new Error('dist/main.js is missing: npm run build');
  const command = [process.execPath, main, ...args];
  const within = procs === undefined ? [] : ['sh', '-c', 'echo $$ > "$0" && exec "$@"', procs];
  const [program = '', ...rest] = [...within, ...command];
  const child = spawn(program, rest, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {}); // it may end before it has read everything
  if (more.inputStaysOpen === true) child.stdin.write(input ?? '');
  else child.stdin.end(input);
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const exited = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const daemon: Daemon = {
    child,
    stdout: () => out,
    stderr: () => errors,
    events: () =>
      out
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as AnomalyEvent),
    async url() {
      const found = (): string | undefined => /listening on (https?:\/\/[^"\s]+)/.exec(errors)?.[1];
      await until('the daemon listens', () => found() !== undefined, daemon);
      return found() ?? '';
    },
    async metric(name, labels = {}) {
      const text = await (await fetch(`${await daemon.url()}/metrics`)).text();
      const values = valuesOf(parseExposition(text), name, labels);
      return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0);
    },
    exited,
    stop(signal = 'SIGTERM') {
      if (child.exitCode === null) child.kill(signal);
      return exited;
    },
  };
  return daemon;
}

/** Waits for a condition; fails with what the daemon said. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  daemon?: Pick<Daemon, 'stderr'>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not happen: ${what}\n${daemon?.stderr() ?? ''}`);
    await sleep(50);
  }
}

/** A folder for one test: configuration, data and state. */
export async function workFolder(): Promise<{
  readonly path: string;
  file(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), 'gruard-test-'));
  return {
    path,
    async file(name, text) {
      await writeFile(join(path, name), text);
      return join(path, name);
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
