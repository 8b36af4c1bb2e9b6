// How far the functions of src/arithmetic are from the truth. The engine's double-precision functions are the oracle of
// exp, log and tanh; erfc and the inverse normal have values of mpmath 1.2 at 40 digits: erfc(x), and the root of
// log(erfc(-x/sqrt(2))/2) = log(u).

import { expect, test } from 'vitest';
import { float32, float32Fused, float64 } from '../../src/arithmetic/arithmetic.ts';

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

/** Distance of `actual` from `truth` in units of the last place of a float32 at `truth`. */
function ulps(actual: number, truth: number): number {
  floats[0] = truth;
  const exponent = Math.max((words[0]! >>> 23) & 0xff, 1);
  return Math.abs(actual - truth) / 2 ** (exponent - 150);
}

/** Evenly spaced numbers from `low` to `high`, rounded to float32. */
function* between(low: number, high: number, count: number): Generator<number> {
  for (let i = 0; i <= count; i++) yield Math.fround(low + ((high - low) * i) / count);
}

function largest(values: Iterable<number>, measure: (x: number) => number): number {
  let result = 0;
  for (const x of values) result = Math.max(result, measure(x));
  return result;
}

const formats = [
  { name: 'float32', arithmetic: float32 },
  { name: 'float32Fused', arithmetic: float32Fused },
];

test.each(formats)('exp in $name is within 1.5 ulp from 2^-100 to the largest float32', ({ arithmetic }) => {
  const error = largest(between(-69.3, 88.722, 200_000), (x) => ulps(arithmetic.exp(x), Math.exp(x)));
  expect(error).toBeLessThan(1.5);
});

test.each(formats)('log in $name is within 1.5 ulp at every size and near 1', ({ arithmetic }) => {
  const log = (x: number): number => ulps(arithmetic.log(x), Math.log(x));
  let error = largest(between(0.5, 2, 200_000), log);
  for (let exponent = -126; exponent < 128; exponent++) {
    error = Math.max(error, largest(between(2 ** exponent, 2 ** exponent * 1.9999999, 500), log));
  }
  expect(error).toBeLessThan(1.5);
});

test.each(formats)('tanh, sigmoid and erfc in $name have a relative error below 5e-7', ({ arithmetic }) => {
  const relative = (y: number, truth: number): number => Math.abs(y / truth - 1);
  const tanh = (x: number): number => relative(arithmetic.tanh(x), Math.tanh(x));
  const errors = {
    tanh: Math.max(largest(between(-12, 12, 200_001), tanh), largest(between(1e-30, 1e-3, 10_000), tanh)),
    sigmoid: largest(between(-69, 30, 200_000), (x) => relative(arithmetic.sigmoid(x), float64.sigmoid(x))),
    erfc: largest(between(-6, 8.05, 200_000), (x) => relative(arithmetic.erfc(x), float64.erfc(x))),
  };
  expect(Math.max(errors.tanh, errors.sigmoid, errors.erfc)).toBeLessThan(5e-7);
});

// PPND7 itself claims one part in 10^7; the rest is float32 rounding.
test.each(formats)('normal in $name is within 1e-6 of the truth for every kind of uniform', ({ arithmetic }) => {
  const measure = (u: number): number =>
    Math.abs(arithmetic.normal(u) - float64.normal(u)) / Math.max(1, Math.abs(float64.normal(u)));
  const uniforms = Array.from({ length: 200_000 }, (_, i) => (2 * Math.floor((i * 2 ** 23) / 200_000) + 1) * 2 ** -24);
  const error = Math.max(
    largest(uniforms, measure),
    largest([1e-37, 1e-30, 1e-20, 1e-11, 1e-8].map(Math.fround), measure),
  );
  expect(error).toBeLessThan(1e-6);
});

test.each([
  [-3, 1.9999779095030015],
  [-0.75, 1.7111556336535152],
  [-0.1, 1.1124629160182848],
  [0.1, 0.887537083981715],
  [0.49, 0.4883317388114769],
  [0.5, 0.4795001221869535],
  [1, 0.15729920705028513],
  [1.7, 0.01620954140922544],
  [2.5, 0.0004069520174449589],
  [4, 1.541725790028002e-8],
  [6.2, 1.816675617238127e-18],
  [6.3, 5.124221687395715e-19],
  [9, 4.13703174651381e-37],
  [15, 7.212994172451207e-100],
  [26, 5.663192408856143e-296],
])('erfc(%d) in float64 is right to 2e-15', (x, truth) => {
  expect(Math.abs(float64.erfc(x) / truth - 1)).toBeLessThan(2e-15);
});

test.each([
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798407],
  [2 ** -24, -5.294704084854598],
  [1e-5, -4.264890793922825],
  [0.01, -2.326347874040841],
  [0.07, -1.4757910281791706],
  [0.2, -0.8416212335729142],
  [0.8, 0.8416212335729144],
  [0.975, 1.9599639845400538],
  [0.9999, 3.7190164854557084],
])('normal(%d) in float64 is right to 2e-15', (u, truth) => {
  expect(Math.abs(float64.normal(u) / truth - 1)).toBeLessThan(2e-15);
});

test('sigmoid and erfc in float64 hold at the ends of the range', () => {
  expect([-Infinity, -800, 0, 800, Infinity].map(float64.sigmoid)).toEqual([0, 0, 0.5, 1, 1]);
  expect(float64.sigmoid(-700) / Math.exp(-700)).toBeCloseTo(1, 14);
  expect([-Infinity, -40, 0, 40, Infinity].map(float64.erfc)).toEqual([2, 2, 1, 0, 0]);
});
