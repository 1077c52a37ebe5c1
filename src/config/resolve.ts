// A configuration that fits the schema becomes settings, or problems that only the whole can know.

import type { KafkaSettings, Settings, StreamSettings } from '../settings.ts';
import { httpOf, saslOf, tlsOf } from './access.ts';
import type { Complain } from './columns.ts';
import type { ConfigOutput } from './schema.ts';
import type { Environment } from './substitute.ts';

/** What `auto` means here. */
export interface Machine {
  readonly cores: number;
  /** Of the container, where there is one. */
  readonly memoryBytes: number;
}

const LANES_MAX = 64;

/** Everything but the streams. Reads the PEM files. What is returned is of use only without complaints. */
export function resolveProcess(
  config: ConfigOutput,
  streams: readonly StreamSettings[],
  environment: Environment,
  machine: Machine,
  complain: Complain,
): Settings {
  const { lanes, limits, sinks, state, metrics, http, log } = config;
  checkSinks(config, streams, complain);
  checkUids(streams, complain);
  // systemd separates several directories by colons.
  const ownDir = environment['STATE_DIRECTORY']?.split(':')[0];
  return {
    kafka: kafkaOf(config.kafka, complain),
    lanes: lanes === 'auto' ? Math.min(LANES_MAX, Math.max(1, machine.cores - 1)) : lanes,
    memoryBytes: limits.memory === 'auto' ? Math.floor(machine.memoryBytes / 2) : limits.memory,
    streams,
    sinks: { events: sinks.events?.topic, rejects: sinks.rejects?.topic },
    state: {
      dir: state.dir ?? (ownDir === undefined || ownDir === '' ? './gruard-state' : ownDir),
      everyMs: state.every,
      keep: state.keep,
    },
    metrics: { detail: metrics.detail, seriesBudget: metrics.series_budget },
    http: httpOf(http, complain),
    log: { level: log.level, format: log.format },
  };
}

function kafkaOf(kafka: ConfigOutput['kafka'], complain: Complain): KafkaSettings {
  return {
    brokers: kafka.brokers,
    group: kafka.group,
    tls: tlsOf(kafka.tls, complain),
    sasl: saslOf(kafka.sasl, complain),
    verifyCrc: kafka.verify_crc,
    onBadBatch: kafka.on_bad_batch,
  };
}

/** Writing to an input would make gruard judge its own words, for ever. */
function checkSinks({ sinks }: ConfigOutput, streams: readonly StreamSettings[], complain: Complain): void {
  for (const key of ['events', 'rejects'] as const) {
    const topic = sinks[key]?.topic;
    const reader = streams.find(({ topics }) => topic !== undefined && topics.includes(topic));
    if (reader !== undefined) {
      const what = `${topic} is what streams.${reader.name} reads`;
      complain('conflict', ['sinks', key, 'topic'], what, 'Write to another topic.');
    }
  }
  if (sinks.events !== undefined && sinks.events.topic === sinks.rejects?.topic) {
    const what = `${sinks.events.topic} is the topic of the events, too`;
    complain('conflict', ['sinks', 'rejects', 'topic'], what, 'Give each a topic of its own.');
  }
}

function checkUids(streams: readonly StreamSettings[], complain: Complain): void {
  const owners = new Map<string, string>();
  for (const { name, uid } of streams) {
    const owner = owners.get(uid);
    if (owner !== undefined) {
      const what = `${uid} is the uid of streams.${owner}, too`;
      complain(
        'duplicate_uid',
        ['streams', name, 'uid'],
        what,
        'Give each stream a uid of its own; the default is its name.',
      );
    }
    owners.set(uid, owner ?? name);
  }
}
