// Label values come from Kafka keys, so they are hostile. Here, and nowhere else, they become text of the exposition.

import { createHash } from 'node:crypto';

const VALUE_LENGTH_MAX = 128;

/**
 * Any text as a label value, before escaping: lone surrogates become U+FFFD and control characters except newline
 * vanish. More than 128 characters are cut and marked with 8 hex digits of the whole text's SHA-256, so that long
 * values that begin alike stay distinct.
 */
export function labelValue(text: string): string {
  const clean = wellFormed(stripControls(text));
  if (clean.length <= VALUE_LENGTH_MAX) return clean;
  const mark = createHash('sha256').update(clean).digest('hex').slice(0, 8);
  return `${wellFormed(clean.slice(0, VALUE_LENGTH_MAX))}~${mark}`;
}

/** `a="1",b="2"`, in the order given, ready to stand between braces. Names must be valid already. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  let text = '';
  for (const [name, value] of Object.entries(labels)) {
    text += `${text === '' ? '' : ','}${name}="${escaped(labelValue(value))}"`;
  }
  return text;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** With the flag `u`, a pair of surrogates is one character of another category: only lone ones match. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** Newline stays, because the format can escape it; other control characters would reach readers raw. */
function stripControls(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, '');
}
