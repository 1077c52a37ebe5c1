// THE catalogue: every metric that gruard itself exports, with its labels and its words. What feeds each one stands in
// `families.ts`, which does not compile while one of these has no feed. Process metrics (`process_*`, `nodejs_*`) are
// prom-client's and not listed here.

/** Who the lines belong to: it decides how many there are. */
type Tier = 'process' | 'stream' | 'plumbing' | 'series';

export interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly tier: Tier;
  /** Always present labels; the tier `series` adds the labels that the configuration maps. */
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram's buckets, rising, without +Inf. */
  readonly bounds?: readonly number[];
}

/** Anomaly scores; 1 is where anomalies begin. */
export const SCORE_BOUNDS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10] as const;
/** Seconds of delay between event time and ours: a live topic lies left, a backlog right. */
export const DELAY_BOUNDS = [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 900, 3600, 21600, 86400] as const;
/** Seconds that one batch spends in one stage. */
export const STAGE_BOUNDS = [1e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.02, 0.1, 0.25, 1] as const;
/** Seconds of one slice: 20 ms is the aim, 250 ms the alarm. */
export const SLICE_BOUNDS = [1e-5, 1e-4, 1e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1] as const;
/** Seconds of event time: a minute to a year. */
export const FIRST_SCORE_BOUNDS = [
  60, 300, 900, 3600, 10_800, 43_200, 86_400, 172_800, 345_600, 691_200, 1_209_600, 2_592_000, 31_536_000,
] as const;
/** Seconds from freezing a partition to its sealed checkpoint. */
export const CHECKPOINT_BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** Index of the bucket that counts `value` in a `HistogramCounts` with these bounds; the last one is +Inf. */
export function bucketOf(bounds: readonly number[], value: number): number {
  let bucket = 0;
  for (const bound of bounds) {
    if (value <= bound) break;
    bucket += 1;
  }
  return bucket;
}

interface Scope {
  readonly tier: Tier;
  readonly labels: readonly string[];
}

const PROCESS: Scope = { tier: 'process', labels: [] };
const STREAM: Scope = { tier: 'stream', labels: ['stream'] };
const REASON: Scope = { tier: 'stream', labels: ['stream', 'reason'] };
const SHARE: Scope = { tier: 'plumbing', labels: ['stream', 'topic', 'partition'] };
const LANE: Scope = { tier: 'plumbing', labels: ['lane'] };
const SERIES: Scope = { tier: 'series', labels: ['stream', 'series', 'field'] };

const gauge = (scope: Scope, help: string): Metric => ({ type: 'gauge', ...scope, help });
const counter = (scope: Scope, help: string): Metric => ({ type: 'counter', ...scope, help });
const histogram = (scope: Scope, bounds: readonly number[], help: string): Metric => ({
  type: 'histogram',
  ...scope,
  help,
  bounds,
});

