// What feeds each metric of the catalogue: from the merged reports, the rows and the process to lines of text.

import { EPISODE_KINDS, SEVERITIES } from '../domain.ts';
import { type Family, type Line, numberText } from './exposition.ts';
import { labelText } from './labels.ts';
import { type HistogramCounts, STAGES } from './laneReport.ts';
import { METRICS, type MetricName } from './metrics.ts';
import { COLUMNS, type Column, type RowsSnapshot } from './rows.ts';
import type { LaneView, ShareView, StreamView } from './views.ts';

/** What does not change while the process lives. */
export interface ProcessFacts {
  readonly version: string;
  readonly commit: string;
  /** Hash of the loaded configuration; undefined without one. */
  readonly configSha: string | undefined;
  readonly memoryLimitBytes: number;
  /** Share of normal windows that the band promises to hold; undefined where nothing promises one. */
  readonly bandNominal: number | undefined;
}

interface ScrapeStats {
  /** Undefined before the first. */
  readonly seconds: number | undefined;
  readonly rejected: number;
}

/** Everything that one exposition tells. */
export interface Picture {
  readonly streams: readonly (StreamView & { readonly exported: number; readonly withheld: number })[];
  readonly shares: readonly ShareView[];
  readonly lanes: readonly LaneView[];
  readonly rows: RowsSnapshot;
  /** `score`: of the series tier only score and state; `none`: nothing of it. */
  readonly detail: 'bands' | 'score' | 'none';
  readonly facts: ProcessFacts;
  readonly scrapes: ScrapeStats;
}

/** The whole catalogue, in its order. */
export function families(picture: Picture): Family[] {
  return (Object.keys(METRICS) as MetricName[]).map((name) => ({ name, lines: FEEDS[name](picture) }));
}

type Feed = (picture: Picture) => Iterable<Line>;

