// Walking the schema beside a value: which type judges what stands at a path, and what it is called.

import type * as z from 'zod';
import type { KeyPath } from './tree.ts';
import { type Words, wordsOf } from './words.ts';

export type Type = z.core.$ZodType;

/** The type of what `path` leads to; `value` is what stands at the root, to choose between the forms of a union. */
export function typeAt(root: Type, value: unknown, path: KeyPath): Type | undefined {
  let type: Type | undefined = root;
  let here = value;
  for (const step of path) {
    if (type === undefined) return undefined;
    type = childOf(formOf(type, here), step);
    here = childValue(here, step);
  }
  return type;
}

/** The keys that a map may have here; empty where any name will do. */
export function keysOf(type: Type, value: unknown): readonly string[] {
  const { def } = inner(formOf(type, value));
  return def.type === 'object' ? Object.keys(def.shape) : [];
}

/** What is said about values of this type. */
export function wordsFor(type: Type, value: unknown): Words | undefined {
  let here = type;
  for (;;) {
    const words = wordsOf(here);
    if (words !== undefined) return words;
    const next = unwrapped(here) ?? formIn(here, value);
    if (next === undefined) return undefined;
    here = next;
  }
}

/** What is said about the names in a map whose names are free. */
export function wordsForNames(type: Type, value: unknown): Words | undefined {
  const { def } = inner(formOf(type, value));
  return def.type === 'record' ? wordsOf(def.keyType) : undefined;
}

/** Index of the form of a union that `value` was meant to have; undefined where none is like it. */
export function formIndex(options: readonly Type[], value: unknown): number | undefined {
  const kind = kindOf(value);
  let best: number | undefined;
  let most = -1;
  for (const [index, option] of options.entries()) {
    const type = formOf(option, value);
    if (kindOfType(type) !== kind) continue;
    const keys = kind === 'map' ? keysOf(type, value) : [];
    const shared = kind === 'map' ? Object.keys(Object(value)).filter((key) => keys.includes(key)).length : 0;
    if (shared > most) {
      best = index;
      most = shared;
    }
  }
  return best;
}

/** Whether the type, without its wrappers, is a map. */
export function isMapType(type: Type): boolean {
  let here = type;
  for (let next = unwrapped(here); next !== undefined; next = unwrapped(here)) here = next;
  return kindOfType(here) === 'map';
}

export function kindOf(value: unknown): 'map' | 'list' | 'scalar' {
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' && value !== null ? 'map' : 'scalar';
}

function kindOfType(type: Type): 'map' | 'list' | 'scalar' {
  switch (inner(type).def.type) {
    case 'object':
    case 'record':
      return 'map';
    case 'array':
      return 'list';
    default:
      return 'scalar';
  }
}

function childOf(type: Type, step: string | number): Type | undefined {
  const { def } = inner(type);
  switch (def.type) {
    case 'object':
      return Object.hasOwn(def.shape, step) ? def.shape[step] : undefined;
    case 'record':
      return def.valueType;
    case 'array':
      return def.element;
    default:
      return undefined;
  }
}

function childValue(value: unknown, step: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Readonly<Record<string | number, unknown>>)[step];
}

/** Without wrappers, and of a union the form that fits. */
function formOf(type: Type, value: unknown): Type {
  let here = type;
  for (;;) {
    const next = unwrapped(here) ?? formIn(here, value);
    if (next === undefined) return here;
    here = next;
  }
}

function formIn(type: Type, value: unknown): Type | undefined {
  const { def } = inner(type);
  return def.type === 'union' ? def.options[formIndex(def.options, value) ?? -1] : undefined;
}

function unwrapped(type: Type): Type | undefined {
  const { def } = inner(type);
  switch (def.type) {
    case 'optional':
    case 'prefault':
    case 'default':
      return def.innerType;
    case 'pipe':
      return def.in;
    default:
      return undefined;
  }
}

/** zod's types are this union; its base type alone does not say so. */
function inner(type: Type): z.core.$ZodTypes['_zod'] {
  return (type as z.core.$ZodTypes)._zod;
}
