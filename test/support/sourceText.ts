// Sources as plain text, for rules about them. TypeScript 7 has no compiler API in JavaScript, and tools that are built
// on one find nothing and report success; so this reads what the formatter leaves, and its users check how much it was.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

export interface SourceFile {
  /** From the top of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with blanks for comments and for what is inside strings, templates and patterns; same lines. */
  readonly code: string;
  readonly imports: readonly Import[];
}

interface Import {
  /** A path from the top of the repository, or the name of a package. */
  readonly target: string;
  readonly kind: 'file' | 'package';
}

/** All files below `folder` whose name matches, sorted; no dependencies, nothing that was built. */
export function filesBelow(folder: string, name: RegExp): SourceFile[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => posix.join(entry.parentPath.slice(ROOT.length + 1).replaceAll('\\', '/'), entry.name))
    .filter((path) => !/(^|\/)(node_modules|vectors)\//.test(path))
    .sort()
    .map(readSource);
}

/** The files of the repository's top level whose name matches. */
export function filesOnTop(name: RegExp): SourceFile[] {
  const entries = readdirSync(ROOT, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && name.test(entry.name)).map((entry) => readSource(entry.name));
}

export function isThere(path: string): boolean {
  return existsSync(join(ROOT, path));
}

function readSource(path: string): SourceFile {
  return sourceOf(path, [readFileSync(join(ROOT, path), 'utf8')]);
}

export function sourceOf(path: string, lines: readonly string[]): SourceFile {
  const text = lines.join('\n');
  const { code, strings } = blanked(text);
  return { path, text, code, imports: importsOf(path, code, strings) };
}

/** Static, dynamic and side-effect imports, and re-exports. */
function importsOf(path: string, code: string, strings: ReadonlyMap<number, string>): Import[] {
  const imports: Import[] = [];
  for (const match of code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(?=['"])/g)) {
    const specifier = strings.get(match.index + match[0].length);
    if (specifier === undefined) continue;
    const target = specifier.startsWith('.') ? posix.join(dirname(path), specifier) : specifier;
    imports.push({ target, kind: specifier.startsWith('.') ? 'file' : 'package' });
  }
  return imports;
}

/** `strings`: what is quoted, by the place of the opening quote. */
export function blanked(text: string): { readonly code: string; readonly strings: ReadonlyMap<number, string> } {
  const out = [...text];
  const strings = new Map<number, string>();
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to; at++) if (out[at] !== '\n') out[at] = ' ';
  };
  /** Brace depths at which a `}` goes on with a template. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const skipTemplate = (from: number): void => {
    at = from;
    while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1;
    blank(from, at);
    if (text[at] === '`') at++;
    else {
      templates.push(depth++);
      at += 2;
    }
  };
  while (at < text.length) {
    const char = text[at] ?? '';
    const lexeme = lexemeAt(text, at, out);
    if (lexeme !== undefined) {
      if (lexeme.quoted) strings.set(at, text.slice(at + 1, lexeme.end - 1));
      blank(at + lexeme.edge, lexeme.end - lexeme.edge);
      at = lexeme.end;
    } else if (char === '`') {
      skipTemplate(at + 1);
    } else if (char === '}' && templates.at(-1) === depth - 1) {
      depth = templates.pop() ?? 0;
      skipTemplate(at + 1);
    } else {
      depth += char === '{' ? 1 : char === '}' ? -1 : 0;
      at++;
    }
  }
  return { code: out.join(''), strings };
}

interface Lexeme {
  readonly end: number;
  /** Characters at both ends that stay. */
  readonly edge: 0 | 1;
  readonly quoted: boolean;
}

/** The comment, string or pattern that begins here. A slash begins a pattern where no value stands before it. */
function lexemeAt(text: string, at: number, out: readonly string[]): Lexeme | undefined {
  const rest = (pattern: RegExp): number => {
    pattern.lastIndex = at;
    return at + (pattern.exec(text)?.[0].length ?? 1);
  };
  const char = text[at];
  if (text.startsWith('//', at)) return { end: rest(/\/\/[^\n]*/y), edge: 0, quoted: false };
  if (text.startsWith('#!', at) && at === 0) return { end: rest(/#![^\n]*/y), edge: 0, quoted: false };
  if (text.startsWith('/*', at)) return { end: rest(/\/\*[\s\S]*?\*\//y), edge: 0, quoted: false };
  if (char === "'") return { end: rest(/'(?:[^'\\\n]|\\[\s\S])*'/y), edge: 1, quoted: true };
  if (char === '"') return { end: rest(/"(?:[^"\\\n]|\\[\s\S])*"/y), edge: 1, quoted: true };
  if (char !== '/') return undefined;
  const before = out
    .slice(Math.max(0, at - 40), at)
    .join('')
    .trimEnd();
  if (!/(?:^|[-(,=:[!&|?{};+*<>~^%]|\b(?:return|of|in|typeof|case))$/.test(before)) return undefined;
  return { end: rest(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y), edge: 1, quoted: false };
}

export interface FunctionSpan {
  readonly name: string;
  /** Counted from 1. */
  readonly line: number;
  readonly lines: number;
}

/**
 * Functions, methods and arrow functions with a body of more than one line, found by the formatter's indentation: a
 * body ends at the first closing bracket as far left as the line that opened it.
 */
export function functionsIn({ code }: SourceFile): FunctionSpan[] {
  const lines = code.split('\n');
  const spans: FunctionSpan[] = [];
  for (const [index, line] of lines.entries()) {
    if (!/(?:=>|\)(?:: .+)?) \{$/.test(line) && !/^\s*\): .*\{$/.test(line)) continue;
    const indent = line.search(/\S/);
    const atIndent = (other: string): boolean => other.search(/\S/) === indent;
    let first = index;
    while (first > 0 && (!atIndent(lines[first] ?? '') || /^\s*[)}\]]/.test(lines[first] ?? ''))) first--;
    const head = (lines[first] ?? '').trim();
    if (/^(?:if|for|while|switch|else|try|do|class|export class)\b/.test(head) || head.startsWith('}')) continue;
    const length = lines.slice(index + 1).findIndex((other) => atIndent(other) && /^\s*[)}\]]/.test(other));
    const name = /(?:function\*? |const |async |get )*([\w$]+)/.exec(head.replace(/^export /, ''))?.[1] ?? head;
    spans.push({ name, line: first + 1, lines: index - first + length + 2 });
  }
  return spans;
}
