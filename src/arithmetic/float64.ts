/**
 * Double precision, for gradient checks by central differences. The engine's own exp, log and tanh are good to about an
 * ulp; erfc and the inverse normal distribution, which JavaScript lacks, follow here with about 1e-15 relative.
 */

import type { Arithmetic } from './arithmetic.ts';

// M. J. Wichura, Algorithm AS 241: the percentage points of the normal distribution (1988), PPND16.
const normalCentre = [
  [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
] as const;
const normalMiddle = [
  [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
] as const;
const normalFar = [
  [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
] as const;

/** 2/sqrt(pi) times the Taylor series of erf, for |x| below 1/2. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 16; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/**
 * erfc for x of 1/2 and more: the trapezoidal rule of step 1/2 over exp(-t^2)/(t^2 + x^2), corrected for the pole, is
 * exact to exp(-4 pi^2). Source: F. Matta, A. Reichel, Uniform computation of the error function and other related
 * functions (1971).
 */
function erfcTrapezoid(x: number): number {
  let sum = 1 / (2 * x * x);
  for (let n = 1; n <= 13; n++) sum += Math.exp((-n * n) / 4) / ((n * n) / 4 + x * x);
  // x^2 in two parts, as in float32: its rounding would be magnified by the exponential.
  const high = Math.fround(x);
  const gauss = Math.exp(-high * high) * Math.exp(-(x - high) * (x + high));
  const pole = x < 2 * Math.PI ? 2 / (1 - Math.exp(4 * Math.PI * x)) : 0;
  return (x / Math.PI) * gauss * sum + pole;
}

function erfc(x: number): number {
  const a = Math.abs(x);
  if (a < 0.5) return 1 - erfSeries(x);
  const y = a > 27 ? 0 : erfcTrapezoid(a);
  return x < 0 ? 2 - y : y;
}

function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

function horner(coefficients: readonly number[], r: number): number {
  let p = 0;
  for (const c of coefficients) p = p * r + c;
  return p;
}

function normal(u: number): number {
  const q = u - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * horner(normalCentre[0], r)) / horner(normalCentre[1], r);
  }
  const distance = Math.sqrt(-Math.log(Math.min(u, 1 - u)));
  const far = distance > 5;
  const r = distance - (far ? 5 : 1.6);
  const [numerator, denominator] = far ? normalFar : normalMiddle;
  const y = horner(numerator, r) / horner(denominator, r);
  return q < 0 ? -y : y;
}

export const float64: Arithmetic = {
  float: 'float64',
  round: (x) => x,
  mulAdd: (a, b, c) => a * b + c,
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sigmoid,
  erfc,
  normal,
  flush: (x) => x,
  array: (length) => new Float64Array(length),
};
