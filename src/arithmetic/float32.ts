/**
 * The float32 functions, operation for operation those of shaders/lib/math.wgsl and shaders/lib/normal.wgsl: a change
 * here is a change there. Polynomials are pure Horner chains `p = p*r + c` through mulAdd, because other forms are
 * re-associated by some drivers, and no sum has two products as operands, so that a contracting compiler has one way
 * only to fuse.
 */

import type { Arithmetic } from './arithmetic.ts';

// S. L. Moshier, Cephes Mathematical Library: expf.c, logf.c, tanhf.c.
const expCoefficients = Float32Array.of(
  1.98756915e-4,
  1.3981999507e-3,
  8.3334519073e-3,
  4.1665795894e-2,
  1.6666665459e-1,
  5.0000001201e-1,
  1,
  1,
);
const logCoefficients = Float32Array.of(
  7.0376836292e-2,
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
  -0.5,
);
const tanhCoefficients = Float32Array.of(
  -5.70498872745e-3,
  2.06390887954e-2,
  -5.37397155531e-2,
  1.33314422036e-1,
  -3.33332819422e-1,
);
// (1 + 2x) exp(x^2) erfc(x) as a polynomial in (x - 2)/(x + 2) on 0..9.5, relative error 2.4e-8; variable of
// M. M. Shepherd, J. G. Laframboise, Chebyshev approximation of (1 + 2x)exp(x^2)erfc x in 0 <= x < inf (1981).
// mpmath.chebyfit(lambda t: (lambda x: (1+2*x)*exp(x*x)*erfc(x))(2*(1+t)/(1-t)), [-1, 7.5/11.5], 10), rounded to
// float32.
const erfcCoefficients = Float32Array.of(
  -0.0004280009,
  -0.001272774,
  0.0013248988,
  0.0086694835,
  -0.008057609,
  -0.05421506,
  0.16405424,
  -0.1660304,
  -0.092763916,
  1.2769784,
);
// M. J. Wichura, Algorithm AS 241: the percentage points of the normal distribution (1988), PPND7.
const normalCentre = [
  Float32Array.of(59.10937472, 159.29113202, 50.434271938, 3.3871327179),
  Float32Array.of(67.1875636, 78.757757664, 17.895169469, 1),
] as const;
const normalMiddle = [
  Float32Array.of(0.17023821103, 1.3067284816, 2.75681539, 1.4234372777),
  Float32Array.of(0.12021132975, 0.7370016425, 1),
] as const;
const normalFar = [
  Float32Array.of(0.017337203997, 0.42868294337, 3.081226386, 6.657905115),
  Float32Array.of(0.012258202635, 0.24197894225, 1),
] as const;

const log2e = Math.fround(1.44269504);
const ln2High = 0.693359375; // nine bits, so that its product with an exponent is exact
const ln2Low = Math.fround(-2.1219444e-4);
const smallest = 2 ** -100;

const { fround } = Math;
const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

function powerOfTwo(exponent: number): number {
  bits[0] = (exponent + 127) << 23;
  return floats[0]!;
}

/** Whatever is smaller than 2^-100 becomes +0; NaN stays. */
function flush(x: number): number {
  return Math.abs(x) < smallest ? 0 : x;
}

/** The float32 arithmetic over one multiply-add, rounded twice or once. */
export function createFloat32(mulAdd: Arithmetic['mulAdd']): Arithmetic {
  function horner(coefficients: Float32Array, r: number): number {
    let p = coefficients[0]!;
    for (let i = 1; i < coefficients.length; i++) p = mulAdd(p, r, coefficients[i]!);
    return p;
  }

  function exp(x: number): number {
    const v = x < -70 ? -70 : x > 89 ? 89 : x;
    const n = Math.floor(mulAdd(v, log2e, 0.5));
    const r = mulAdd(n, -ln2Low, mulAdd(n, -ln2High, v));
    const p = horner(expCoefficients, r);
    // Two factors, since 2^128 is no float32.
    const half = n >> 1;
    return flush(fround(fround(p * powerOfTwo(half)) * powerOfTwo(n - half)));
  }

  function log(x: number): number {
    floats[0] = x;
    let b = bits[0]!;
    if ((b & 0x7fffffff) < 0x00800000) b = 0x00800000;
    if (b >= 0x7f800000) return x === Infinity ? x : NaN;
    // x = (1 + f) 2^e with 1 + f between sqrt(1/2) and sqrt(2), whose bits are 0x3f3504f3.
    const offset = (b - 0x3f3504f3) | 0;
    bits[0] = (offset & 0x007fffff) + 0x3f3504f3;
    const f = fround(floats[0]! - 1);
    const e = offset >> 23;
    const s = fround(horner(logCoefficients, f) * f);
    return mulAdd(e, ln2High, mulAdd(e, ln2Low, mulAdd(s, f, f)));
  }

  function tanh(x: number): number {
    const a = Math.abs(x);
    if (a < 0.625) {
      const z = fround(x * x);
      const s = fround(horner(tanhCoefficients, z) * z);
      return flush(mulAdd(s, x, x));
    }
    const e = exp(a > 10 ? 20 : 2 * a);
    const y = fround(1 - fround(2 / fround(e + 1)));
    return x < 0 ? -y : y;
  }

  function sigmoid(x: number): number {
    const e = exp(-Math.abs(x));
    return fround((x < 0 ? e : 1) / fround(1 + e));
  }

  function erfc(x: number): number {
    const a = Math.abs(x) > 9.5 ? 9.5 : Math.abs(x);
    const t = fround(fround(a - 2) / fround(a + 2));
    const q = fround(horner(erfcCoefficients, t) / mulAdd(2, a, 1));
    // a^2 = high^2 + (a - high)(a + high), where high has 12 bits: its square is exact.
    floats[0] = a;
    bits[0]! &= 0xfffff000;
    const high = floats[0]!;
    const low = fround(fround(a - high) * fround(a + high));
    const y = flush(fround(fround(q * exp(-low)) * exp(fround(-high * high))));
    return x < 0 ? fround(2 - y) : y;
  }

  function normal(u: number): number {
    const q = fround(u - 0.5);
    if (Math.abs(q) <= fround(0.425)) {
      const r = mulAdd(-q, q, fround(0.180625));
      return fround(fround(q * horner(normalCentre[0], r)) / horner(normalCentre[1], r));
    }
    const distance = fround(Math.sqrt(-log(Math.min(u, fround(1 - u)))));
    const far = distance > 5;
    const r = fround(distance - (far ? 5 : fround(1.6)));
    const [numerator, denominator] = far ? normalFar : normalMiddle;
    const y = fround(horner(numerator, r) / horner(denominator, r));
    return q < 0 ? -y : y;
  }

  return {
    float: 'float32',
    round: fround,
    mulAdd,
    exp,
    log,
    tanh,
    sigmoid,
    erfc,
    normal,
    flush,
    array: (length) => new Float32Array(length),
  };
}
