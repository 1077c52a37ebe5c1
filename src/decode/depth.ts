// How deep JSON nests, told from its bytes alone, before anything recursive may see it.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;

/**
 * Whether arrays and objects nest deeper than `depthMax`. Brackets inside of texts do not count. Bytes that are no JSON
 * get some answer. UTF-8 is looked at as bytes: those of longer characters are all above 127.
 */
export function nestsDeeper(bytes: Uint8Array, depthMax: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (quoted) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) {
      quoted = true;
    } else if (byte === BRACKET || byte === BRACE) {
      depth++;
      if (depth > depthMax) return true;
    } else if (byte === BRACKET_END || byte === BRACE_END) {
      depth--;
    }
  }
  return false;
}