const FEEDS: Readonly<Record<MetricName, Feed>> = {
  gruard_anomaly_score: column('score'),
  gruard_value: column('value'),
  gruard_expected: column('expected'),
  gruard_expected_lower: column('lower'),
  gruard_expected_upper: column('upper'),
  gruard_anomalous: column('anomalous'),

  gruard_series_ready: byStream(({ ready }) => ready),
  gruard_series_warming: byStream(({ warming }) => warming),
  gruard_series_warming_reason: byReason(({ warmingFor }) => warmingFor),
  gruard_series_silent: byStream(({ silent }) => silent),
  gruard_series_muted: byStream(({ muted }) => muted),
  gruard_series_exported: byStream(({ exported }) => exported),
  gruard_series_withheld: byStream(({ withheld }) => withheld),
  gruard_series_split: byStream(({ split }) => split),
  gruard_series_on_baseline: byStream(({ onBaseline }) => onBaseline),
  gruard_series_scored_on_baseline: byStream(({ scoredOnBaseline }) => scoredOnBaseline),
  gruard_anomalous_series: byStream(({ anomalous }) => anomalous),
  gruard_episodes_total: ({ streams }) => streams.flatMap(episodes),
  gruard_budget_episodes_per_day: byStream(({ budgetPerDay }) => budgetPerDay),
  gruard_budget_episodes_total: byStream(({ totals }) => totals.counters.episodesAllowed),
  gruard_watched_series_seconds_total: byStream(({ totals }) => totals.counters.watchedSeconds),
  gruard_anomaly_score_distribution: histogramByStream('gruard_anomaly_score_distribution', 'scores'),
  gruard_band_coverage_ratio: byStream(({ coverage }) => coverage),
  gruard_band_nominal_ratio: (picture) => byStream(() => picture.facts.bandNominal)(picture),
  gruard_forecast_skill_ratio: byStream(({ skill }) => skill),
  gruard_forecast_error_scaled: byStream(({ errorScaled }) => errorScaled),
  gruard_training_loss: byStream(({ trainingLoss }) => trainingLoss),
  gruard_learned_windows_total: byStream(({ totals }) => totals.counters.windowsLearned),
  gruard_training_passes_shed_total: byStream(({ totals }) => totals.counters.passesShed),
  gruard_windows_held_back_total: byStream(({ totals }) => totals.counters.quarantine.held),
  gruard_quarantines_released_total: byStream(({ totals }) => totals.counters.quarantine.released),
  gruard_quarantines_discarded_total: byStream(({ totals }) => totals.counters.quarantine.discarded),
  gruard_model_resets_total: byStream(({ totals }) => totals.counters.modelResets),
  gruard_warmup_progress_ratio: byStream(({ warmupProgress }) => warmupProgress),
  gruard_first_score_seconds: byStream(({ firstScoreSeconds }) => firstScoreSeconds),
  gruard_time_to_first_score_seconds: histogramByStream('gruard_time_to_first_score_seconds', 'firstScore'),
  gruard_step_duration_seconds: ({ streams }) =>
    streams.flatMap(({ stream, totals }) =>
      STAGES.flatMap((stage) =>
        histogram('gruard_step_duration_seconds', labelText({ stream, stage }), totals.stages[stage]),
      ),
    ),

  gruard_records_received_total: byStream(({ totals }) => totals.counters.recordsReceived),
  gruard_records_decoded_total: byStream(({ totals }) => totals.counters.recordsDecoded),
  gruard_records_rejected_total: byReason(({ totals }) => totals.counters.recordsRejected),
  gruard_dead_letters_total: byStream(({ totals }) => totals.counters.deadLetters),
  gruard_samples_decoded_total: byStream(({ totals }) => totals.counters.samplesDecoded),
  gruard_samples_windowed_total: byStream(({ totals }) => totals.counters.samplesWindowed),
  gruard_samples_dropped_total: byReason(({ totals }) => totals.counters.samplesDropped),
  gruard_windows_closed_total: byStream(({ totals }) => totals.counters.windowsClosed),
  gruard_windows_scored_total: byStream(({ totals }) => totals.counters.windowsScored),
  gruard_windows_warming_total: byStream(({ totals }) => totals.counters.windowsWarming),
  gruard_windows_skipped_total: byReason(({ totals }) => totals.counters.windowsSkipped),
  gruard_series_created_total: byStream(({ totals }) => totals.counters.seriesCreated),
  gruard_series_evicted_total: byStream(({ totals }) => totals.counters.seriesEvicted),
  gruard_series_refused_total: byStream(({ totals }) => totals.counters.seriesRefused),

  gruard_kafka_lag_records: byShare(({ share }) =>
    share.endOffset === undefined ? undefined : Math.max(0, share.endOffset - share.position),
  ),
  gruard_partition_silent: byShare(({ share }) => Number(share.isSilent)),
  gruard_position_offset: byShare(({ share }) => share.position),
  gruard_checkpointed_offset: byShare(({ share }) => share.checkpointed),
  gruard_offset_gap_records_total: byShare(({ offsetGap }) => offsetGap),
  gruard_watermark_timestamp_seconds: byShare(({ share }) => seconds(share.watermarkMs)),
  gruard_event_delay_seconds: histogramByStream('gruard_event_delay_seconds', 'eventDelay'),
  gruard_report_delay_seconds: histogramByStream('gruard_report_delay_seconds', 'reportDelay'),

  gruard_kafka_connected: byLane(({ report }) => Number(report?.connected ?? false)),
  gruard_rebalances_total: byLane(({ totals }) => totals.rebalances),
  gruard_topic_recreations_total: byLane(({ totals }) => totals.recreations),
  gruard_handoff_seconds: byLane(({ report }) => report?.handoffSeconds),
  gruard_last_fetch_timestamp_seconds: byLane(({ report }) => seconds(report?.lastFetchMs)),
  gruard_kafka_leader_moves_total: byLane(({ totals }) => totals.leaderMoves),
  gruard_kafka_rights_missing: byLane(({ report }) => report?.rightsMissing),
  gruard_kafka_blocked_partitions: byLane(({ report }) => report?.blockedPartitions),
  gruard_lane_slice_seconds: histogramByLane('gruard_lane_slice_seconds', 'slices'),
  gruard_lane_restarts_total: byLane(({ restarts }) => restarts),
  gruard_overload_level: byLane(({ report }) => report?.overload),
  gruard_overload_train_every: byLane(({ report }) => report?.trainEvery),
  gruard_lane_still_seconds: byLane(({ stillSeconds }) => stillSeconds),
  gruard_lane_busy_ratio: byLane(({ report }) => report?.busyRatio),
  gruard_bank_bytes: byLane(({ report }) => report?.bankBytes),
  gruard_backpressure_seconds_total: byLane(({ totals }) => totals.backpressureSeconds),
  gruard_checkpoint_duration_seconds: histogramByLane('gruard_checkpoint_duration_seconds', 'checkpoints'),
  gruard_checkpoint_bytes: byLane(({ report }) => report?.checkpoint.bytes),
  gruard_checkpoint_last_success_timestamp_seconds: byLane(({ report }) => seconds(report?.checkpoint.lastSuccessMs)),
  gruard_checkpoint_failures_total: byLane(({ totals }) => totals.checkpointFailures),
  gruard_checkpoint_damaged_total: byLane(({ totals }) => totals.checkpointsDamaged),
  gruard_state_zombie_records_total: byLane(({ totals }) => totals.zombieRecords),

  gruard_memory_limit_bytes: ({ facts }) => [{ labels: '', value: facts.memoryLimitBytes }],
  gruard_build_info: ({ facts: { version, commit } }) => [
    { labels: labelText({ version, commit, node_version: process.versions.node }), value: 1 },
  ],
  gruard_kernel_info: ({ lanes }) => kernels(lanes),
  gruard_config_info: ({ facts: { configSha } }) =>
    configSha === undefined ? [] : [{ labels: labelText({ sha: configSha }), value: 1 }],
  gruard_scrape_duration_seconds: ({ scrapes }) => lineOf('', scrapes.seconds),
  gruard_scrapes_rejected_total: ({ scrapes }) => [{ labels: '', value: scrapes.rejected }],
};

