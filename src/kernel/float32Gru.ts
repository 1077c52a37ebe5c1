// GRU, one layer over many steps; see `Cell`. Numbers in brackets are the equations of README.md.

import { sigmoid, tanh } from './elementary.ts';
import { product, products, transpose } from './matrix.ts';
import type { LayerPlaces, Scratch } from './scratch.ts';

export const GRU = { forward, backward, recurrentGradient };

function forward({ f }: Scratch, H: number, places: LayerPlaces, recurrent: number, steps: number): void {
  const C = 3 * H;
  for (let t = 0; t < steps; t++) {
    const z = places.gates + t * C;
    const r = z + H;
    const n = r + H;
    const h = places.states + t * H;
    const reset = places.inner + t * H;
    product(f, z, z, recurrent, C, h, 1, H, 2 * H);
    for (let i = 0; i < H; i++) {
      f[z + i] = sigmoid(f[z + i]!); // (1)
      const gate = sigmoid(f[r + i]!); // (2)
      f[r + i] = gate;
      f[reset + i] = gate * f[h + i]!;
    }
    product(f, n, n, recurrent + 2 * H, C, reset, 1, H, H);
    for (let i = 0; i < H; i++) {
      const candidate = tanh(f[n + i]!); // (3)
      f[n + i] = candidate;
      f[h + H + i] = candidate + f[z + i]! * (f[h + i]! - candidate); // (4)
    }
  }
}

function backward(scratch: Scratch, H: number, places: LayerPlaces, recurrent: number, steps: number): void {
  const { f, zeros, turned, dState, dInner } = scratch;
  const C = 3 * H;
  transpose(f, turned, recurrent, H, C);
  for (let i = 0; i < H; i++) f[dState + i] = 0;
  for (let t = steps - 1; t >= 0; t--) {
    const z = places.gates + t * C;
    const r = z + H;
    const n = r + H;
    const h = places.states + t * H;
    const above = scratch.fromAbove + t * H;
    for (let i = 0; i < H; i++) {
      const d = f[dState + i]! + f[above + i]!;
      const update = f[z + i]!;
      const candidate = f[n + i]!;
      const passed = d * update;
      f[n + i] = d * (1 - update) * (1 - candidate * candidate); // (14)
      f[z + i] = passed * (1 - update) * (f[h + i]! - candidate); // (15)
      f[dState + i] = passed;
    }
    product(f, dInner, zeros, turned + 2 * H * H, H, n, 1, H, H); // (16)
    for (let i = 0; i < H; i++) {
      const gate = f[r + i]!;
      const through = f[dInner + i]! * gate;
      f[r + i] = through * f[h + i]! * (1 - gate); // (17)
      f[dState + i] = f[dState + i]! + through;
    }
    product(f, dState, dState, turned, H, z, 1, 2 * H, H); // (18)
  }
}

/** z and r multiply h, n multiplies r∘h. */
function recurrentGradient(scratch: Scratch, H: number, places: LayerPlaces, to: number, steps: number): void {
  const { f, zeros } = scratch;
  const { gates, states, inner } = places;
  const C = 3 * H;
  products(f, to, C, zeros, 0, gates, C, states, 1, H, steps, 2 * H, H);
  products(f, to + 2 * H, C, zeros, 0, gates + 2 * H, C, inner, 1, H, steps, H, H);
}
