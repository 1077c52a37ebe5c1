// What people are told when a value does not fit its key. Stands beside the type, so that both change together.

import * as z from 'zod';

export interface Words {
  /** Goes on where "streams.a.model.hidden: must" ends: "be a whole number from 4 to 128". */
  readonly must: string;
  /** What to do about it, as a sentence. */
  readonly fix: string;
  /** Of a few words, which: a typing error gets the one that was meant as its fix. */
  readonly choices?: readonly string[];
}

const registry = z.registry<Words>();

/** The same type, with words. */
export function told<Type extends z.ZodType>(
  type: Type,
  must: string,
  fix: string,
  choices: readonly string[] = [],
): Type {
  registry.add(type, choices.length === 0 ? { must, fix } : { must, fix, choices });
  return type;
}

export function wordsOf(type: z.core.$ZodType): Words | undefined {
  return registry.get(type);
}
