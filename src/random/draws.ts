/**
 * Random numbers by name: one mapping from (seed, stream, step, salt, index) to bits, used everywhere on host and
 * device: key = (seed, stream), counter = (index >>> 2, step, salt, 0), word = index & 3. There is no generator state
 * to save.
 */

import { float32 } from '../arithmetic/arithmetic.ts';
import { multiplyHigh, philoxBlock } from './philox.ts';

/** What a stream is for; two streams of one seed never share bits. */
export const streams = {
  split: 1,
  order: 2,
  init: 3,
  dropout: 4,
  noise: 5,
  augmentation: 6,
  layerNoise: 7,
  synthetic: 8,
  search: 9,
} as const;

/** Where a sequence of draws comes from. All are u32; `salt` tells layers or tensors apart. */
export interface DrawPlace {
  readonly seed: number;
  readonly stream: number;
  readonly step: number;
  readonly salt: number;
}

const words = new Uint32Array(4);

/** Writes the words of indices 4*block to 4*block + 3 to `out`; `draw4` of shaders/lib/philox.wgsl. */
export function draw4(seed: number, stream: number, step: number, salt: number, block: number, out: Uint32Array): void {
  philoxBlock(block, step, salt, 0, seed, stream, out);
}

/** The u32 at one index. Whole sequences are four times cheaper by draw4. */
export function drawBits(seed: number, stream: number, step: number, salt: number, index: number): number {
  draw4(seed, stream, step, salt, index >>> 2, words);
  return words[index & 3]!;
}

/** A float32 strictly inside (0, 1) from the upper 23 bits: an odd multiple of 2^-24. */
export function uniformOpen(bits: number): number {
  return (bits >>> 9) * 2 ** -23 + 2 ** -24;
}

function fill(count: number, place: DrawPlace, value: (bits: number) => number): Float32Array {
  const block = new Uint32Array(4);
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    if ((index & 3) === 0) draw4(place.seed, place.stream, place.step, place.salt, index >>> 2, block);
    values[index] = value(block[index & 3]!);
  }
  return values;
}

/** Indices 0 to count - 1 as uniform deviates inside (0, 1). */
export function uniforms(count: number, place: DrawPlace): Float32Array {
  return fill(count, place, uniformOpen);
}

/** Indices 0 to count - 1 as standard normal deviates, of magnitude 5.3 at most. */
export function normals(count: number, place: DrawPlace): Float32Array {
  return fill(count, place, (bits) => float32.normal(uniformOpen(bits)));
}

/** The numbers 0 to n - 1 in random order (Fisher-Yates; draw i, at salt 0, decides position i). */
export function permutation(n: number, seed: number, stream: number, step: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const block = new Uint32Array(4);
  for (let i = n - 1; i > 0; i--) {
    if (i === n - 1 || (i & 3) === 3) draw4(seed, stream, step, 0, i >>> 2, block);
    const j = multiplyHigh(block[i & 3]!, i + 1);
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}
