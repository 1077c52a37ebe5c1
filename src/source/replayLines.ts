// Cuts a stream of bytes into lines, with bounded memory.

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const SPACE = 0x20;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

export interface LineCutter {
  /**
   * Calls `take` for each line that ends in `chunk`, without its line end. The bytes are views of `chunk`, which must
   * not change afterwards. Of a line longer than the limit only the first `lineBytesMax` + 1 bytes arrive.
   */
  push(chunk: Uint8Array, take: (line: Uint8Array) => void): void;
  /** The last line, where the input does not end with a line end. */
  end(take: (line: Uint8Array) => void): void;
}

export function newLineCutter(lineBytesMax: number): LineCutter {
  const kept = lineBytesMax + 1;
  /** The begun line: its pieces from earlier chunks, and their bytes. */
  let pieces: Uint8Array[] = [];
  let length = 0;

  const begin = (piece: Uint8Array): void => {
    const room = kept - length;
    if (room <= 0 || piece.length === 0) return;
    // A copy, because a view would keep the whole chunk alive. (`slice` of a Buffer is a view.)
    pieces.push(new Uint8Array(piece.subarray(0, room)));
    length += Math.min(room, piece.length);
  };
  const finish = (take: (line: Uint8Array) => void): void => {
    const line = Buffer.concat(pieces, length);
    pieces = [];
    length = 0;
    take(withoutReturn(line));
  };

  return {
    push(chunk, take) {
      let from = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
        const piece = chunk.subarray(from, end);
        from = end + 1;
        if (length === 0) {
          take(withoutReturn(piece.subarray(0, kept)));
        } else {
          begin(piece);
          finish(take);
        }
      }
      begin(chunk.subarray(from));
    },
    end(take) {
      if (length > 0) finish(take);
    },
  };
}

/**
 * Whether a line of CSV can only be a header: no cell begins, behind blanks and a quote, like a number or a date, that
 * is with a digit, a sign or a point.
 */
export function isHeader(line: Uint8Array): boolean {
  let atStart = true;
  for (
    let i = BYTE_ORDER_MARK.every((byte, at) => line[at] === byte) ? BYTE_ORDER_MARK.length : 0;
    i < line.length;
    i++
  ) {
    const byte = line[i] ?? 0;
    if (byte === COMMA) {
      atStart = true;
    } else if (atStart && byte !== SPACE && byte !== QUOTE) {
      if (beginsNumber(byte)) return false;
      atStart = false;
    }
  }
  return true;
}

/** `+`, `-`, `.` or a digit; `,` and `/` lie between them. */
function beginsNumber(byte: number): boolean {
  return byte === 0x2b || byte === 0x2d || byte === 0x2e || (byte >= 0x30 && byte <= 0x39);
}

function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
