// The look of an error: file, line, column, the line, the mark, and what to do.

import { styleText } from 'node:util';
import type { Place, SourceFile } from './tree.ts';

export type ProblemCode =
  | 'yaml_syntax'
  | 'yaml_limit'
  | 'duplicate_key'
  | 'several_documents'
  | 'bad_substitution'
  | 'unset_variable'
  | 'unreadable_file'
  | 'unknown_key'
  | 'missing_key'
  | 'wrong_type'
  | 'bad_value'
  | 'bad_name'
  | 'out_of_range'
  | 'ambiguous_number'
  | 'conflict'
  | 'duplicate_stream'
  | 'duplicate_uid'
  | 'memory_limit'
  | 'plain_secret'
  | 'plain_transport'
  | 'insecure_tls'
  | 'loose_budget';

export interface Problem {
  readonly code: ProblemCode;
  readonly place: Place;
  /** Dotted; empty when the file as a whole is meant. */
  readonly key: string;
  /** A clause without a full stop: "must be …, is …". */
  readonly what: string;
  /** What to do, as a sentence. */
  readonly fix: string;
}

/** Columns of a line that are shown; the rest is cut. */
const WIDTH = 120;
/** Nobody reads more at once, and each costs a look through the file. */
const PROBLEMS_MAX = 100;
/** A mark is never longer. */
const MARK = 60;

/** All problems in order of their places, and how many there are. `colour` is for terminals only. */
export function problemsText(problems: readonly Problem[], colour = false): string {
  const files = [...new Set(problems.map(({ place }) => place.file))];
  const sorted = [...problems].sort(
    (a, b) => files.indexOf(a.place.file) - files.indexOf(b.place.file) || a.place.start - b.place.start,
  );
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const names = files.map(({ name }) => name).join(', ');
  const texts = sorted.slice(0, PROBLEMS_MAX).map((problem) => problemText(problem, 'error', colour));
  if (sorted.length > PROBLEMS_MAX) texts.push(`… and ${sorted.length - PROBLEMS_MAX} more.\n`);
  return `${texts.join('')}${count} in ${names}. Nothing was started.\n`;
}

export function problemText(problem: Problem, severity: 'error' | 'warning', colour: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const { file, start, end } = problem.place;
  const { line, column, from, to } = lineOf(file.text, start);
  const key = problem.key === '' ? '' : `${problem.key}: `;
  const label = paint(severity === 'error' ? ['bold', 'red'] : ['bold', 'yellow'], `${severity}[${problem.code}]`);
  let text = `${paint('bold', `${file.name}:${line}:${column}:`)} ${label} ${key}${problem.what}.\n`;
  if (file.text.length > 0) {
    const shown = shownLine(file, from, to, start, Math.max(start + 1, Math.min(end, to)));
    const bare = shown.text.slice(0, WIDTH);
    const mark = '^'.repeat(Math.max(1, Math.min(MARK, shown.end - shown.start, WIDTH - shown.start)));
    text += `${String(line).padStart(5)} | ${bare.trimEnd()}\n`;
    text += `      | ${' '.repeat(shown.start)}${paint('red', mark)}\n`;
  }
  // Sentences begin small behind the colon; names keep their capitals.
  const fix = problem.fix.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
  return `${text}      ${paint('green', 'fix:')} ${fix}\n`;
}

/** From 1. */
export function lineNumber({ file, start }: Place): number {
  return lineOf(file.text, start).line;
}

interface Line {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Range in the text, without the line end. */
  readonly from: number;
  readonly to: number;
}

function lineOf(text: string, offset: number): Line {
  // An error at the end of a file belongs to its last line.
  const at = Math.min(offset, text.endsWith('\n') ? text.length - 1 : text.length);
  // A negative index means 0 to lastIndexOf, where the first character may be a line end.
  const from = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', from);
  const to = (end < 0 ? text.length : end) - (end > 0 && text.charAt(end - 1) === '\r' ? 1 : 0);
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < from; i = text.indexOf('\n', i + 1)) line++;
  return { line, column: Math.max(0, Math.min(offset, to) - from) + 1, from, to };
}

/** The line with secrets masked, cut to what can be seen at once; the mark moves with the text. */
function shownLine(
  { text, secrets }: SourceFile,
  from: number,
  to: number,
  start: number,
  end: number,
): { readonly text: string; readonly start: number; readonly end: number } {
  // Far to the left of the mark nothing is of interest, and a line may have a megabyte.
  const isCut = to - from > WIDTH && start - from > WIDTH - MARK;
  const first = isCut ? start - (WIDTH - MARK) / 2 : from;
  const last = Math.min(to, first + 4 * WIDTH);
  const here = secrets.filter(([a, b]) => a < last && b > first);
  let shown = first > from ? '…' : '';
  let [markStart, markEnd] = [-1, -1];
  for (let at = first; at < last; ) {
    if (at >= start && markStart < 0) markStart = shown.length;
    if (at >= end && markEnd < 0) markEnd = shown.length;
    const secret = here.find(([a, b]) => at >= a && at < b);
    if (secret === undefined) {
      shown += printable(text.charAt(at));
      at++;
    } else {
      shown += '***';
      at = secret[1];
    }
  }
  if (markStart < 0) markStart = shown.length;
  return { text: shown, start: markStart, end: markEnd < 0 ? shown.length : markEnd };
}

function printable(character: string): string {
  return character === '\t' ? ' ' : character.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, '\ufffd');
}
