// `--set key=value`: single keys that win over every file, read by the same YAML and judged by the same schema.

import { GruardError } from '../errors.ts';
import { nearest } from './nearest.ts';
import { parseValue } from './parse.ts';
import type { Problem } from './problems.ts';
import type { Environment } from './substitute.ts';
import { type Entry, type KeyPath, mergeTrees, type SourceFile, type Tree, treeAt } from './tree.ts';

export interface Overrides {
  /** `streams.NAME.detect.direction=above`, `defaults.gaps=zero`, or for the chosen stream `detect.direction=above`. */
  readonly sets: readonly string[];
  /** Name of the stream that is meant; undefined where there is only one. */
  readonly stream: string | undefined;
}

const KEY = /^[\w-]+(?:\.[\w-]+)*$/;

/**
 * The tree with the overrides on top; each is a file of its own, called `--set`, in what is said about it. Fails with
 * `usage` where one has no key, or its stream is not clear.
 */
export function overridden(tree: Tree, overrides: Overrides, environment: Environment, problems: Problem[]): Tree {
  let result = tree;
  for (const text of overrides.sets) {
    const layer = layerOf(text, tree, overrides.stream, environment, problems);
    if (layer === undefined) continue;
    result = mergeTrees(
      result,
      layer,
      () => false,
      () => {},
    );
  }
  return result;
}

/** The stream that is meant, of those that there are. Fails with `usage`. */
export function chosenStream(names: readonly string[], wanted: string | undefined): string {
  const [only] = names;
  if (wanted === undefined && only !== undefined && names.length === 1) return only;
  const list = names.length > 12 ? `${names.slice(0, 12).join(', ')} …` : names.join(', ');
  if (wanted === undefined) throw new GruardError('usage', `say with --stream which one is meant: ${list}.`);
  if (names.includes(wanted)) return wanted;
  const meant = nearest(wanted, names);
  const hint = meant === undefined ? `there are ${list}` : `is ${meant} meant?`;
  throw new GruardError('usage', `--stream: there is no stream ${JSON.stringify(wanted)}; ${hint}`);
}

function layerOf(
  text: string,
  tree: Tree,
  stream: string | undefined,
  environment: Environment,
  problems: Problem[],
): Tree | undefined {
  const equals = text.indexOf('=');
  const key = text.slice(0, Math.max(0, equals));
  if (!KEY.test(key)) {
    const what = `--set: must be KEY=VALUE, like detect.direction=above, is ${JSON.stringify(text)}.`;
    throw new GruardError('usage', what);
  }
  const steps = key.split('.');
  const isWhole = steps[0] === 'streams' || steps[0] === 'defaults';
  const path = isWhole ? steps : ['streams', streamOf(tree, stream), ...steps];
  const file: SourceFile = { name: '--set', text, secrets: [] };
  const value = parseValue(file, equals + 1, path, environment);
  problems.push(...value.problems);
  return value.tree === undefined ? undefined : nested(file, path, path.length - steps.length, value.tree);
}

function streamOf(tree: Tree, wanted: string | undefined): string {
  const streams = treeAt(tree, ['streams']);
  return chosenStream(streams?.kind === 'map' ? [...streams.entries.keys()] : [], wanted);
}

/** Maps around a value; the first `unwritten` steps of the path do not stand in the text. */
function nested(file: SourceFile, path: KeyPath, unwritten: number, value: Tree): Tree {
  const lengths = path.map((step, index) => (index < unwritten ? 0 : String(step).length + 1));
  return path.reduceRight<Tree>((inner, step, index) => {
    const start = lengths.slice(0, index).reduce((a, b) => a + b, 0);
    const keyPlace = { file, start, end: start + Math.max(0, (lengths[index] ?? 0) - 1) };
    const entry: Entry = { keyPlace, tree: inner };
    return { kind: 'map', place: keyPlace, entries: new Map([[String(step), entry]]) };
  }, value);
}
