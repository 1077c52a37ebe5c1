// From files to settings: bounds → YAML → places → substitution → schema → layers → checks. All problems at once.

import { availableParallelism, totalmem } from 'node:os';
import type { Settings, StreamSettings } from '../settings.ts';
import type { Complain } from './columns.ts';
import { complaints, plain } from './complaints.ts';
import { readFiles } from './files.ts';
import { memoryNeeded } from './memory.ts';
import { type Overrides, overridden } from './overrides.ts';
import { parse } from './parse.ts';
import { lineNumber, type Problem, problemsText, problemText } from './problems.ts';
import { sizeText } from './quantities.ts';
import { type Machine, resolveProcess } from './resolve.ts';
import { layered, resolveStream } from './resolveStream.ts';
import { Config } from './schema.ts';
import { Stream } from './streamSchema.ts';
import type { Environment } from './substitute.ts';
import {
  type KeyPath,
  keyPlaceAt,
  keyText,
  mergeTrees,
  parentPlaceAt,
  type Tree,
  treeAt,
  valuePlaceAt,
} from './tree.ts';
import { warnings } from './warnings.ts';

export type Loaded =
  /** Each warning is a text of several lines, like that of an error. */
  | { readonly ok: true; readonly settings: Settings; readonly warnings: readonly string[] }
  /** `text` is what to print; it ends with a line end. */
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly text: string };

/**
 * The settings that `files` give together: YAML files, or directories of them; later ones win, but no stream may stand
 * in two. Fails with `input_missing` when one is not there. `machine` is what `auto` means. `overrides` win over all
 * files.
 */
export function load(
  files: readonly string[],
  environment: Environment,
  machine: Machine = thisMachine(),
  overrides: Overrides = { sets: [], stream: undefined },
): Loaded {
  const read = readFiles(files);
  const limited = read.flatMap(({ problem }) => problem ?? []);
  const parsed = read.filter(({ problem }) => problem === undefined).map(({ file }) => parse(file, environment));
  const problems = [...limited, ...parsed.flatMap((one) => one.problems)];
  const written = merged(
    parsed.flatMap((one) => one.tree ?? []),
    problems,
  );
  const tree = written === undefined ? undefined : overridden(written, overrides, environment, problems);
  if (problems.length > 0 || tree === undefined) return refused(problems);
  const settings = resolved(tree, environment, machine, problems);
  if (settings === undefined || problems.length > 0) return refused(problems);
  checkMemory(settings, tree, problems);
  if (problems.length > 0) return refused(problems);
  return {
    ok: true,
    settings,
    warnings: warnings(settings, tree).map((warning) => problemText(warning, 'warning', false)),
  };
}

export function thisMachine(): Machine {
  // 0, or more than there is, where nothing constrains the process.
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return { cores: availableParallelism(), memoryBytes: constrained > 0 ? Math.min(constrained, total) : total };
}

function refused(problems: readonly Problem[]): Loaded {
  return { ok: false, problems, text: problemsText(problems) };
}

function merged(trees: readonly Tree[], problems: Problem[]): Tree | undefined {
  const isStream = (path: KeyPath): boolean => path.length === 2 && path[0] === 'streams';
  return trees.reduce<Tree | undefined>((earlier, later) => {
    if (earlier === undefined) return later;
    return mergeTrees(earlier, later, isStream, (path, place, first) => {
      const what = `this stream stands in ${first.file.name}:${lineNumber(first)}, too`;
      problems.push({
        code: 'duplicate_stream',
        place,
        key: keyText(path),
        what,
        fix: 'Keep one of the two, or rename it.',
      });
    });
  }, undefined);
}

function resolved(tree: Tree, environment: Environment, machine: Machine, problems: Problem[]): Settings | undefined {
  const raw = plain(tree, Config);
  const result = Config.safeParse(raw);
  if (!result.success) problems.push(...complaints(Config, raw, result.error.issues, tree));
  const isFaulty = (path: KeyPath): boolean =>
    result.error?.issues.some((issue) => path.every((step, index) => issue.path[index] === step)) ?? false;
  const streams: StreamSettings[] = [];
  const [defaults, own] = isMap(raw) ? [raw['defaults'], raw['streams']] : [];
  if (isMap(own) && !isFaulty(['defaults'])) {
    for (const [name, layer] of Object.entries(own)) {
      if (!isMap(layer) || isFaulty(['streams', name])) continue;
      const config = Stream.safeParse(layered(isMap(defaults) ? defaults : {}, layer));
      if (config.success) streams.push(resolveStream(name, config.data, complainAbout(tree, problems, name)));
    }
  }
  if (!result.success) return undefined;
  return resolveProcess(result.data, streams, environment, machine, complainAbout(tree, problems));
}

/** Points at the key of the stream, or of `defaults` where it has it from there, or of the stream itself. */
function complainAbout(tree: Tree, problems: Problem[], stream?: string): Complain {
  return (code, path, what, fix, mark = 'value') => {
    const own = stream === undefined ? path : ['streams', stream, ...path];
    const at =
      treeAt(tree, own) === undefined && treeAt(tree, ['defaults', ...path]) !== undefined
        ? ['defaults', ...path]
        : own;
    const marked = mark === 'key' ? keyPlaceAt(tree, at) : valuePlaceAt(tree, at);
    problems.push({ code, place: marked ?? parentPlaceAt(tree, at), key: keyText(own), what, fix });
  };
}

function checkMemory(settings: Settings, tree: Tree, problems: Problem[]): void {
  const { bytes, perStream } = memoryNeeded(settings, () => 1);
  if (bytes <= settings.memoryBytes) return;
  const largest = perStream.reduce((most, one) => (one.bytes > most.bytes ? one : most));
  const { stream, partitions, slabs, slabBytes } = largest;
  const place = valuePlaceAt(tree, ['limits', 'memory']) ?? parentPlaceAt(tree, ['streams', stream, 'limits']);
  problems.push({
    code: 'memory_limit',
    place,
    key: 'limits.memory',
    what:
      `the streams may need ${sizeText(bytes)} with one partition a topic, and ${sizeText(settings.memoryBytes)} are ` +
      `allowed; most takes ${stream}: ${partitions} × ${slabs} models of ${sizeText(slabBytes)}`,
    fix: `Lower streams.${stream}.limits.series, model.hidden or model.layers, or raise limits.memory.`,
  });
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
