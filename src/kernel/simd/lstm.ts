// LSTM with a forget gate, one layer over many steps. Numbers in brackets are the equations of ../README.md.

import { pack, packedProduct } from './packed';
import { product, products, transpose } from './product';
import { column, dInner, dState, fromAbove, H, row, turned, zeros } from './scratch';
import { add, madd, mul, nmadd, one, sigmoid, sub, tanh } from './vector';

/** From this size on U is packed for a pass: it is more than the first cache of today's cores holds. */
const PACKED_BYTES: usize = 48 << 10;

export function packs(): bool {
  return (H & 31) == 0 && <usize>H * column > PACKED_BYTES;
}

/**
 * One step. `gates` holds W x + b, and i, f, o, g afterwards; `squashed` is tanh(c') afterwards. The tanh of c' has a
 * loop of its own: behind the gates it would double the longest chain of a unit, and a core looks ahead over too few
 * instructions to fill the time with other units.
 */
export function lstmStep(
  gates: usize, recurrent: usize, h: usize, c: usize, squashed: usize, next: usize, nextCell: usize
): void {
  product(gates, gates, recurrent, column, h, 4, H, H);
  squash(gates, c, squashed, next, nextCell);
}

/** Makes U ready for `packedStep`, in `turned`, which is free on the way forward. */
export function packRecurrent(recurrent: usize): void {
  pack(turned, recurrent, column, H, H);
}

/** The same step with a packed U; `back` in every other step. */
export function packedStep(
  gates: usize, h: usize, c: usize, squashed: usize, next: usize, nextCell: usize, back: bool
): void {
  packedProduct(gates, gates, turned, h, 4, H, H, back);
  squash(gates, c, squashed, next, nextCell);
}

@inline function squash(gates: usize, c: usize, squashed: usize, next: usize, nextCell: usize): void {
  const f = gates + row, o = f + row, g = o + row;
  for (let v: usize = 0; v < row; v += 16) {
    const input = sigmoid(v128.load(gates + v)), forget = sigmoid(v128.load(f + v)); // (5)
    const candidate = tanh(v128.load(g + v));                                   // (6)
    v128.store(o + v, sigmoid(v128.load(o + v)));
    v128.store(gates + v, input);
    v128.store(f + v, forget);
    v128.store(g + v, candidate);
    v128.store(nextCell + v, madd(forget, v128.load(c + v), mul(input, candidate))); // (7)
  }
  for (let v: usize = 0; v < row; v += 16) {
    const bent = tanh(v128.load(nextCell + v));
    v128.store(squashed + v, bent);
    v128.store(next + v, mul(v128.load(o + v), bent));                          // (8)
  }
}

/** All steps back; as in gru.ts. `dInner` carries the derivatives by the cells. */
export function lstmBackward(recurrent: usize, gates: usize, cells: usize, squashed: usize, steps: i32): void {
  const packed = packs();
  if (packed) {
    for (let first = 0; first < H; first += 32) {
      transpose(turned + <usize>first * column, recurrent + <usize>first * column, 32, 4 * H);
    }
  } else transpose(turned, recurrent, H, 4 * H);
  for (let v: usize = 0; v < row; v += 16) {
    v128.store(dState + v, f32x4.splat(0));
    v128.store(dInner + v, f32x4.splat(0));
  }
  for (let t = steps - 1; t >= 0; t--) {
    const i = gates + <usize>t * column, f = i + row, o = f + row, g = o + row;
    const offset = <usize>t * row;
    const c = cells + offset, bent = squashed + offset, above = fromAbove + offset;
    for (let v: usize = 0; v < row; v += 16) {
      const d = add(v128.load(dState + v), v128.load(above + v));
      const output = v128.load(o + v), squash = v128.load(bent + v);
      const through = mul(d, output);
      const dCell = madd(through, nmadd(squash, squash, one()), v128.load(dInner + v)); // (19)
      v128.store(o + v, mul(mul(through, squash), sub(one(), output)));         // (20)
      const input = v128.load(i + v), forget = v128.load(f + v), candidate = v128.load(g + v);
      const dInput = mul(dCell, input), dForget = mul(dCell, forget);
      v128.store(i + v, mul(mul(dInput, candidate), sub(one(), input)));        // (21)
      v128.store(f + v, mul(mul(dForget, v128.load(c + v)), sub(one(), forget))); // (22)
      v128.store(g + v, mul(dInput, nmadd(candidate, candidate, one())));       // (23)
      v128.store(dInner + v, dForget);
    }
    if (packed) packedProduct(dState, zeros, turned, i, 4, 4 * H, H >> 2, (t & 1) != 0); // (24)
    else product(dState, zeros, turned, row, i, 4, 4 * H, H >> 2);
  }
}

export function lstmRecurrentGradient(gradient: usize, gates: usize, states: usize, steps: i32): void {
  products(gradient, column, zeros, 0, gates, column, states, 4, row, steps, H, H);
}
