// What the float32 functions do at zero, infinity, NaN and below 2^-100, and the fused multiply-add at the cases that
// rounding twice gets wrong.

import { expect, test } from 'vitest';
import { float32, float32Fused } from '../../src/arithmetic/arithmetic.ts';

const tiny = 2 ** -100;

test.each([float32, float32Fused])('the functions hold at the ends of the range', (f) => {
  expect([-Infinity, -100, -69.32, 0, 88.73, Infinity].map((x) => f.exp(Math.fround(x)))).toEqual([
    0,
    0,
    0,
    1,
    Infinity,
    Infinity,
  ]);
  expect(f.exp(Math.fround(-69.31))).toBeGreaterThan(tiny);
  expect(Number.isFinite(f.exp(Math.fround(88.7228)))).toBe(true);
  const logOfSmallest = Math.fround(Math.log(2 ** -126));
  expect([0, -0, 2 ** -149, -(2 ** -149), 2 ** -126].map(f.log)).toEqual(Array(5).fill(logOfSmallest));
  expect([1, Infinity].map(f.log)).toEqual([0, Infinity]);
  expect([-1, -Infinity].map(f.log)).toEqual([NaN, NaN]);
  expect([-Infinity, -20, -0, 2 ** -101, 20, Infinity].map(f.tanh)).toEqual([-1, -1, 0, 0, 1, 1]);
  expect([-Infinity, -70, 0, 70, Infinity].map(f.sigmoid)).toEqual([0, 0, 0.5, 1, 1]);
  expect([-Infinity, -9, 0, 9, Infinity].map(f.erfc)).toEqual([2, 2, 1, 0, 0]);
  expect(f.normal(0.5)).toBe(0);
  expect([f.exp, f.log, f.tanh, f.sigmoid, f.erfc, f.flush].map((call) => call(NaN))).toEqual(Array(6).fill(NaN));
});

test.each([float32, float32Fused])('flush makes +0 of all that is smaller than 2^-100 and leaves the rest', (f) => {
  const below = Math.fround(tiny * (1 - 2 ** -24));
  expect([below, -below, -0, 2 ** -149].map(f.flush)).toEqual([0, 0, 0, 0]);
  expect([tiny, -tiny, 3, -Infinity].map(f.flush)).toEqual([tiny, -tiny, 3, -Infinity]);
});

test.each([float32, float32Fused])('tanh and the inverse normal are odd to the bit', (f) => {
  for (let i = 1; i < 2000; i++) {
    const x = Math.fround(i / 190);
    expect(f.tanh(-x)).toBe(-f.tanh(x));
    const u = (2 * i + 1) * 2 ** -12;
    expect(f.normal(1 - u)).toBe(-f.normal(u) + 0);
  }
});

/** Rounds the fraction `value` * 2^-`scale` to float32 with integers alone: the oracle of the fused multiply-add. */
function roundExactly(value: bigint, scale: number): number {
  const magnitude = value < 0n ? -value : value;
  const length = magnitude.toString(2).length;
  const drop = BigInt(Math.max(length - 24, 0, scale - 149));
  let kept = magnitude >> drop;
  const rest = magnitude - (kept << drop);
  const half = drop === 0n ? 1n : 1n << (drop - 1n);
  if (rest > half || (rest === half && drop > 0n && (kept & 1n) === 1n)) kept += 1n;
  return Number(value < 0n ? -kept : kept) * 2 ** (Number(drop) - scale);
}

/** A float32 as an integer multiple of 2^-149. */
function integer(x: number): bigint {
  return BigInt(x * 2 ** 100) * 2n ** 49n + BigInt((x * 2 ** 100 - Math.trunc(x * 2 ** 100)) * 2 ** 49);
}

function exactMulAdd(a: number, b: number, c: number): number {
  return roundExactly(integer(a) * integer(b) + (integer(c) << 149n), 298);
}

test('the fused multiply-add rounds once, at ties of the double sum too', () => {
  // The product is 1 + 2^-24 + 2^-35; c makes a tie of the sum, which goes to the even neighbour.
  const a = 1 + 2 ** -12;
  const b = 1 - 2 ** -12 + 2 ** -23;
  expect(float32Fused.mulAdd(a, b, -(2 ** -35))).toBe(exactMulAdd(a, b, -(2 ** -35)));
  const tie = [1 + 2 ** -23, 1 + 2 ** -1, 0] as const;
  expect(float32Fused.mulAdd(...tie)).toBe(exactMulAdd(...tie));
  expect(float32Fused.mulAdd(2 ** -24, 1, 1)).toBe(1);
  expect(float32Fused.mulAdd(2 ** -24, 1 + 2 ** -23, 1)).toBe(1 + 2 ** -23);
  expect(float32Fused.mulAdd(2 ** -60, 2 ** -60, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
  expect(float32Fused.mulAdd(Infinity, 1, 1)).toBe(Infinity);
  expect(float32Fused.mulAdd(Infinity, 1, -Infinity)).toBe(NaN);
});

test('the fused multiply-add equals exact integers over many sums, close ties among them', () => {
  let state = 1;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  let differsFromTwoRoundings = 0;
  let differsFromDouble = 0;
  for (let i = 0; i < 20_000; i++) {
    const sign = (random() >>> 31) * 2 - 1;
    const a = Math.fround((1 + (random() >>> 9) * 2 ** -23) * sign);
    const b = i % 2 === 0 ? Math.fround(1 + (random() >>> 9) * 2 ** -23) : 2 ** -24 * (1 + (random() >>> 30) / 4);
    // Every other case: c dominates, and the product is near half a unit of its last place.
    const c =
      i % 2 === 0
        ? Math.fround(((random() >>> 8) - 2 ** 23) * 2 ** -(18 + (random() >>> 28)))
        : 1 + (random() >>> 9) * 2 ** -23;
    const truth = exactMulAdd(a, b, c);
    expect(float32Fused.mulAdd(a, b, c)).toBe(truth);
    if (float32.mulAdd(a, b, c) !== truth) differsFromTwoRoundings++;
  }
  // Sums whose double is a float32 tie that is none: the tail decides and a double cannot hold it.
  for (let i = 0; i < 2000; i++) {
    const c = 1 + (random() >>> 9) * 2 ** -23;
    const tail = i % 2 === 0 ? 1 + 2 ** -23 : 1 - 2 ** -24;
    const [a, b] = [2 ** -24 * tail, i % 4 < 2 ? tail : 2 - tail].map(Math.fround) as [number, number];
    const truth = exactMulAdd(a, b, c);
    expect(float32Fused.mulAdd(a, b, c)).toBe(truth);
    if (Math.fround(a * b + c) !== truth) differsFromDouble++;
  }
  expect(differsFromTwoRoundings).toBeGreaterThan(1000);
  expect(differsFromDouble).toBeGreaterThan(100);
});
