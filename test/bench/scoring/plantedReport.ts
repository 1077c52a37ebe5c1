// Outcomes of one detector on planted anomalies as a record, by kind and size, and as tables.

import { falseAlarmsADay, type Judgement, type Outcome } from './plantedScore.ts';
import { PLANTED_KINDS, PLANTED_SIZES, type PlantedKind, type PlantedSize } from './planting.ts';
import { mean, median } from './segments.ts';

/** What a detector has seen of anomalies may hide the next ones: the first so many are told apart. */
const FIRST = 2;

interface KindReport {
  readonly kind: PlantedKind;
  readonly size: PlantedSize;
  readonly planted: number;
  /** Those that stand out (`Planting.standsOut`), and the share of these that was found. */
  readonly standOut: number;
  readonly foundOfStandOut: number;
  /** Share that was found of all. What follows is of these. */
  readonly found: number;
  readonly delayMedian: number;
  readonly episodesMean: number;
  readonly heldMean: number;
  /** How many had which strongest evidence, and which kind of episode. */
  readonly evidence: Readonly<Record<string, number>>;
  readonly episodeKinds: Readonly<Record<string, number>>;
}

export interface PlantedReport {
  readonly set: string;
  readonly detector: string;
  /** All that were run, taken together. */
  readonly seeds: number;
  readonly threshold: number | 'shipped' | 'one a set';
  readonly seconds: number;
  readonly kinds: readonly KindReport[];
  /** Share found of the first two stretches of each series, of whatever kind and size, and of all later ones. */
  readonly foundFirst: number;
  readonly foundLater: number;
  /** A day and series. */
  readonly falseAlarms: number;
  /** The same on the series as they are, without anything planted; undefined where they were not run. */
  readonly falseAlarmsClean: number | undefined;
  /** Stretches that began while an older episode was open. */
  readonly wasOpen: number;
}

type Head = Pick<PlantedReport, 'set' | 'detector' | 'seeds' | 'threshold' | 'seconds'>;

export function plantedReport(
  head: Head,
  judgements: readonly Judgement[],
  clean: readonly Judgement[] = [],
): PlantedReport {
  const outcomes = judgements.flatMap((judgement) => judgement.outcomes);
  const kinds = PLANTED_KINDS.flatMap((kind) =>
    PLANTED_SIZES.map((size) =>
      kindReport(
        kind,
        size,
        outcomes.filter((outcome) => outcome.kind === kind && outcome.size === size),
      ),
    ),
  );
  return {
    ...head,
    kinds,
    foundFirst: shareFound(outcomes.filter(({ before }) => before < FIRST)),
    foundLater: shareFound(outcomes.filter(({ before }) => before >= FIRST)),
    falseAlarms: falseAlarmsADay(judgements),
    falseAlarmsClean: clean.length === 0 ? undefined : falseAlarmsADay(clean),
    wasOpen: outcomes.filter(({ wasOpen }) => wasOpen).length,
  };
}

function shareFound(outcomes: readonly Outcome[]): number {
  return outcomes.filter(({ episodes }) => episodes > 0).length / outcomes.length;
}

function kindReport(kind: PlantedKind, size: PlantedSize, outcomes: readonly Outcome[]): KindReport {
  const found = outcomes.filter(({ episodes }) => episodes > 0);
  const standOut = outcomes.filter(({ standsOut }) => standsOut).length;
  return {
    kind,
    size,
    planted: outcomes.length,
    standOut,
    foundOfStandOut: found.filter(({ standsOut }) => standsOut).length / standOut,
    found: shareFound(outcomes),
    delayMedian: median(found.map(({ delay }) => delay)),
    episodesMean: mean(found.map(({ episodes }) => episodes)),
    heldMean: mean(found.map(({ held }) => held)),
    evidence: counts(found.map(({ evidence }) => evidence)),
    episodeKinds: counts(found.map(({ episodeKind }) => episodeKind)),
  };
}

/** Most frequent first. */
function counts(names: readonly (string | undefined)[]): Record<string, number> {
  const all = new Map<string, number>();
  for (const name of names) if (name !== undefined) all.set(name, (all.get(name) ?? 0) + 1);
  return Object.fromEntries([...all].sort(([, a], [, b]) => b - a));
}

type Table = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

/** A row for each kind and size, a column for each detector; evidence and kinds of episodes are of the first one. */
export function kindTable(reports: readonly PlantedReport[]): Table {
  const [first] = reports;
  const rows = (first?.kinds ?? []).map(({ kind, size, planted, standOut, evidence, episodeKinds }, i) => {
    const columns = reports.map(({ detector, kinds }) => [detector, foundText(kinds[i])]);
    const fired = { evidence: topText(evidence), 'kind of episode': topText(episodeKinds) };
    return [`${kind}, ${size}`, { planted, 'stand out': standOut, ...Object.fromEntries(columns), ...fired }] as const;
  });
  return Object.fromEntries(rows);
}

export function alarmTable(reports: readonly PlantedReport[]): Table {
  const rows = reports.map(({ detector, falseAlarms, falseAlarmsClean, threshold, wasOpen, seconds, ...report }) => {
    const columns = {
      'first two': report.foundFirst.toFixed(2),
      later: report.foundLater.toFixed(2),
      'false/day': falseAlarms.toFixed(3),
      'nothing planted': falseAlarmsClean?.toFixed(3) ?? '–',
      'open before': wasOpen,
      threshold: typeof threshold === 'number' ? threshold.toPrecision(3) : threshold,
      seconds: seconds.toFixed(0),
    };
    return [detector, columns] as const;
  });
  return Object.fromEntries(rows);
}

/** Share found, in brackets of those that stand out, median delay, episodes, share of the stretch held. */
function foundText(report: KindReport | undefined): string {
  if (report === undefined || report.planted === 0) return '–';
  const { found, standOut, foundOfStandOut, delayMedian, episodesMean, heldMean } = report;
  const share = `${found.toFixed(2)} (${standOut === 0 ? '–' : foundOfStandOut.toFixed(2)})`;
  if (found === 0) return share;
  return `${share}  +${delayMedian}  ×${episodesMean.toFixed(1)}  ${heldMean.toFixed(2)}`;
}

const TOLD = 3;

function topText(all: Readonly<Record<string, number>>): string {
  return Object.entries(all)
    .slice(0, TOLD)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
