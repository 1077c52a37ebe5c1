// Small loops in WebAssembly, assembled here, that measure what vector instructions cost at their best: many at once,
// none waiting for another.

import { now } from './contestant.ts';

type Code = readonly number[];

// Opcodes of the WebAssembly specification, with its vector and relaxed vector instructions.
const LOOP = [0x03, 0x40];
const END = [0x0b];
const BRANCH_IF = [0x0d, 0x00];
const F32X4_SPLAT = [0xfd, 0x13];
const F32X4_EXTRACT_FIRST = [0xfd, 0x1f, 0x00];
export const SQRT = [0xfd, 0xe3, 0x01];
export const ADD = [0xfd, 0xe4, 0x01];
export const MULTIPLY = [0xfd, 0xe6, 0x01];
export const DIVIDE = [0xfd, 0xe7, 0x01];
export const LEAST = [0xfd, 0xea, 0x01];
export const MOST = [0xfd, 0xeb, 0x01];
export const MULTIPLY_ADD = [0xfd, 0x85, 0x02];

/** The number of a local: 0 is the count of turns; then the constants, the sums, the moving argument, one to spare. */
export const get = (local: number): Code => [0x20, local];
export const set = (local: number): Code => [0x21, local];
export const tee = (local: number): Code => [0x22, local];

const SUMS = 4;
const TURNS = 4096;

export interface Places {
  /** Locals of the constants. */
  readonly constants: readonly number[];
  /** Local of the argument: another number in each run. */
  readonly argument: number;
  /** Locals for what is used more than once. */
  readonly spare: readonly [number, number];
}

/**
 * Nanoseconds for one run of `code`, which leaves one vector on the stack, computed from nothing that another run has
 * computed. What the loop around it costs is taken off.
 */
export function costOf(constants: readonly number[], code: (places: Places) => Code): number {
  const around = bestOf(loopOf([], ({ argument }) => get(argument)));
  return bestOf(loopOf(constants, code)) - around;
}

function loopOf(constants: readonly number[], code: (places: Places) => Code): (turns: number) => number {
  const first = 1;
  const sum = first + constants.length;
  const argument = sum + SUMS;
  const spare = [argument + SUMS, argument + SUMS + 1] as const;
  const places = { constants: constants.map((_, i) => first + i), spare };
  const lanes = Array.from({ length: SUMS }, (_, i) => i);
  const body = [
    ...constants.flatMap((x, i) => [...number(x), ...F32X4_SPLAT, ...set(first + i)]),
    ...lanes.flatMap((i) => [...number(i), ...F32X4_SPLAT, ...set(argument + i)]),
    ...LOOP,
    ...lanes.flatMap((i) => [
      ...[...get(argument + i), ...number(2 ** -12), ...F32X4_SPLAT, ...ADD, ...set(argument + i)],
      ...[...get(sum + i), ...code({ ...places, argument: argument + i }), ...ADD, ...set(sum + i)],
    ]),
    ...[...get(0), 0x41, 0x01, 0x6b, ...tee(0), ...BRANCH_IF],
    ...END,
    ...lanes.flatMap((i) => [...get(sum + i), ...(i === 0 ? [] : ADD)]),
    ...F32X4_EXTRACT_FIRST,
  ];
  return functionOf(constants.length + 2 * SUMS + 2, body);
}

/** Nanoseconds for one multiplication with addition of vectors, in chains long enough to keep every unit busy. */
export function multiplyAddCost(fused: boolean): number {
  const chains = Array.from({ length: 10 }, (_, i) => 3 + i);
  const [factor, summand] = [1, 2];
  const step = (x: number): Code =>
    fused
      ? [...get(x), ...get(factor), ...get(summand), ...MULTIPLY_ADD]
      : [...get(x), ...get(factor), ...MULTIPLY, ...get(summand), ...ADD];
  const body = [
    ...[...number(0.5), ...F32X4_SPLAT, ...set(factor), ...number(1), ...F32X4_SPLAT, ...set(summand)],
    ...LOOP,
    ...chains.flatMap((x) => [...step(x), ...set(x)]),
    ...chains.flatMap((x) => [...step(x), ...set(x)]),
    ...[...get(0), 0x41, 0x01, 0x6b, ...tee(0), ...BRANCH_IF],
    ...END,
    ...chains.flatMap((x, i) => [...get(x), ...(i === 0 ? [] : ADD)]),
    ...F32X4_EXTRACT_FIRST,
  ];
  return (bestOf(functionOf(2 + chains.length, body)) * SUMS) / (2 * chains.length);
}

function bestOf(run: (turns: number) => number): number {
  let best = Infinity;
  for (let i = 0; i < 400; i++) {
    const from = now();
    run(TURNS);
    best = Math.min(best, now() - from);
  }
  return (1000 * best) / (TURNS * SUMS);
}

/** A function of one i32 with `vectors` locals that are vectors, and an f32 as its result. */
function functionOf(vectors: number, body: Code): (turns: number) => number {
  const code = [0x01, vectors, 0x7b, ...body, ...END];
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [0x01, 0x60, 0x01, 0x7f, 0x01, 0x7d]),
    ...section(3, [0x01, 0x00]),
    ...section(7, [0x01, 0x03, 0x72, 0x75, 0x6e, 0x00, 0x00]),
    ...section(10, [0x01, ...size(code.length), ...code]),
  ];
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)), {});
  return (instance.exports as { readonly run: (turns: number) => number }).run;
}

function section(id: number, content: Code): Code {
  return [id, ...size(content.length), ...content];
}

/** Unsigned LEB128. */
function size(length: number): Code {
  return length < 128 ? [length] : [(length & 127) | 128, ...size(length >> 7)];
}

/** f32.const */
function number(x: number): Code {
  return [0x43, ...new Uint8Array(Float32Array.of(x).buffer)];
}
