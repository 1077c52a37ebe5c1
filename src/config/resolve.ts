// A configuration that fits the schema becomes settings, or problems that only the whole can know.

import { readFileSync } from 'node:fs';
import type { KafkaSettings, Settings, StreamSettings } from '../settings.ts';
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
    http: addressOf(http.listen),
    log: { level: log.level, format: log.format },
  };
}

function kafkaOf(kafka: ConfigOutput['kafka'], complain: Complain): KafkaSettings {
  const { brokers, group, tls, sasl } = kafka;
  return {
    brokers,
    group,
    tls: tlsOf(tls, complain),
    sasl:
      sasl === undefined
        ? undefined
        : { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password.reveal() },
    verifyCrc: kafka.verify_crc,
    onBadBatch: kafka.on_bad_batch,
  };
}

function tlsOf(tls: ConfigOutput['kafka']['tls'], complain: Complain): KafkaSettings['tls'] {
  if (tls === false) return undefined;
  if (tls === true) return {};
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const [there, missing] = tls.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    const what = `stands without \`${missing}\`; mutual TLS needs both`;
    complain('conflict', ['kafka', 'tls', there], what, `Write ${missing}: too, or remove this key.`, 'key');
  }
  const result: { ca?: string; cert?: string; key?: string; insecure?: boolean } = {};
  for (const part of ['ca', 'cert', 'key'] as const) {
    const file = tls[part];
    if (file !== undefined) result[part] = pem(file, part, complain);
  }
  if (tls.insecure) result.insecure = true;
  return result;
}

function pem(file: string, part: 'ca' | 'cert' | 'key', complain: Complain): string {
  const key = ['kafka', 'tls', part];
  try {
    const text = readFileSync(file, 'utf8');
    if (!text.includes('-----BEGIN ')) {
      complain('bad_value', key, `${file} is no PEM file`, 'It must have a line like -----BEGIN CERTIFICATE-----.');
    }
    return text;
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const fix = 'Check the path and that this user may read it.';
    complain('unreadable_file', key, `${file} cannot be read (${why})`, fix);
    return '';
  }
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

/** `HOST:PORT`, `[::1]:PORT`: the schema has seen its form. */
function addressOf(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(colon + 1)) };
}