export const METRICS = {
  gruard_anomaly_score: gauge(SERIES, 'Score of the last window: 0 is as expected, above 1 is anomalous.'),
  gruard_value: gauge(SERIES, 'Observed value of the last window.'),
  gruard_expected: gauge(SERIES, 'Forecast of the last window, made before its value was seen.'),
  gruard_expected_lower: gauge(SERIES, 'Lower end of the band around the forecast.'),
  gruard_expected_upper: gauge(SERIES, 'Upper end of the band around the forecast.'),
  gruard_anomalous: gauge(SERIES, '1 while an episode of this series is open.'),

  gruard_series_ready: gauge(STREAM, 'Series that are scored.'),
  gruard_series_warming: gauge(STREAM, 'Series that learn and are not scored yet.'),
  gruard_series_warming_reason: gauge(
    REASON,
    'Warming series by what they wait for: their interval, more windows, or samples, because they stopped.',
  ),
  gruard_series_silent: gauge(STREAM, 'Series that stopped while their partition flows.'),
  gruard_series_muted: gauge(STREAM, 'Series that detect.mute mutes at the event time reached: they open no episodes.'),
  gruard_series_exported: gauge(STREAM, 'Series that have lines of their own.'),
  gruard_series_withheld: gauge(STREAM, 'Series without lines because metrics.series_budget is used up.'),
  gruard_series_split: gauge(STREAM, 'Label sets found in more than one partition: only the first one has lines.'),
  gruard_series_on_baseline: gauge(STREAM, "Series whose expected value is a baseline's rather than the network's."),
  gruard_series_scored_on_baseline: gauge(
    STREAM,
    'Of these, those whose network was clearly outdone for so long that nothing listens to it.',
  ),
  gruard_anomalous_series: gauge(STREAM, 'Series with an open episode.'),
  gruard_episodes_total: counter(
    { tier: 'stream', labels: ['stream', 'event', 'severity', 'kind'] },
    'Episodes that were opened, escalated and closed.',
  ),
  gruard_budget_episodes_per_day: gauge(STREAM, 'Episodes a day that detect.budget allows all ready series together.'),
  gruard_budget_episodes_total: counter(STREAM, 'Episodes that detect.budget allowed for the event time watched.'),
  gruard_watched_series_seconds_total: counter(STREAM, 'Event time that series were watched, each for itself.'),
  gruard_anomaly_score_distribution: histogram(STREAM, SCORE_BOUNDS, 'Scores of all windows of all series.'),
  gruard_band_coverage_ratio: gauge(STREAM, 'Share of windows whose value lay inside the band.'),
  gruard_band_nominal_ratio: gauge(STREAM, 'Share of normal windows that the band promises to hold.'),
  gruard_forecast_skill_ratio: gauge(STREAM, '1 - loss / loss of a naive forecast; below 0 is worse than naive.'),
  gruard_forecast_error_scaled: gauge(STREAM, 'Mean absolute residual in units of the naive forecast.'),
  gruard_training_loss: gauge(STREAM, 'What training minimises, averaged over the series.'),
  gruard_learned_windows_total: counter(STREAM, 'Windows that a model learned from.'),
  gruard_training_passes_shed_total: counter(STREAM, 'Training passes left out under overload (overload.learning).'),
  gruard_windows_held_back_total: counter(STREAM, 'Windows of episodes held back from learning (model.learn).'),
  gruard_quarantines_released_total: counter(STREAM, 'Episodes that lasted, so that they are learned after all.'),
  gruard_quarantines_discarded_total: counter(STREAM, 'Episodes that ended, so that their windows are not learned.'),
  gruard_model_resets_total: counter(STREAM, 'Models that started anew.'),
  gruard_warmup_progress_ratio: gauge(STREAM, 'How far the series are through their warm-up.'),
  gruard_first_score_seconds: gauge(STREAM, 'Time from the first record of the stream to its first score.'),
  gruard_time_to_first_score_seconds: histogram(
    STREAM,
    FIRST_SCORE_BOUNDS,
    'Event time from the first window of a series to the end of its first scored one.',
  ),
  gruard_step_duration_seconds: histogram(
    { tier: 'stream', labels: ['stream', 'stage'] },
    STAGE_BOUNDS,
    'Time that a batch spends in a stage.',
  ),

  gruard_records_received_total: counter(STREAM, 'Records read.'),
  gruard_records_decoded_total: counter(STREAM, 'Records that were understood.'),
  gruard_records_rejected_total: counter(REASON, 'Records that were not understood.'),
  gruard_dead_letters_total: counter(STREAM, 'Records handed to the sink for rejects.'),
  gruard_samples_decoded_total: counter(STREAM, 'Samples found in records.'),
  gruard_samples_windowed_total: counter(STREAM, 'Samples that entered a window.'),
  gruard_samples_dropped_total: counter(REASON, 'Samples that entered no window.'),
  gruard_windows_closed_total: counter(STREAM, 'Windows closed.'),
  gruard_windows_scored_total: counter(STREAM, 'Windows scored.'),
  gruard_windows_warming_total: counter(STREAM, 'Windows of series that still warm up.'),
  gruard_windows_skipped_total: counter(REASON, 'Windows that were neither scored nor learned.'),
  gruard_series_created_total: counter(STREAM, 'Series seen for the first time.'),
  gruard_series_evicted_total: counter(
    STREAM,
    'Series forgotten after limits.forget, or replaced because limits.series was reached.',
  ),
  gruard_series_refused_total: counter(STREAM, 'Series refused because limits.series was reached.'),

  gruard_kafka_lag_records: gauge(SHARE, 'Records of the partition that are not processed yet.'),
  gruard_partition_silent: gauge(SHARE, '1 while nothing new stands in the partition, for longer than is usual.'),
  gruard_position_offset: gauge(SHARE, 'Offset of the next record to process.'),
  gruard_checkpointed_offset: gauge(SHARE, 'Offset that the newest sealed checkpoint would resume at.'),
  gruard_offset_gap_records_total: counter(SHARE, 'Records that retention removed before they were read.'),
  gruard_watermark_timestamp_seconds: gauge(SHARE, 'Event time that the partition has reached.'),
  gruard_event_delay_seconds: histogram(STREAM, DELAY_BOUNDS, 'From event time to decoding.'),
  gruard_report_delay_seconds: histogram(STREAM, DELAY_BOUNDS, 'From the end of a window to its score.'),

  gruard_kafka_connected: gauge(LANE, '1 while the lane is in its consumer group, or reads its file.'),
  gruard_rebalances_total: counter(LANE, 'Times that the lane joined its consumer group anew.'),
  gruard_topic_recreations_total: counter(LANE, 'Partitions that were created anew: their state was left, cold start.'),
  gruard_handoff_seconds: gauge(LANE, 'Last hand-over: from revoking to the first score at the new owner.'),
  gruard_last_fetch_timestamp_seconds: gauge(LANE, 'When the last records were fetched.'),
  gruard_kafka_leader_moves_total: counter(
    LANE,
    'Times that a partition of an input, of a sink or of state went to another leader.',
  ),
  gruard_kafka_rights_missing: gauge(LANE, 'Rights that the brokers refuse to this user; /readyz names them.'),
  gruard_kafka_blocked_partitions: gauge(LANE, 'Partitions that wait at a record batch which cannot be read.'),
  gruard_lane_slice_seconds: histogram(LANE, SLICE_BOUNDS, 'Uninterrupted work of a lane.'),
  gruard_lane_restarts_total: counter(LANE, 'Times that the lane was started anew.'),
  gruard_overload_level: gauge(
    LANE,
    '0 as usual; 1 reading waits for sinks; 2 behind: checkpoints and rows rarer; 3 trains less; 4 does not train.',
  ),
  gruard_overload_train_every: gauge(LANE, 'Every n-th training pass that is due is taken; 1 as usual, 0 none.'),
  gruard_lane_still_seconds: gauge(LANE, 'How long the lane has not moved although it should; 0 below 5 s.'),
  gruard_lane_busy_ratio: gauge(LANE, 'Share of time that the lane computed.'),
  gruard_bank_bytes: gauge(LANE, 'Memory of the slabs.'),
  gruard_backpressure_seconds_total: counter(LANE, 'Time that the source waited for the pipeline.'),
  gruard_checkpoint_duration_seconds: histogram(LANE, CHECKPOINT_BOUNDS, 'From freezing to a sealed checkpoint.'),
  gruard_checkpoint_bytes: gauge(LANE, 'Size of the newest checkpoints.'),
  gruard_checkpoint_last_success_timestamp_seconds: gauge(LANE, 'When the newest checkpoint was sealed.'),
  gruard_checkpoint_failures_total: counter(LANE, 'Checkpoints that were not sealed.'),
  gruard_checkpoint_damaged_total: counter(LANE, 'Checkpoint files or records that could not be read.'),
  gruard_state_zombie_records_total: counter(LANE, 'Records of state that a former owner wrote after it was replaced.'),

  gruard_memory_limit_bytes: gauge(PROCESS, 'Memory that this process may take: of its container, else of the host.'),
  gruard_build_info: gauge({ tier: 'process', labels: ['version', 'commit', 'node_version'] }, 'What runs; always 1.'),
  gruard_kernel_info: gauge(
    { tier: 'process', labels: ['backend', 'arithmetic'] },
    'Which kernels compute, and whether they fuse multiply and add; always 1.',
  ),
  gruard_config_info: gauge({ tier: 'process', labels: ['sha'] }, 'Which configuration is loaded; always 1.'),
  gruard_scrape_duration_seconds: gauge(PROCESS, 'Time to write the last complete exposition.'),
  gruard_scrapes_rejected_total: counter(PROCESS, 'Scrapes refused because too many were in flight.'),
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;
