// `gruard validate FILE…`: the schema and the environment, never one without the other unless asked.

import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { load } from '../config/load.ts';
import { type MemoryNeeded, memoryNeeded } from '../config/memory.ts';
import { problemsText } from '../config/problems.ts';
import { durationText, sizeText } from '../config/quantities.ts';
import { ERRORS, type ErrorCode, GruardError } from '../errors.ts';
import { isNeural, shapeOf } from '../kernel/shape.ts';
import type { Settings, StreamSettings } from '../settings.ts';
import { type PartitionsOf, refuseTooManySlabs } from './slabLimit.ts';

const HELP = `gruard validate: checks a configuration, and the brokers, topics and directory that it names.

usage: gruard validate FILE… [--offline]

  --offline   checks the files only: no connection, no directory

FILE is a YAML file or a directory of them; several are merged.
Exit codes: 0 ok; 66 a file is missing; 69 brokers or topics; 73 state.dir; 77 the brokers let nobody in with this user
or certificate; 78 the configuration is invalid, or its limits allow more series than fit into the memory.

examples:
  gruard validate gruard.yaml
  gruard validate --offline /etc/gruard
`;

const MISSING = 'The files are valid. gruard run would start, wait for what is missing, and not be ready until then.\n';

interface Cluster {
  /** What of brokers and topics stands in the way of the work; none = it can begin. */
  readonly problems: readonly { readonly code: ErrorCode; readonly text: string }[];
  /** Undefined when the cluster did not say. */
  readonly partitionsOf: PartitionsOf | undefined;
}

/** Looks at the brokers and topics that the settings name. Never rejects. */
export type CheckKafka = (settings: Settings) => Promise<Cluster>;

/** Answers the exit code. Prints a summary to standard output, or all problems to standard error. */
export async function validate(argv: readonly string[], checkKafka: CheckKafka): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, offline: { type: 'boolean', default: false } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length === 0) throw new GruardError('usage', 'gruard validate needs a configuration file.');
  const loaded = load(positionals, process.env);
  if (!loaded.ok) {
    process.stderr.write(problemsText(loaded.problems, wantsColour()));
    return ERRORS.config_invalid.exit;
  }
  for (const warning of loaded.warnings) process.stderr.write(warning);
  const { settings } = loaded;
  if (values.offline) {
    process.stdout.write(summary(positionals, settings, undefined, 'not checked (--offline)'));
    return 0;
  }
  const unwritable = settings.state.store === 'file' ? stateProblem(settings.state.dir) : undefined;
  const { problems, partitionsOf } = await checkKafka(settings);
  for (const { text } of problems) process.stderr.write(`error: ${text}\n`);
  if (unwritable !== undefined) process.stderr.write(`error: ${unwritable}\n`);
  const [first] = problems;
  if (first !== undefined) {
    if (unwritable === undefined) process.stderr.write(MISSING);
    return ERRORS[first.code].exit;
  }
  if (unwritable !== undefined) return ERRORS.state_unwritable.exit;
  if (partitionsOf !== undefined) refuseTooManySlabs(settings, partitionsOf);
  process.stdout.write(summary(positionals, settings, partitionsOf, 'checked'));
  return 0;
}

/** What hinders writing to `dir`, or to the nearest directory above in which it would be made. */
export function stateProblem(dir: string): string | undefined {
  let nearest = resolve(dir);
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    if (!statSync(nearest).isDirectory())
      return `state.dir: ${nearest} is no directory. ${ERRORS.state_unwritable.remedy}`;
    accessSync(nearest, constants.W_OK | constants.X_OK);
    return undefined;
  } catch {
    return `state.dir: ${nearest} is not writable for this user. ${ERRORS.state_unwritable.remedy}`;
  }
}

function summary(
  files: readonly string[],
  settings: Settings,
  partitionsOf: PartitionsOf | undefined,
  checked: string,
): string {
  const { streams, lanes, memoryBytes, kafka, state } = settings;
  const needed = memoryNeeded(settings, partitionsOf ?? (() => 1));
  const where = partitionsOf === undefined ? 'with one partition a topic' : 'in all partitions';
  const unit = streams.length === 1 ? '1 stream' : `${streams.length} streams`;
  const lines = [
    `${files.join(', ')}: ${unit}, ${lanes === 1 ? '1 lane' : `${lanes} lanes`} … ok`,
    ...streams.map((stream, index) => streamLine(stream, needed.perStream[index])),
    `memory: at most ${sizeText(needed.bytes)} ${where}; limits.memory is ${sizeText(memoryBytes)}`,
    `${checked}: ${kafka.brokers.join(', ')}, topics, ${state.store === 'file' ? state.dir : 'topics of the state'}`,
  ];
  return `${lines.join('\n')}\n`;
}

function streamLine(stream: StreamSettings, memory: MemoryNeeded['perStream'][number] | undefined): string {
  const { name, topics, decode, window, model, limits } = stream;
  const { every, aggregate } = window;
  const labels = decode.labels.map(({ label }) => label).join(', ');
  const fields = decode.fields.map(({ field }) => field).join(', ');
  const length = every.kind === 'fixed' ? durationText(every.ms) : every.kind;
  const layers = model.layers === 1 ? '' : ` × ${model.layers}`;
  const cell = isNeural(model.cell) ? `${model.cell} ${model.hidden}${layers}` : model.cell;
  const models =
    decode.fields.length === 1 ? `${limits.series} series` : `${limits.series} series, ${fieldsText(stream)},`;
  const each = memory === undefined || memory.partitions === 1 ? '' : ` in each of ${memory.partitions} partitions`;
  const size = memory === undefined ? '' : ` of ${sizeText(memory.slabBytes)}${each}: ${sizeText(memory.bytes)}`;
  const by = labels === '' ? ', a series per partition' : ` by ${labels}`;
  const input = `${topics.join(', ')} (${decode.format})`;
  return `  ${name}: ${input}, ${fields}${by}, ${aggregate} every ${length}, ${cell}, ${models}${size}`;
}

function fieldsText({ decode, model }: StreamSettings): string {
  const { fields } = shapeOf(model, 1, decode.fields.length);
  const network = !isNeural(model.cell) ? '' : fields?.isJoint === true ? ' in one network' : ' with a network each';
  return `${decode.fields.length} values${network}`;
}

function wantsColour(): boolean {
  // styleText knows NO_COLOR, FORCE_COLOR and whether the stream is a terminal.
  return styleText('red', 'x', { stream: process.stderr }) !== 'x';
}
