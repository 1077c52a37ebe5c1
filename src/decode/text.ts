// Bytes to text, and text that is safe to become a label.

const DELETE = 0x7f;
const SURROGATES = 0xd800;
const SURROGATES_END = 0xe000;
const REPLACEMENT = '\uFFFD';

/** `fatal` refuses what is not well formed; a byte order mark at the beginning is swallowed. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** UTF-8 bytes as text, without a leading byte order mark; undefined where they are not well formed. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Text without control characters (C0, newline included, and DEL), because they break expositions, logs and terminals.
 * Half of a surrogate pair, which JSON can spell with `\ud800`, becomes U+FFFD, because it has no UTF-8.
 */
export function cleanText(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (isControl(unit) || (unit >= SURROGATES && unit < SURROGATES_END)) return cleaned(text);
  }
  return text;
}

/** Iterating a text gives whole code points: a surrogate that comes alone is a lone one. */
function cleaned(text: string): string {
  let clean = '';
  for (const character of text) {
    const unit = character.charCodeAt(0);
    if (isControl(unit)) continue;
    clean += character.length === 1 && unit >= SURROGATES && unit < SURROGATES_END ? REPLACEMENT : character;
  }
  return clean;
}

function isControl(unit: number): boolean {
  return unit < 0x20 || unit === DELETE;
}
