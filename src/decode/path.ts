// Looking up a value by a configured path. Only own properties count, so that a record cannot reach a prototype.

import type { Path } from '../settings.ts';

/**
 * The value at `path`, undefined where there is none: a text names an own property of an object, a number an element of
 * an array. The empty path is the root. No recursion; reads only.
 */
export function walk(root: unknown, path: Path): unknown {
  let node = root;
  for (const step of path) {
    if (typeof step === 'number') {
      if (!Array.isArray(node)) return undefined;
      node = node[step];
    } else {
      if (!isObject(node) || !Object.hasOwn(node, step)) return undefined;
      node = node[step];
    }
  }
  return node;
}

/** The path as people write it: `$.tags.host`, `$[2]`, `$["odd name"]`. */
export function pathText(path: Path): string {
  let text = '$';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += /^[\w@-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** Arrays are not meant: their `length` is no data. */
function isObject(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}
