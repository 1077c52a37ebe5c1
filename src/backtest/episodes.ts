// Episodes of one file, from the windows and changes that the pipeline tells about.

import type { EpisodeChange } from '../domain.ts';
import type { ClosedWindow } from './detection.ts';

export interface Episode {
  /** From 1, in order of opening, over all fields. */
  readonly number: number;
  readonly field: number;
  /** Start of the first window that counts for it, and of the one at which it opened. */
  readonly startMs: number;
  readonly openedMs: number;
  /** Start of the window that closed it; undefined while it is open. */
  endMs: number | undefined;
  /** End of the last window in which it was open. */
  lastMs: number;
  readonly latencyWindows: number;
  /** Undefined while it is open. */
  closedBy: EpisodeChange['closedBy'];
  kind: EpisodeChange['kind'];
  severity: EpisodeChange['severity'];
  /** At the window with the highest score. */
  peak: ClosedWindow;
  /** Strongest first, when it opened. */
  readonly evidence: EpisodeChange['evidence'];
}

export interface Episodes {
  readonly all: Episode[];
  /** The open one of each field. */
  readonly open: (Episode | undefined)[];
}

export function newEpisodes(): Episodes {
  return { all: [], open: [] };
}

/** Takes a window; answers the number of the episode that is open in it, or undefined. */
export function follow(episodes: Episodes, window: ClosedWindow): number | undefined {
  const { field, change } = window;
  let episode = episodes.open[field];
  if (change?.event === 'opened') {
    episode = {
      number: episodes.all.length + 1,
      field,
      startMs: change.startedAtMs,
      openedMs: window.startMs,
      endMs: undefined,
      lastMs: window.endMs,
      latencyWindows: change.latencyWindows,
      closedBy: undefined,
      kind: change.kind,
      severity: change.severity,
      peak: window,
      evidence: change.evidence,
    };
    episodes.all.push(episode);
    episodes.open[field] = episode;
  }
  if (episode === undefined) return undefined;
  if (change !== undefined) {
    episode.kind = change.kind;
    episode.severity = change.severity;
    episode.closedBy = change.closedBy;
  }
  if (!window.open) {
    episode.endMs = window.startMs;
    episodes.open[field] = undefined;
    return undefined;
  }
  episode.lastMs = window.endMs;
  if (window.score > episode.peak.score) episode.peak = window;
  return episode.number;
}
