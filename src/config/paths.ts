// The paths that configurations use to point into a record: `$`, `$.tags.host`, `$['odd key']`, `$[0]`.

import type { Path } from '../settings.ts';

const STEPS_MAX = 32;
const INDEX_MAX = 9999;
const NAME = /[^\s.[\]'"*]+/y;
const INDEX = /\[(\d{1,5})\]/y;
const SINGLE_QUOTED = /\['((?:[^'\\]|\\['\\])*)'\]/y;
const DOUBLE_QUOTED = /\[("(?:[^"\\]|\\.)*")\]/y;

export interface PathFault {
  /** Goes on where "`$.a..b` " ends: "has no name behind the dot at 4". */
  readonly fault: string;
}

/**
 * The path that `text` spells, or what is wrong with it. `.name` ends at a dot, bracket, quote, star or space; other
 * names are quoted in brackets: singly, with `\'` and `\\`, or doubly as in JSON. Elements and columns count from 0.
 */
export function parsePath(text: string): Path | PathFault {
  if (!text.startsWith('$')) return { fault: 'does not begin with $' };
  const path: (string | number)[] = [];
  let at = 1;
  while (at < text.length) {
    if (path.length === STEPS_MAX) return { fault: `has more than ${STEPS_MAX} steps` };
    const step = stepAt(text, at);
    if ('fault' in step) return step;
    path.push(step.step);
    at = step.end;
  }
  return path;
}

export function isPathFault(parsed: Path | PathFault): parsed is PathFault {
  return 'fault' in parsed;
}

function stepAt(text: string, at: number): { readonly step: string | number; readonly end: number } | PathFault {
  if (text.charAt(at) === '.') {
    const name = match(NAME, text, at + 1)?.[0];
    if (name !== undefined) return { step: name, end: at + 1 + name.length };
    return { fault: `has no name behind the dot at ${at + 1}; wildcards are not known` };
  }
  const index = match(INDEX, text, at);
  if (index !== undefined) {
    const step = Number(index[1]);
    return step > INDEX_MAX ? { fault: `has an index above ${INDEX_MAX}` } : { step, end: at + index[0].length };
  }
  const single = match(SINGLE_QUOTED, text, at);
  if (single !== undefined) {
    return { step: (single[1] ?? '').replaceAll(/\\(.)/gs, '$1'), end: at + single[0].length };
  }
  const double = match(DOUBLE_QUOTED, text, at);
  if (double !== undefined) {
    try {
      return { step: String(JSON.parse(double[1] ?? '')), end: at + double[0].length };
    } catch {
      return { fault: `has an escape at ${at + 1} that JSON does not know` };
    }
  }
  return { fault: `has neither .name nor [0] nor ['name'] at ${at + 1}` };
}

function match(form: RegExp, text: string, at: number): RegExpExecArray | undefined {
  form.lastIndex = at;
  return form.exec(text) ?? undefined;
}
