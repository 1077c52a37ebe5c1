// What the program itself prints on standard output: lines for people on a terminal, one JSON object a line otherwise.

import type { AnomalyEvent } from './domain.ts';
import type { Paint } from './report/printable.ts';
import { anomalyLine, banner, type Running, type StreamProgress, warmupLine } from './report/terminal.ts';

export interface Screen {
  /** `url` is that of the listener. */
  started(url: string): void;
  progress(streams: readonly StreamProgress[]): void;
  event(event: AnomalyEvent): void;
  ended(exit: number): void;
  /** Resolves when everything so far has left the process; never, when standard output takes nothing any more. */
  written(): Promise<void>;
  /** Resolves with the reason when standard output takes nothing any more: `EPIPE` is a reader that went away. */
  readonly broken: Promise<NodeJS.ErrnoException>;
}

/** Share of the warm-up between two lines about it. */
const PROGRESS_STEP = 0.25;

/** For people: banner, warm-up, a line for each opening, escalation and end. */
export function newPeopleScreen(running: Omit<Running, 'url'>, paint: Paint): Screen {
  const out = newOutput();
  const shown = new Map<string, string>();
  return {
    started: (url) => out.write(banner({ ...running, url }, paint)),
    progress(streams) {
      for (const progress of streams) {
        const all = progress.ready + progress.warming;
        const step = Math.floor((progress.warmupProgress ?? 0) / PROGRESS_STEP);
        const mark = all === 0 ? 'waits' : progress.warming === 0 ? `ready ${all}` : `warming ${step}`;
        if (shown.get(progress.stream) === mark) continue;
        shown.set(progress.stream, mark);
        out.write(`${warmupLine(progress, paint)}\n`);
      }
    },
    event(event) {
      if (event.event !== 'continuing') out.write(`${anomalyLine(event, paint)}\n`);
    },
    ended: (exit) => {
      if (exit === 0) out.write('stopped\n');
    },
    written: out.written,
    broken: out.broken,
  };
}

/** For programs: each anomaly event as one line of JSON, nothing else. */
export function newJsonScreen(): Screen {
  const out = newOutput();
  return {
    started() {},
    progress() {},
    event: (event) => out.write(`${JSON.stringify(event)}\n`),
    ended() {},
    written: out.written,
    broken: out.broken,
  };
}

/** Where events go elsewhere and nobody looks at the terminal. */
export function newSilentScreen(): Screen {
  const broken = new Promise<never>(() => {});
  return { started() {}, progress() {}, event() {}, ended() {}, written: () => Promise.resolve(), broken };
}

function newOutput(): Pick<Screen, 'written' | 'broken'> & { write(text: string): void } {
  let last: Promise<void> = Promise.resolve();
  const broken = new Promise<NodeJS.ErrnoException>((resolve) => process.stdout.on('error', resolve));
  return {
    write(text) {
      last = new Promise((resolve) => {
        process.stdout.write(text, (error) => {
          if (!error) resolve();
        });
      });
    },
    written: () => last,
    broken,
  };
}
