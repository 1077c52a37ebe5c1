// What gruard is told to do, resolved: defaults and presets merged, units turned into numbers. Plain data, so that it
// crosses to the lanes; `config/` makes it, and nobody prints it, because it holds passwords.

export type Cell = 'gru' | 'lstm' | 'last' | 'seasonal' | 'ewma';
/** What computes a network; `auto` = `simd` where this machine can run it, else `js`. */
type Backend = 'auto' | 'simd' | 'js';
export type Aggregate = 'mean' | 'sum' | 'min' | 'max' | 'last' | 'count' | 'rate';
export type TimeUnit = 's' | 'ms' | 'us' | 'ns';

/** A parsed path: own properties (text) and array elements or CSV columns (number, from 0), outermost first. */
export type Path = readonly (string | number)[];

/** Where a sample's event time comes from. */
export type TimeSetting =
  | { readonly kind: 'record' }
  | { readonly kind: 'path'; readonly path: Path; readonly unit: TimeUnit }
  /** Record n has time start + n · every, n its offset in a topic, its data line from 0 in a file. */
  | { readonly kind: 'counted'; readonly startMs: number; readonly everyMs: number };

export interface DecodeSettings {
  readonly format: 'json' | 'number' | 'csv';
  /** All must hold; JSON scalars compare as equal when type and value are equal. */
  readonly where: readonly { readonly path: Path; readonly equals: string | number | boolean | null }[];
  /** Sorted by label name. `$partition` as a path is the text of the partition number. */
  readonly labels: readonly { readonly label: string; readonly path: Path | '$partition' }[];
  readonly time: TimeSetting;
  /** At least one. `path` is undefined only with `aggregate: count` (the value is then 1). */
  readonly fields: readonly { readonly field: string; readonly path: Path | undefined }[];
  readonly recordBytesMax: number;
}

export type Gaps =
  | { readonly kind: 'ignore' | 'previous' | 'anomaly' }
  | { readonly kind: 'fill'; readonly value: number };

export interface WindowSettings {
  /** `record`: every sample is a window of its own; `auto`: found from the first 32 time steps of the series. */
  readonly every:
    | { readonly kind: 'auto' }
    | { readonly kind: 'record' }
    | { readonly kind: 'fixed'; readonly ms: number };
  readonly aggregate: Aggregate;
  readonly latenessMs: number;
  readonly gaps: Gaps;
  /** How far beyond the watermark a sample may lie before others must agree with it. */
  readonly futureMs: number;
  /** Windows of one series that may be open at a time: the bound of the reorder buffer. */
  readonly openWindows: number;
}

export interface ModelSettings {
  readonly cell: Cell;
  /** State size of a layer, 4 to 128. */
  readonly hidden: number;
  /** 1 to 3 */
  readonly layers: number;
  /** Multiple of 8, 8 to 128. */
  readonly lookback: number;
  /** Of several fields: one network for all, or one for each. */
  readonly fields: 'joint' | 'separate';
  readonly backend: Backend;
  /** What new series start from: what others of the stream taught in the same partition, or random weights. */
  readonly prior: 'stream' | 'none';
  /** Windows of an episode are not learned before it has lasted so long; undefined: all are. */
  readonly releaseMs?: number | undefined;
  /** Windows learned before the first score, at least 50; `auto` = about a day, 100 to 300 windows. */
  readonly warmupWindows: number | 'auto';
}

export interface DetectSettings {
  /** Decades of surprise that open an episode, or how many episodes may open a day, from which the decades follow. */
  readonly threshold:
    | { readonly kind: 'fixed'; readonly decades: number }
    | { readonly kind: 'budget'; readonly perDay: number; readonly per: 'series' | 'stream' };
  /** Series with all these labels are muted until then, in event time. */
  readonly mute: readonly {
    readonly series: readonly { readonly label: string; readonly value: string }[];
    readonly untilMs: number;
    readonly reason: string | undefined;
  }[];
  readonly direction: 'above' | 'below' | 'both';
  /** Both must be exceeded. `relative` is a share of |expected|. */
  readonly deviation: { readonly absolute: number; readonly relative: number };
  readonly range: { readonly min: number; readonly max: number };
  /** Factors ≥ 1 that widen a side of the band; evidence inside the widened band opens nothing. */
  readonly band: { readonly below: number; readonly above: number } | undefined;
  /** 1 ≤ hits ≤ of ≤ 32. */
  readonly sustain: { readonly hits: number; readonly of: number };
  readonly recover: { readonly hits: number; readonly of: number };
}

