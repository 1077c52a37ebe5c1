// A peer in a process of its own: it answers a line with a line, and between its bursts it sleeps.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Child {
  /** One question at a time. Rejects when the child has ended. */
  readonly ask: (line: string) => Promise<string>;
  readonly close: () => void;
}

export function newChild(command: string, parameters: readonly string[], environment: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(command, parameters, { env: { ...process.env, ...environment } });
  let complaint = '';
  let ended: Error | undefined;
  let waiting: { readonly resolve: (line: string) => void; readonly reject: (error: Error) => void } | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    waiting?.reject(ended);
    waiting = undefined;
  };
  child.stderr.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-2000);
  });
  child.stdin.on('error', () => {}); // `close` tells why
  child.on('error', end);
  child.on('close', (code) => end(new Error(`${command} ended (${code}): ${complaint.trim().split('\n').at(-1)}`)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    waiting?.resolve(line);
    waiting = undefined;
  });
  return {
    ask(line) {
      return new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended);
        waiting = { resolve, reject };
        child.stdin.write(`${line}\n`);
      });
    },
    close() {
      child.kill();
    },
  };
}

/** What went wrong, for one line of a report. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
