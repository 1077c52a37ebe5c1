// Processes that die, leave and come back, by a seed: at random moments, or by their own hand inside a checkpoint.

import { setTimeout as sleep } from 'node:timers/promises';
import { newRandom, uniform } from '../../src/kernel/random.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { STEPS, type StoreKind } from './mortalBuild.ts';

/** So long a process that should kill itself in a checkpoint is waited for, before it is killed from outside. */
const OWN_DEATH_MS = 12_000;

export interface LivesOptions {
  readonly main: string;
  readonly config: string;
  readonly store: StoreKind;
  readonly sessionMs: number;
  readonly audit: string;
  readonly kills: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
}

export interface Lives {
  /** Deaths by SIGKILL, and how many of them in the middle of writing a checkpoint. */
  readonly kills: number;
  readonly inCheckpoint: number;
  /** Orderly stops. */
  readonly stops: number;
  readonly exits: readonly (number | string)[];
  /** Daemons that live on, all of them. */
  readonly running: readonly Daemon[];
  /** Ends what still runs, whatever happens. */
  end(): Promise<void>;
}

interface Place {
  daemon: Daemon;
  /** It will kill itself. */
  doomed: boolean;
}

/** Starts the processes and resolves once all the dying is done and all of them run again. */
export function newLives(options: LivesOptions): { readonly lives: Lives; readonly run: () => Promise<void> } {
  const { kills, store, seed, tell } = options;
  const random = newRandom(seed);
  const count = { kills: 0, inCheckpoint: 0, stops: 0 };
  const exits: (number | string)[] = [];
  const start = (dieAt?: string): Place => ({
    doomed: dieAt !== undefined,
    daemon: startDaemon(
      ['run', options.config],
      {
        GRUARD_KAFKA_SESSION_MS: String(options.sessionMs),
        GRUARD_TEST_AUDIT: options.audit,
        GRUARD_TEST_DIE: dieAt ?? '',
      },
      undefined,
      { main: options.main },
    ),
  });
  // Files stay where they are, so models do not move with them: there one process comes back again and again.
  const places = Array.from({ length: store === 'kafka' ? 2 : 1 }, () => start());
  const kill = async (place: Place): Promise<void> => {
    if (place.doomed) await Promise.race([place.daemon.exited, sleep(OWN_DEATH_MS)]);
    const own = place.daemon.child.signalCode === 'SIGKILL';
    const how = await place.daemon.stop('SIGKILL');
    if (how !== 'SIGKILL') throw new Error(`ended by itself with ${how}\n${place.daemon.stderr()}`);
    count.kills++;
    if (own) count.inCheckpoint++;
    tell(`kill ${count.kills} of ${kills}${own ? ', in a checkpoint' : ''}`);
  };
  const round = async (): Promise<void> => {
    await sleep(options.sessionMs * (0.5 + 1.5 * uniform(random)));
    const at = Math.floor(uniform(random) * places.length);
    const [place, other] = [places[at], places[1 - at]];
    if (place === undefined) return;
    if (!place.doomed && uniform(random) < 0.25) {
      // Before it listens nobody catches a SIGTERM.
      await place.daemon.url();
      exits.push(await place.daemon.stop());
      count.stops++;
      tell(`stop ${count.stops}`);
    } else {
      await kill(place);
      // Sometimes everything is down at once.
      if (other !== undefined && uniform(random) < 0.15 && count.kills < kills) {
        await kill(other);
        places[1 - at] = start();
      }
    }
    await sleep(options.sessionMs * uniform(random));
    const steps = STEPS[store];
    const step = steps[Math.floor(uniform(random) * steps.length)];
    const dieAt = `${step}:${1 + Math.floor(uniform(random) * 4)}`;
    places[at] = start(uniform(random) < 0.4 && count.kills + doomed(places) < kills ? dieAt : undefined);
  };
  return {
    lives: {
      get kills() {
        return count.kills;
      },
      get inCheckpoint() {
        return count.inCheckpoint;
      },
      get stops() {
        return count.stops;
      },
      exits,
      get running() {
        return places.map(({ daemon }) => daemon);
      },
      async end() {
        for (const { daemon } of places) await daemon.stop('SIGKILL');
      },
    },
    async run() {
      while (count.kills < kills) await round();
      for (const [at, place] of places.entries()) {
        if (!place.doomed) continue;
        await kill(place);
        places[at] = start();
      }
    },
  };
}

function doomed(places: readonly Place[]): number {
  return places.filter((place) => place.doomed).length;
}
