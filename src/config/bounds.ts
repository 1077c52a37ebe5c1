// What a text may be before a YAML parser sees it: its cost grows faster than the text, and flow collections that are
// nested deeply enough end the process on Node 22.

import { Lexer } from 'yaml';

export const BYTES_MAX = 2 ** 20;
export const DEPTH_MAX = 64;

/** Where `text` nests deeper than `DEPTH_MAX`, by brackets or by indentation; undefined where it does not. */
export function tooDeepAt(text: string): number | undefined {
  return indentsTooDeepAt(text) ?? bracketsTooDeepAt(text);
}

/** Brackets in texts and comments are none, so they are counted among the tokens. The lexer does not recurse. */
function bracketsTooDeepAt(text: string): number | undefined {
  if (!/[[{]/.test(text)) return undefined;
  let depth = 0;
  let at = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > DEPTH_MAX) return at;
    // Control characters are the lexer's own: they announce documents and scalars, and are not in the text.
    if (token !== '\u0002' && token !== '\u001f' && token !== '\u0018') at += token.length;
  }
  return undefined;
}

/** A line nests as deep as the lines above that are indented less, plus one for each `- ` or `? ` at its beginning. */
function indentsTooDeepAt(text: string): number | undefined {
  const columns: number[] = [];
  for (const { 0: line, 1: spaces = '', 2: marks = '', index } of text.matchAll(/^( *)((?:[-?:][ \t]+)*)(?=\S).*$/gm)) {
    if (line.charAt(spaces.length) === '#') continue;
    let column = spaces.length;
    nest(columns, column);
    for (const mark of marks.match(/[-?:][ \t]+/g) ?? []) {
      column += mark.length;
      nest(columns, column);
    }
    if (columns.length > DEPTH_MAX) return index + spaces.length;
  }
  return undefined;
}

function nest(columns: number[], column: number): void {
  while ((columns.at(-1) ?? -1) >= column) columns.pop();
  columns.push(column);
}
