// A text that must not reach a screen, a log or a file.

import { inspect } from 'node:util';

const MASK = '***';

/** Prints `***` however it is printed; only `reveal` gives the text. Does not survive a structured clone. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
