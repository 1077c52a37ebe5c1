// Text from outside on its way to a terminal or a log line.

/**
 * Without anything that moves the cursor, starts an escape sequence, breaks the line or turns the direction of writing:
 * each such character becomes U+FFFD.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, '\uFFFD');
}

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan';

/** Colours a text, or leaves it. */
export type Paint = (style: Style, text: string) => string;

export const PLAIN: Paint = (_style, text) => text;
