// Counting in tables of uint8: what takes most of the time of scoring.

/** Sum of those among `cells` numbers, a multiple of 16, that are at most `most`. */
export function countUpTo(at: usize, cells: i32, most: i32): i32 {
  const limit = i8x16.splat(<i8>most);
  let sum = i32x4.splat(0);
  for (const end = at + <usize>cells; at != end; at += 16) {
    const counts = v128.load(at);
    const small = v128.and(counts, i8x16.le_u(counts, limit));
    sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(small)));
  }
  return i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) +
    i32x4.extract_lane(sum, 3);
}
