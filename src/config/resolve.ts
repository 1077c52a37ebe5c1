// A configuration that fits the schema becomes settings, or problems that only the whole can know.

import { layoutOf } from '../kernel/layout.ts';
import { shapeOf } from '../kernel/shape.ts';
import type { KafkaSettings, Settings, StreamSettings } from '../settings.ts';
import { httpOf, saslOf, tlsOf } from './access.ts';
import type { Complain } from './columns.ts';
import { sizeText } from './quantities.ts';
import type { ConfigOutput } from './schema.ts';
import type { Environment } from './substitute.ts';

/** What `auto` means here. */
export interface Machine {
  readonly cores: number;
  /** Of the container, where there is one. */
  readonly memoryBytes: number;
}

const LANES_MAX = 64;
/** Brokers take records of 1 MB; a slab has its key and its checkpoint's number beside it. */
const SLAB_BYTES_MAX = 880_000;

/** Everything but the streams. Reads the PEM files. What is returned is of use only without complaints. */
export function resolveProcess(
  config: ConfigOutput,
  streams: readonly StreamSettings[],
  environment: Environment,
  machine: Machine,
  complain: Complain,
): Settings {
  const { lanes, limits, overload, sinks, state, metrics, http, log } = config;
  checkSinks(config, streams, complain);
  checkState(config, streams, complain);
  checkUids(streams, complain);
  // systemd separates several directories by colons.
  const ownDir = environment['STATE_DIRECTORY']?.split(':')[0];
  return {
    kafka: kafkaOf(config.kafka, complain),
    lanes: lanes === 'auto' ? Math.min(LANES_MAX, Math.max(1, machine.cores - 1)) : lanes,
    memoryBytes: limits.memory === 'auto' ? Math.floor(machine.memoryBytes / 2) : limits.memory,
    streams,
    overload,
    sinks: { events: sinks.events?.topic, rejects: sinks.rejects?.topic },
    state: {
      store: state.store,
      kafka: state.kafka,
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

/** A group may have any name, a topic may not. And whoever reads state topics as an input never comes to an end. */
function checkState({ kafka, state }: ConfigOutput, streams: readonly StreamSettings[], complain: Complain): void {
  if (state.store !== 'kafka') return;
  const key = ['state', 'kafka', 'topic'];
  const { topic } = state.kafka;
  if (topic.includes('{group}') && !/^[A-Za-z0-9._-]+$/.test(kafka.group)) {
    const what = `has {group} in it, and ${kafka.group} cannot be part of the name of a topic`;
    complain('conflict', key, what, 'Write a name of your own in place of {group}.');
  }
  const head = topic.slice(0, topic.indexOf('{topic}')).replaceAll('{group}', kafka.group);
  for (const { name, topics, model, window } of streams) {
    const { slabBytes } = layoutOf(shapeOf(model, window.openWindows));
    if (slabBytes > SLAB_BYTES_MAX) {
      const what = `a model of ${sizeText(slabBytes)} does not fit into a record of Kafka, where state.store keeps it`;
      const fix = `Lower hidden or layers until it has at most ${sizeText(SLAB_BYTES_MAX)}, or keep state in files.`;
      complain('conflict', ['streams', name, 'model'], what, fix);
    }
    const prefix = topics.filter((word) => word.endsWith('*')).find((word) => isWithin(word.slice(0, -1), head));
    if (prefix === undefined) continue;
    const what = `streams.${name} reads ${prefix}, and the names of state topics may begin so, too`;
    complain('conflict', key, what, 'Let them begin otherwise, or name the topics that the stream reads.');
  }
}

function isWithin(prefix: string, head: string): boolean {
  return head.startsWith(prefix) || prefix.startsWith(head);
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
