// LSTM with a forget gate, one layer over many steps; see `Cell`. Numbers in brackets are the equations of README.md.

import { sigmoid, tanh } from './elementary.ts';
import { product, products, transpose } from './matrix.ts';
import type { LayerPlaces, Scratch } from './scratch.ts';

export const LSTM = { forward, backward, recurrentGradient };

function forward({ f }: Scratch, H: number, places: LayerPlaces, recurrent: number, steps: number): void {
  const C = 4 * H;
  for (let t = 0; t < steps; t++) {
    const input = places.gates + t * C;
    const forget = input + H;
    const output = forget + H;
    const candidate = output + H;
    const h = places.states + t * H;
    const c = places.cells + t * H;
    const squashed = places.inner + t * H;
    product(f, input, input, recurrent, C, h, 1, H, C);
    for (let j = 0; j < H; j++) {
      const i = sigmoid(f[input + j]!); // (5)
      const forgetting = sigmoid(f[forget + j]!);
      const g = tanh(f[candidate + j]!); // (6)
      const cell = forgetting * f[c + j]! + i * g; // (7)
      f[input + j] = i;
      f[forget + j] = forgetting;
      f[candidate + j] = g;
      f[c + H + j] = cell;
    }
    for (let j = 0; j < H; j++) {
      const o = sigmoid(f[output + j]!);
      const bent = tanh(f[c + H + j]!);
      f[output + j] = o;
      f[squashed + j] = bent;
      f[h + H + j] = o * bent; // (8)
    }
  }
}

/** `dInner` carries the derivatives by the cells. */
function backward(scratch: Scratch, H: number, places: LayerPlaces, recurrent: number, steps: number): void {
  const { f, zeros, turned, dState, dInner } = scratch;
  const C = 4 * H;
  transpose(f, turned, recurrent, H, C);
  for (let j = 0; j < H; j++) {
    f[dState + j] = 0;
    f[dInner + j] = 0;
  }
  for (let t = steps - 1; t >= 0; t--) {
    const input = places.gates + t * C;
    const c = places.cells + t * H;
    const squashed = places.inner + t * H;
    const above = scratch.fromAbove + t * H;
    for (let j = 0; j < H; j++) {
      const i = f[input + j]!;
      const forgetting = f[input + H + j]!;
      const o = f[input + 2 * H + j]!;
      const g = f[input + 3 * H + j]!;
      const bent = f[squashed + j]!;
      const through = (f[dState + j]! + f[above + j]!) * o;
      const dCell = f[dInner + j]! + through * (1 - bent * bent); // (19)
      f[input + 2 * H + j] = through * bent * (1 - o); // (20)
      f[input + j] = dCell * i * g * (1 - i); // (21)
      f[input + H + j] = dCell * forgetting * f[c + j]! * (1 - forgetting); // (22)
      f[input + 3 * H + j] = dCell * i * (1 - g * g); // (23)
      f[dInner + j] = dCell * forgetting;
    }
    product(f, dState, zeros, turned, H, input, 1, C, H); // (24)
  }
}

function recurrentGradient(scratch: Scratch, H: number, places: LayerPlaces, to: number, steps: number): void {
  const C = 4 * H;
  products(scratch.f, to, C, scratch.zeros, 0, places.gates, C, places.states, 1, H, steps, C, H);
}
