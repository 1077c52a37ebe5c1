// GRU, one layer over many steps. Numbers in brackets are the equations of ../README.md.

import { product, products, transpose } from './product';
import { column, dInner, dState, fromAbove, H, row, turned, zeros } from './scratch';
import { add, madd, mul, nmadd, one, sigmoid, sub, tanh } from './vector';

/**
 * One step. `gates` holds W x + b, and z, r, n afterwards; `reset` is r∘h afterwards, `next` h'. r comes first, because
 * n waits for it while z does not.
 */
export function gruStep(gates: usize, recurrent: usize, h: usize, reset: usize, next: usize): void {
  const vectors = H >> 2;
  const r = gates + row, n = r + row;
  product(r, r, recurrent + row, column, h, 4, H, vectors);
  for (let v: usize = 0; v < row; v += 16) {
    const gate = sigmoid(v128.load(r + v));                                     // (2)
    v128.store(r + v, gate);
    v128.store(reset + v, mul(gate, v128.load(h + v)));
  }
  product(gates, gates, recurrent, column, h, 4, H, vectors);
  product(n, n, recurrent + 2 * row, column, reset, 4, H, vectors);
  for (let v: usize = 0; v < row; v += 16) {
    const update = sigmoid(v128.load(gates + v));                               // (1)
    const candidate = tanh(v128.load(n + v));                                   // (3)
    v128.store(gates + v, update);
    v128.store(n + v, candidate);
    v128.store(next + v, madd(update, sub(v128.load(h + v), candidate), candidate)); // (4)
  }
}

/**
 * All steps back. Reads derivatives by the states from `fromAbove`; leaves those by the sums inside the gates in place
 * of the gates.
 */
export function gruBackward(recurrent: usize, gates: usize, states: usize, steps: i32): void {
  const vectors = H >> 2;
  transpose(turned, recurrent, H, 3 * H);
  const turnedR = turned + <usize>H * row, turnedN = turnedR + <usize>H * row;
  for (let v: usize = 0; v < row; v += 16) v128.store(dState + v, f32x4.splat(0));
  for (let t = steps - 1; t >= 0; t--) {
    const z = gates + <usize>t * column, r = z + row, n = r + row;
    const h = states + <usize>t * row, above = fromAbove + <usize>t * row;
    for (let v: usize = 0; v < row; v += 16) {
      const d = add(v128.load(dState + v), v128.load(above + v));
      const update = v128.load(z + v), candidate = v128.load(n + v);
      const rest = sub(one(), update);
      const passed = mul(d, update);
      v128.store(n + v, mul(mul(d, rest), nmadd(candidate, candidate, one()))); // (14)
      v128.store(z + v, mul(mul(passed, rest), sub(v128.load(h + v), candidate))); // (15)
      v128.store(dState + v, passed);
    }
    product(dInner, zeros, turnedN, row, n, 4, H, vectors);                     // (16)
    product(dState, dState, turned, row, z, 4, H, vectors);
    for (let v: usize = 0; v < row; v += 16) {
      const gate = v128.load(r + v);
      const through = mul(v128.load(dInner + v), gate);
      v128.store(r + v, mul(mul(through, v128.load(h + v)), sub(one(), gate))); // (17)
      v128.store(dState + v, add(v128.load(dState + v), through));
    }
    product(dState, dState, turnedR, row, r, 4, H, vectors);                    // (18)
  }
}

/** Gradient of the recurrent weights: z and r multiply h, n multiplies r∘h. */
export function gruRecurrentGradient(gradient: usize, gates: usize, states: usize, reset: usize, steps: i32): void {
  const vectors = H >> 2;
  products(gradient, column, zeros, 0, gates, column, states, 4, row, steps, 2 * vectors, H);
  products(gradient + 2 * row, column, zeros, 0, gates + 2 * row, column, reset, 4, row, steps, vectors, H);
}