export type StartFrom =
  | { readonly kind: 'earliest' | 'latest' }
  /** Event of the broker's clock: records younger than this. */
  | { readonly kind: 'ago'; readonly ms: number };

/** One stream, resolved: defaults and presets merged, units turned into numbers. Plain data: crosses to the worker. */
export interface StreamSettings {
  readonly name: string;
  readonly uid: string;
  /** Names, or prefixes that end in `*`. */
  readonly topics: readonly string[];
  readonly startFrom: StartFrom;
  readonly decode: DecodeSettings;
  readonly window: WindowSettings;
  readonly model: ModelSettings;
  readonly detect: DetectSettings;
  readonly limits: { readonly series: number; readonly quietMs: number; readonly forgetMs: number };
  /** First 12 hex digits of the hash of what the models depend on; another value drops the stream's models. */
  readonly configHash: string;
}

/** Where bearer tokens come from. */
export type TokenSettings =
  /** Read again for each login. */
  | { readonly kind: 'file'; readonly file: string }
  | {
      readonly kind: 'endpoint';
      readonly url: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope: string | undefined;
      /** PEM text; undefined = the system's authorities. */
      readonly ca: string | undefined;
    };

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly group: string;
  /** PEM texts. Undefined = plain text; an empty object = TLS with the system's authorities. */
  readonly tls:
    | {
        readonly ca?: string;
        readonly cert?: string;
        readonly key?: string;
        readonly insecure?: boolean;
        /** Where they were read, to be read again for later connections; undefined = they never change. */
        readonly files?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
      }
    | undefined;
  readonly sasl:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: string;
      }
    | { readonly mechanism: 'oauthbearer'; readonly token: TokenSettings }
    | undefined;
  /** Compares each record batch with its checksum. */
  readonly verifyCrc: boolean;
  /** What becomes of a record batch that cannot be read: its partition waits, or it is rejected as one record. */
  readonly onBadBatch: 'pause' | 'skip';
}

export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  /** Everybody who reaches the address may read. */
  readonly anonymous: boolean;
  /** Paths of PEM files, which may be renewed at any time; undefined = plain text. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** A token, and scrypt hashes of passwords by user; undefined = nobody is asked. */
  readonly auth: { readonly bearer: string | undefined; readonly basic: Readonly<Record<string, string>> } | undefined;
}

/** Where `state.store: kafka` keeps checkpoints. */
export interface KafkaStateSettings {
  /** Name of the topic for an input topic, with `{group}` and `{topic}` in it. */
  readonly topic: string;
  readonly replication: number;
}

export interface Settings {
  readonly kafka: KafkaSettings;
  readonly lanes: number;
  /** Bytes that all slabs of the process may take. */
  readonly memoryBytes: number;
  readonly streams: readonly StreamSettings[];
  /** Whether training may be left out under overload. */
  readonly overload: { readonly learning: 'keep' | 'shed' };
  readonly sinks: { readonly events: string | undefined; readonly rejects: string | undefined };
  readonly state: {
    readonly store: 'file' | 'kafka';
    readonly dir: string;
    readonly everyMs: number;
    readonly keep: number;
    readonly kafka: KafkaStateSettings;
  };
  readonly metrics: { readonly detail: 'bands' | 'score' | 'none'; readonly seriesBudget: number };
  readonly http: HttpSettings;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly format: 'pretty' | 'json' | 'auto' };
}
