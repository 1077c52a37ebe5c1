// The text of one YAML file as a tree with places and substitutions, or what is wrong with it.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type YAMLError,
  type YAMLMap,
  type Scalar as YamlScalar,
} from 'yaml';
import { DEPTH_MAX, tooDeepAt } from './bounds.ts';
import { editDistance } from './nearest.ts';
import { lineNumber, type Problem, type ProblemCode } from './problems.ts';
import { type Environment, substitute, typed } from './substitute.ts';
import { type Entry, type KeyPath, keyText, type Place, type SourceFile, type Tree } from './tree.ts';

/** As in other readers of YAML; a file that people write has a handful. */
const ALIASES_MAX = 100;
/** A file of 1 MiB without aliases has no more in practice; with them it may mean billions. */
const NODES_MAX = 200_000;
/** Behind so many there is no YAML. */
const FAULTS_MAX = 100;

/**
 * A directive `%YAML 1.1` must not change what `yes` or `0777` mean. The parser looks for a key's double among all keys
 * of the map, so that 90 000 of them take minutes: `readMap` does it.
 */
const YAML_OPTIONS = {
  schema: 'core',
  resolveKnownTags: false,
  merge: false,
  uniqueKeys: false,
  prettyErrors: false,
} as const;

export interface Parsed {
  /** Undefined when there are problems. */
  readonly tree: Tree | undefined;
  readonly problems: readonly Problem[];
}

/** Reads one file. Fills `file.secrets`. `environment` is where `${env:NAME}` looks. */
export function parse(file: SourceFile, environment: Environment): Parsed {
  const deep = tooDeepAt(file.text);
  if (deep !== undefined) {
    hideLine(file, deep);
    const what = `the file nests deeper than ${DEPTH_MAX}`;
    const place = { file, start: deep, end: deep + 1 };
    return {
      tree: undefined,
      problems: [{ code: 'yaml_limit', place, key: '', what, fix: 'No key of gruard lies deeper than 6.' }],
    };
  }
  const document = parseDocument(file.text, YAML_OPTIONS);
  const faults = [...document.errors, ...document.warnings];
  const reading: Reading = { file, environment, document, problems: [], aliases: 0, nodes: 0 };
  const { contents } = document;
  const start: Place = { file, start: 0, end: 0 };
  const empty: Tree = { kind: 'map', place: start, entries: new Map() };
  // With faults, too, because this finds what must not be shown.
  const tree = contents === null ? empty : read(reading, contents, [], false);
  if (faults.length > 0) {
    // One mistake often has several consequences at one place.
    const first = new Map([...faults].reverse().map((fault) => [fault.pos[0], fault]));
    return {
      tree: undefined,
      problems: [...first.values()]
        .reverse()
        .slice(0, FAULTS_MAX)
        .map((fault) => syntaxProblem(file, fault)),
    };
  }
  if (reading.problems.length > 0) return { tree: undefined, problems: reading.problems };
  if (tree.kind !== 'map' && !(tree.kind === 'scalar' && tree.value === null)) {
    const what = 'a configuration must be a map of keys';
    const fix = 'Begin with streams: and write the streams below it.';
    return { tree: undefined, problems: [{ code: 'wrong_type', place: tree.place, key: '', what, fix }] };
  }
  return { tree: tree.kind === 'map' ? tree : empty, problems: [] };
}

/**
 * Reads the text of a file from `from` on as the value of the key at `path`: what stands before it is the key, as on a
 * command line. Places are those of the whole text.
 */
export function parseValue(file: SourceFile, from: number, path: KeyPath, environment: Environment): Parsed {
  const document = parseDocument(`${' '.repeat(from)}${file.text.slice(from)}`, YAML_OPTIONS);
  const reading: Reading = { file, environment, document, problems: [], aliases: 0, nodes: 0 };
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) return { tree: undefined, problems: [syntaxProblem(file, fault)] };
  const tree =
    document.contents === null
      ? nothing({ file, start: from, end: from })
      : read(reading, document.contents, path, isSecret(path));
  return reading.problems.length > 0 ? { tree: undefined, problems: reading.problems } : { tree, problems: [] };
}

