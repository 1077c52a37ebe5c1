// CRC-32C (Castagnoli), the checksum of Kafka's record batches; node:zlib has the other polynomial only.

const POLYNOMIAL = 0x82f63b78;
const LANES = 8;
const ENTRIES = 256;

/** Eight tables, one behind the other: table n advances a byte by n more bytes. Made when first needed. */
let tables: Int32Array | undefined;

/** Unsigned checksum of `bytes` from `from` to below `end`. */
export function crc32c(bytes: Uint8Array, from = 0, end = bytes.length): number {
  tables ??= newTables();
  const table = tables;
  // Positions are checked by the loops: the casts only tell the compiler so.
  const at = (index: number): number => bytes[index] as number;
  const entry = (lane: number, index: number): number => table[lane * ENTRIES + index] as number;
  let crc = -1;
  let position = from;
  for (; position + LANES <= end; position += LANES) {
    const low = crc ^ (at(position) | (at(position + 1) << 8) | (at(position + 2) << 16) | (at(position + 3) << 24));
    crc =
      entry(7, low & 255) ^
      entry(6, (low >>> 8) & 255) ^
      entry(5, (low >>> 16) & 255) ^
      entry(4, low >>> 24) ^
      entry(3, at(position + 4)) ^
      entry(2, at(position + 5)) ^
      entry(1, at(position + 6)) ^
      entry(0, at(position + 7));
  }
  for (; position < end; position++) crc = (crc >>> 8) ^ entry(0, (crc ^ at(position)) & 255);
  return (crc ^ -1) >>> 0;
}

function newTables(): Int32Array {
  const made = new Int32Array(LANES * ENTRIES);
  for (let byte = 0; byte < ENTRIES; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = ENTRIES; at < made.length; at++) {
    const before = made[at - ENTRIES] ?? 0;
    made[at] = (before >>> 8) ^ (made[before & 255] ?? 0);
  }
  return made;
}