function column(name: Column): Feed {
  const at = COLUMNS.indexOf(name);
  const scarce = name === 'score' || name === 'anomalous';
  return ({ detail, rows }) => (detail === 'bands' || (detail === 'score' && scarce) ? columnLines(rows, at) : []);
}

function* columnLines(rows: RowsSnapshot, at: number): Generator<Line> {
  for (const [slot, labels] of rows.labels.entries()) {
    if (labels !== undefined) yield { labels, value: rows.numbers[slot * COLUMNS.length + at] ?? Number.NaN };
  }
}

function byStream(pick: (stream: Picture['streams'][number]) => number | undefined): Feed {
  return ({ streams }) => streams.flatMap((view) => lineOf(labelText({ stream: view.stream }), pick(view)));
}

function byReason(pick: (stream: StreamView) => Readonly<Record<string, number>>): Feed {
  return ({ streams }) =>
    streams.flatMap((view) =>
      Object.entries(pick(view)).map(([reason, value]) => ({
        labels: labelText({ stream: view.stream, reason }),
        value,
      })),
    );
}

function byShare(pick: (share: ShareView) => number | undefined): Feed {
  return ({ shares }) =>
    shares.flatMap((view) => {
      const { stream, topic, partition } = view.share;
      return lineOf(labelText({ stream, topic, partition: String(partition) }), pick(view));
    });
}

function byLane(pick: (lane: LaneView) => number | undefined): Feed {
  return ({ lanes }) => lanes.flatMap((view) => lineOf(labelText({ lane: String(view.lane) }), pick(view)));
}

function lineOf(labels: string, value: number | undefined): Line[] {
  return value === undefined ? [] : [{ labels, value }];
}

/** Every combination, so that `rate()` sees the first increase. That an episode continues is no event here. */
function episodes({ stream, totals }: StreamView): Line[] {
  const counted = totals.counters.episodes;
  return (['opened', 'escalated', 'closed'] as const).flatMap((event) =>
    SEVERITIES.flatMap((severity) =>
      EPISODE_KINDS.map((kind) => ({
        labels: labelText({ stream, event, severity, kind }),
        value: counted[`${event}/${severity}/${kind}`] ?? 0,
      })),
    ),
  );
}

/** Each kind once, however many lanes use it. */
function kernels(lanes: readonly LaneView[]): Line[] {
  const kinds = lanes.flatMap(({ report }) => report?.kernels ?? []);
  const labels = kinds.map(({ backend, fused }) => labelText({ backend, arithmetic: fused ? 'fused' : 'unfused' }));
  return [...new Set(labels)].sort().map((text) => ({ labels: text, value: 1 }));
}

function histogramByStream(name: MetricName, which: 'scores' | 'firstScore' | 'eventDelay' | 'reportDelay'): Feed {
  return ({ streams }) =>
    streams.flatMap(({ stream, totals }) => histogram(name, labelText({ stream }), totals[which]));
}

function histogramByLane(name: MetricName, which: 'slices' | 'checkpoints'): Feed {
  return ({ lanes }) =>
    lanes.flatMap(({ lane, totals }) => histogram(name, labelText({ lane: String(lane) }), totals[which]));
}

function histogram(name: MetricName, labels: string, { counts, sum }: HistogramCounts): Line[] {
  const lines: Line[] = [];
  let below = 0;
  for (const [bucket, bound] of [...(METRICS[name].bounds ?? []), Number.POSITIVE_INFINITY].entries()) {
    below += counts[bucket] ?? 0;
    lines.push({ suffix: '_bucket', labels: `${labels},le="${numberText(bound)}"`, value: below });
  }
  lines.push({ suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: below });
  return lines;
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