interface Reading {
  readonly file: SourceFile;
  readonly environment: Environment;
  readonly document: Document.Parsed;
  readonly problems: Problem[];
  aliases: number;
  nodes: number;
}

function read(reading: Reading, node: Node, path: KeyPath, secret: boolean): Tree {
  const place = placeOf(reading.file, node);
  if (++reading.nodes > NODES_MAX || path.length > 2 * DEPTH_MAX) {
    return limited(reading, place, `the file means more than ${NODES_MAX} values`);
  }
  if (isAlias(node)) {
    const target = node.resolve(reading.document);
    if (++reading.aliases > ALIASES_MAX) {
      return limited(reading, place, `the file uses more than ${ALIASES_MAX} aliases`);
    }
    if (target !== undefined) return read(reading, target, path, secret);
    const what = `there is no anchor &${node.source} above`;
    complain(reading, 'yaml_syntax', place, path, what, SYNTAX_FIXES.BAD_ALIAS);
    return nothing(place);
  }
  if (isMap(node)) return readMap(reading, node, path, secret, place);
  if (isSeq(node)) {
    const items = node.items.map((item, index) =>
      isNode(item) ? read(reading, item, [...path, index], secret) : nothing(place),
    );
    return { kind: 'list', place, items };
  }
  return isScalar(node) ? readScalar(reading, node, path, secret, place) : nothing(place);
}

function readMap(reading: Reading, node: YAMLMap, path: KeyPath, secret: boolean, place: Place): Tree {
  const entries = new Map<string, Entry>();
  for (const { key, value } of node.items) {
    const keyPlace = isNode(key) ? placeOf(reading.file, key) : place;
    const name = isScalar(key) && key.value !== null ? keyName(key) : undefined;
    if (name === undefined || name === '__proto__') {
      complain(reading, 'bad_name', keyPlace, path, 'a key must be a text', 'Write it as a word, or in quotes.');
      continue;
    }
    const here = [...path, name];
    const before = entries.get(name);
    if (before !== undefined) {
      const what = `this key stands in line ${lineNumber(before.keyPlace)}, too`;
      complain(reading, 'duplicate_key', keyPlace, here, what, 'Keep one of the two.');
    }
    // A group of secrets in whose place stands something else: the secret, most likely.
    const hidden = secret || isSecret(here) || (SECRET_GROUPS.has(keyText(here)) && !isMap(value));
    const tree = isNode(value) ? read(reading, value, here, hidden) : nothing(keyPlace);
    entries.set(name, { keyPlace, tree });
  }
  return { kind: 'map', place, entries };
}

function readScalar(reading: Reading, node: YamlScalar, path: KeyPath, secret: boolean, place: Place): Tree {
  const { value, source = '' } = node;
  if (secret && place.end > place.start) reading.file.secrets.push([place.start, place.end]);
  const base = { kind: 'scalar', place, written: source, secret } as const;
  if (typeof value === 'string') {
    const result = substitute(value, reading.environment);
    if (result.kind === 'same') return { ...base, value, readings: undefined };
    if (result.kind === 'text') {
      const { text } = result;
      const readings = node.type === 'PLAIN' ? [typed(text), text] : [text, typed(text)];
      return { ...base, value: text, readings };
    }
    const what = secret && result.code === 'bad_substitution' ? 'it holds a ${ that is no substitution' : result.what;
    complain(reading, result.code, place, path, what, result.fix);
    return { ...base, value, readings: undefined };
  }
  if (typeof value === 'number') {
    // YAML 1.1 read 0777 as octal, 1.2 reads it as 777, and people mean a text, such as a postal code.
    if (/^[-+]?0\d/.test(source)) {
      const what = secret ? 'a number must not begin with 0' : `${source} is a number that begins with 0`;
      complain(
        reading,
        'ambiguous_number',
        place,
        path,
        what,
        `Write ${secret ? 'it' : String(value)} without the 0, or in quotes if it is a text.`,
      );
    }
    return { ...base, value, readings: undefined };
  }
  const known = typeof value === 'boolean' || value === null ? value : String(value);
  return { ...base, value: known, readings: undefined };
}

