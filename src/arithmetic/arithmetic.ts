/**
 * The number formats in which the CPU kernels run: float32 and float32Fused are twins of shaders/lib/math.wgsl and
 * shaders/lib/normal.wgsl to the bit, float64 serves the gradient checks. Surprising: float32 does not call Math.exp,
 * since neither engines nor adapters agree on it.
 */

import { fusedMultiplyAdd } from './fused-multiply-add.ts';
import { createFloat32 } from './float32.ts';

export { float64 } from './float64.ts';

export type FloatArray = Float32Array | Float64Array;

/** Elementary operations in one number format. Arguments are values of that format already. */
export interface Arithmetic {
  readonly float: 'float32' | 'float64';
  /** Rounds a double to the format: Math.fround, or the identity. */
  round(x: number): number;
  /** a*b + c: product and sum each rounded, or (fused) rounded once. */
  mulAdd(a: number, b: number, c: number): number;
  /** e^x. In float32 a result below 2^-100 is 0, and +infinity comes above 88.7228. */
  exp(x: number): number;
  /** Logarithm. In float32 zero and subnormals give log(2^-126) = -87.33655; in float64 zero gives -infinity. */
  log(x: number): number;
  /** Hyperbolic tangent. In float32 a result below 2^-100 is +0. */
  tanh(x: number): number;
  /** 1/(1 + e^-x), with full relative accuracy on the negative side too. */
  sigmoid(x: number): number;
  /** Complementary error function. In float32 a result below 2^-100 is 0. */
  erfc(x: number): number;
  /** Inverse of the standard normal distribution function, for u in (0, 1). */
  normal(u: number): number;
  /** Whatever is smaller than 2^-100 becomes +0, since some adapters flush subnormals; in float64 the identity. */
  flush(x: number): number;
  array(length: number): FloatArray;
}

/** Every operation rounded to float32: the twin of adapters that do not contract multiply-adds. */
export const float32: Arithmetic = createFloat32((a, b, c) => Math.fround(Math.fround(a * b) + c));

/** float32 with every multiply-add rounded once: the twin of adapters that contract. */
export const float32Fused: Arithmetic = createFloat32(fusedMultiplyAdd);
