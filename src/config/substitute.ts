// `${env:NAME}`, `${env:NAME:-default}`, `${file:/path}` and `$$`, in texts that YAML has already read: what is put in
// can never become structure.

import { readFileSync, statSync } from 'node:fs';
import type { ProblemCode } from './problems.ts';
import type { Scalar } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type Substituted =
  | { readonly kind: 'same' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'fault'; readonly code: ProblemCode; readonly what: string; readonly fix: string };

const FILE_BYTES_MAX = 65_536;
const EXPRESSION = /\$\$|\$\{([^}]*)(\}?)/g;

/** A single `$` that neither `$` nor `{` follows stays: paths begin with it. The text of a file loses one line end. */
export function substitute(text: string, environment: Environment): Substituted {
  if (!text.includes('$$') && !text.includes('${')) return { kind: 'same' };
  let result = '';
  let at = 0;
  let replaced = false;
  for (const { 0: whole, 1: inside, 2: brace, index } of text.matchAll(EXPRESSION)) {
    result += text.slice(at, index);
    at = index + whole.length;
    if (whole === '$$') {
      result += '$';
      continue;
    }
    const part = brace === '}' ? expand(inside ?? '', environment) : unknown(whole);
    if (part.kind === 'fault') return part;
    result += part.text;
    replaced = true;
  }
  result += text.slice(at);
  // `$$` alone is no reason to guess types.
  return replaced || result !== text ? { kind: 'text', text: result } : { kind: 'same' };
}

/** What YAML's core schema makes of a plain scalar. Texts with leading zeros stay texts. */
export function typed(text: string): Scalar {
  if (/^(?:null|Null|NULL|~|)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  const isNumber = /^[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(text);
  const number = Number(text);
  return isNumber && Number.isFinite(number) ? number : text;
}

type Part = { readonly kind: 'text'; readonly text: string } | Extract<Substituted, { kind: 'fault' }>;

function expand(inside: string, environment: Environment): Part {
  const colon = inside.indexOf(':');
  const rest = inside.slice(colon + 1);
  switch (inside.slice(0, Math.max(0, colon))) {
    case 'env':
      return variable(rest, environment);
    case 'file':
      return fileText(rest);
    default:
      return unknown(`\${${inside}}`);
  }
}

function variable(rest: string, environment: Environment): Part {
  const { name, standard } = /^(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<standard>.*))?$/s.exec(rest)?.groups ?? {};
  if (name === undefined) return unknown(`\${env:${rest}}`);
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value !== undefined && (value !== '' || standard === undefined)) return { kind: 'text', text: value };
  if (standard !== undefined) return { kind: 'text', text: standard };
  return {
    kind: 'fault',
    code: 'unset_variable',
    what: `the environment has no ${name}`,
    fix: `Set ${name}, or give a default: \${env:${name}:-default}.`,
  };
}

function fileText(path: string): Part {
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX) return unreadable(path, `it has ${size} bytes; at most ${FILE_BYTES_MAX} are read`);
    return { kind: 'text', text: readFileSync(path, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    return unreadable(path, error instanceof Error && 'code' in error ? String(error.code) : String(error));
  }
}

function unreadable(path: string, why: string): Part {
  const what = `${path === '' ? 'a file without a name' : path} cannot be read (${why})`;
  return { kind: 'fault', code: 'unreadable_file', what, fix: 'Check the path and that this user may read it.' };
}

function unknown(expression: string): Part {
  const shown = expression.length > 60 ? `${expression.slice(0, 60)}…` : expression;
  return {
    kind: 'fault',
    code: 'bad_substitution',
    what: `${shown} is no substitution`,
    fix: `Write \${env:NAME}, \${env:NAME:-default} or \${file:/path}; a $ before { is written $$.`,
  };
}