const SECRET_GROUPS: ReadonlySet<string> = new Set(['kafka.sasl', 'http.auth']);

/** Keys whose values are not shown, however they are misspelt: an error shows the whole line. */
function isSecret(path: KeyPath): boolean {
  const [top, second, third] = path;
  if (top === 'kafka' && second === 'sasl' && third !== undefined) return third !== 'mechanism' && third !== 'username';
  if (top === 'http' && second === 'auth' && third !== undefined) return true;
  const key = String(path.at(-1));
  return (
    /passw|passphrase|secret|token|credential|^bearer$|^basic$/i.test(key) ||
    editDistance(key.toLowerCase(), 'password') <= 2
  );
}

/** As written, so that `0777:` and `1.0:` stay what they look like. */
function keyName(key: YamlScalar): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

function isNode(node: unknown): node is Node {
  return isAlias(node) || isMap(node) || isSeq(node) || isScalar(node);
}

function placeOf(file: SourceFile, node: Node): Place {
  const [start, end] = node.range ?? [0, 0];
  return { file, start, end };
}

function nothing(place: Place): Tree {
  return {
    kind: 'scalar',
    place: { ...place, end: place.start },
    value: null,
    written: '',
    readings: undefined,
    secret: false,
  };
}

function limited(reading: Reading, place: Place, what: string): Tree {
  if (!reading.problems.some(({ code }) => code === 'yaml_limit')) {
    complain(reading, 'yaml_limit', place, [], what, 'Write the values out, or use `defaults:`.');
  }
  return nothing(place);
}

function complain(reading: Reading, code: ProblemCode, place: Place, path: KeyPath, what: string, fix: string): void {
  reading.problems.push({ code, place, key: keyText(path), what, fix });
}

const SYNTAX_FIXES = {
  TAB_AS_INDENT: 'Indent with spaces; YAML does not know tabs.',
  BAD_INDENT: 'Give all keys of one map the same indentation.',
  MISSING_CHAR: 'Close what was opened, and put texts with special characters in quotes.',
  MULTILINE_IMPLICIT_KEY: 'Put a colon and a space behind the key, or quotes around the text.',
  BLOCK_AS_IMPLICIT_KEY: 'Begin a new line for a nested key, or put the text in quotes.',
  TAG_RESOLVE_FAILED: 'Leave the tag out; gruard needs none.',
  BAD_ALIAS: 'Define the anchor before its alias, or put the text in quotes.',
  MULTIPLE_DOCS: 'Keep one document in a file; `gruard` takes several files, or a directory.',
} as const;

function syntaxProblem(file: SourceFile, { code, message, pos }: YAMLError): Problem {
  const place = { file, start: pos[0], end: pos[1] };
  hideLine(file, pos[0]);
  const isOpen = / end with a /.test(message);
  const known = Object.entries(SYNTAX_FIXES).find(([key]) => key === (isOpen ? 'MISSING_CHAR' : code))?.[1];
  const fix = known ?? 'Mend the YAML; put texts with special characters in quotes.';
  if (code === 'MULTIPLE_DOCS') {
    return { code: 'several_documents', place, key: '', what: 'a second document begins here', fix };
  }
  const what =
    message.charAt(0).toLowerCase() +
    message
      .slice(1)
      .replace(/\.$/, '')
      .replace(/(["'])quote$/, 'quote $1');
  return { code: 'yaml_syntax', place, key: '', what: what.slice(0, 200), fix };
}

/** Broken YAML has no reliable nodes: what looks like the value of a secret in this line is hidden to its end. */
function hideLine(file: SourceFile, offset: number): void {
  const from = offset === 0 ? 0 : file.text.lastIndexOf('\n', offset - 1) + 1;
  const end = file.text.indexOf('\n', from);
  const to = end < 0 ? file.text.length : end;
  const match = /(?:pass|secret|token|credential|bearer|basic)[^:]*:\s*/i.exec(file.text.slice(from, to));
  if (match !== null) file.secrets.push([from + match.index + match[0].length, to]);
}
