// Distances in units in the last place, zeros of both signs, NaN, whole numbers, and the bound for sums.

import { expect, test } from 'vitest';
import { compareValues, mergeComparisons, ulpBound, withinBound } from '../../src/verify/compare.ts';
import type { Comparison } from '../../src/verify/compare.ts';

function compare(cpu: readonly number[], gpu: readonly number[], bound = 0): Comparison {
  return compareValues('kernel', 'y', 'case', Float32Array.from(cpu), Float32Array.from(gpu), bound);
}

/** The float32 so many places above a value. */
function above(value: number, places: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0]! += places;
  return new Float32Array(bits.buffer)[0]!;
}

test('equal bits are equal, NaN and infinity included', () => {
  const values = [0, -0, 1, NaN, Infinity, -Infinity, 2 ** -140];
  const comparison = compare(values, values);
  expect(comparison).toEqual({ name: 'kernel', elements: 7, equalElements: 7, bitEqual: 1, maxUlp: 0, bound: 0 });
  expect(withinBound(comparison)).toBe(true);
});

test.each([1, -1, 1.5, 1000, 2 ** -120, 3e38])('places above %f are counted', (value) => {
  for (const places of [1, 3, 100]) {
    const values = Array.from({ length: 4 }, () => value);
    const comparison = compare(values, [value, value, above(value, places), value]);
    expect(comparison.maxUlp).toBe(places);
    expect(comparison).toMatchObject({ elements: 4, equalElements: 3, bitEqual: 0.75 });
    expect(comparison.firstDifference).toEqual({
      where: 'case',
      tensor: 'y',
      index: 2,
      cpu: Math.fround(value),
      gpu: above(value, places),
    });
  }
});

test('a zero of the other sign differs by one place', () => {
  expect(compare([0, 1], [-0, 1])).toMatchObject({ equalElements: 1, maxUlp: 1 });
});

test.each([
  [NaN, 1],
  [1, NaN],
  [Infinity, 1],
  [3e38, Infinity],
  [Infinity, -Infinity],
])('%f against %f is beyond every bound', (cpu, gpu) => {
  const comparison = compare([1, cpu], [1, gpu], 1e9);
  expect(comparison.maxUlp).toBe(Infinity);
  expect(withinBound(comparison)).toBe(false);
});

test("what cancelled to nearly 0 is measured in places of the tensor's root mean square", () => {
  const cpu = [1024, -1024, 0.001];
  expect(compare(cpu, [1024, -1024, 0.001 + 2 ** -13]).maxUlp).toBeCloseTo(2, 4);
  expect(compare([0.001], [0.001 + 2 ** -13]).maxUlp).toBeGreaterThan(1e6);
});

test('whole numbers must be equal', () => {
  const whole = (...values: number[]) => Uint32Array.from(values);
  expect(compareValues('k', 'y', 'c', whole(1, 2), whole(1, 2), 0).bitEqual).toBe(1);
  const comparison = compareValues('k', 'y', 'c', whole(1, 0xffff_ffff), whole(1, 0xffff_fffe), 100);
  expect(comparison).toMatchObject({ maxUlp: Infinity, firstDifference: { index: 1, cpu: 0xffff_ffff } });
});

test('the difference that is told is the first beyond the bound, else the first', () => {
  const gpu = [above(1, 1), 1, above(1, 9), above(1, 20)];
  expect(compare([1, 1, 1, 1], gpu, 5).firstDifference?.index).toBe(2);
  expect(compare([1, 1, 1, 1], gpu, 50).firstDifference?.index).toBe(0);
});

test('comparisons of one kernel add up, and the one nearest its bound stands for all', () => {
  const far = { ...compare([1, 1], [1, above(1, 9)], 100) };
  const near = { ...compare([1, 1], [above(1, 4), 1], 5), name: 'kernel' };
  const merged = mergeComparisons([compare([1], [1], 1), far, near]);
  expect(merged).toMatchObject({ elements: 5, equalElements: 3, bitEqual: 0.6, maxUlp: 4, bound: 5 });
  expect(merged.firstDifference?.index).toBe(0);
});

test('exact adapters get no room, others a little more for longer sums', () => {
  expect(ulpBound(10_000, true)).toBe(0);
  const bounds = [1, 33, 257, 10_000].map((terms) => ulpBound(terms, false));
  expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
  expect(bounds[0]).toBeGreaterThan(4);
  expect(bounds[3]).toBeLessThan(50);
});
