// `gruard run FILE…`: the daemon.

import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runApp } from '../app.ts';
import { GruardError } from '../errors.ts';
import type { Input } from '../messages.ts';
import { newLog, paintFor } from '../report/log.ts';
import { newJsonScreen, newPeopleScreen, newSilentScreen, type Screen } from '../screen.ts';
import type { Settings } from '../settings.ts';
import { listenerOf } from './listenAddress.ts';
import { loadOrComplain } from './loadOrComplain.ts';
import { askForPartitions, refuseTooManySlabs } from './slabLimit.ts';
import { version } from './version.ts';

const HELP = `gruard run: the daemon. Reads the streams of a configuration from Kafka, or from a file.

usage: gruard run FILE… [OPTIONS]

  --listen HOST:PORT   where /metrics and health are; overrides http.listen (port 0 = any)
  --anonymous          everybody who reaches that address may read, unless http.auth is set
  --replay DATA        reads lines of DATA (CSV, JSON lines; - = standard input) in place of Kafka, and ends with them
  --topic NAME         the topic that DATA stands for (default: the first topic of the first stream)
  --flush              closes the last windows at the end of DATA
  --fresh              forgets what an earlier run of the same DATA left, and begins at its first line

Anomaly events go to sinks.events. They are printed as lines on a terminal, and as JSON on any other standard output
when there is no sinks.events or DATA is replayed. Logs go to standard error.
Checkpoints go to state.dir, or to topics with state.store: kafka; those of a replay to a folder of their own below
state.dir.

examples:
  gruard run gruard.yaml --listen 127.0.0.1:9500
  gruard run gruard.yaml --replay history.csv --flush > events.jsonl
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      listen: { type: 'string' },
      anonymous: { type: 'boolean', default: false },
      replay: { type: 'string' },
      topic: { type: 'string' },
      flush: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length === 0) throw new GruardError('usage', 'gruard run needs a configuration file.');
  if (values.replay === undefined && (values.topic !== undefined || values.flush || values.fresh)) {
    throw new GruardError('usage', '--topic, --flush and --fresh belong to --replay DATA.');
  }
  const loaded = loadOrComplain(positionals);
  if (loaded === undefined) return 78;
  const settings = { ...loaded, http: listenerOf(loaded.http, values) };

  const log = newLog(settings.log);
  const input = inputOf(settings, values);
  const partitionsOf = input.kind === 'kafka' ? await askForPartitions(settings, log) : undefined;
  if (partitionsOf !== undefined) refuseTooManySlabs(settings, partitionsOf);
  return runApp({
    settings,
    input,
    stateDir: stateDirOf(settings, input),
    fresh: values.fresh,
    version: version(),
    configSha: shaOf(settings),
    anyPort: false,
    untilFirstAnomaly: false,
    screen: screenOf(settings, input, positionals),
    log,
  });
}

function inputOf(
  settings: Settings,
  values: { readonly replay?: string | undefined; readonly topic?: string | undefined; readonly flush: boolean },
): Input {
  if (values.replay === undefined) return { kind: 'kafka' };
  const topic = values.topic ?? settings.streams[0]?.topics[0] ?? '';
  if (topic.endsWith('*')) {
    throw new GruardError(
      'usage',
      `the stream reads the topics ${topic}: say with --topic which one the data stand for.`,
    );
  }
  const csv = settings.streams.some(({ decode, topics }) => decode.format === 'csv' && topics.length > 0);
  return { kind: 'replay', file: values.replay, topic, csv, flush: values.flush };
}

/** A replay never touches the state of the topic that it stands for. */
function stateDirOf(settings: Settings, input: Input): string | undefined {
  switch (input.kind) {
    case 'kafka':
      return settings.state.store === 'kafka' ? undefined : settings.state.dir;
    case 'replay': {
      if (input.file === '-') return undefined;
      const name = createHash('sha256').update(resolve(input.file)).digest('hex').slice(0, 16);
      return resolve(settings.state.dir, 'replay', name);
    }
    case 'generator':
      return undefined;
  }
}

function screenOf(settings: Settings, input: Input, files: readonly string[]): Screen {
  if (process.stdout.isTTY) {
    const streams = settings.streams.map(({ name }) => name);
    return newPeopleScreen(
      { what: files.join(', '), version: version(), streams, source: sourceOf(settings, input) },
      paintFor(process.stdout),
    );
  }
  return input.kind === 'replay' || settings.sinks.events === undefined ? newJsonScreen() : newSilentScreen();
}

function sourceOf({ kafka }: Settings, input: Input): string {
  if (input.kind !== 'replay') return `${kafka.brokers.join(', ')}, group ${kafka.group}`;
  return input.file === '-' ? 'standard input' : input.file;
}

/**
 * Of what decides results and addresses. Without anything secret: who reads the hash in /metrics and knows the rest
 * could try passwords on it.
 */
function shaOf(settings: Settings): string {
  const { kafka, http } = settings;
  const told = {
    ...settings,
    kafka: { brokers: kafka.brokers, group: kafka.group, tls: kafka.tls !== undefined, sasl: kafka.sasl?.mechanism },
    http: { ...http, auth: http.auth !== undefined },
  };
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 12);
}
