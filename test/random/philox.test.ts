// Philox4x32-10 against the known-answer vectors of Random123 (kat_vectors, philox4x32 10 rounds), and the draws made
// of it.

import { expect, test } from 'vitest';
import { multiplyHigh, philox4x32 } from '../../src/random/philox.ts';
import { draw4, drawBits, normals, permutation, streams, uniformOpen, uniforms } from '../../src/random/draws.ts';

test.each([
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
])('philox4x32 of counter $counter gives the published words', ({ counter, key, words }) => {
  const out = new Uint32Array(4);
  philox4x32(counter, key, out);
  expect([...out]).toEqual(words);
  philox4x32(Uint32Array.from(counter), Uint32Array.from(key), out);
  expect([...out]).toEqual(words);
});

test('multiplyHigh equals the high word of an exact product', () => {
  const factors = [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xd2511f53, 0xffffffff];
  for (const a of factors) {
    for (const b of factors) expect(multiplyHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
  }
});

test('index i is word i & 3 of the block with counter (i >>> 2, step, salt, 0) and key (seed, stream)', () => {
  const block = new Uint32Array(4);
  philox4x32([2, 7, 5, 0], [11, streams.dropout], block);
  expect([8, 9, 10, 11].map((index) => drawBits(11, streams.dropout, 7, 5, index))).toEqual([...block]);
  const words = new Uint32Array(4);
  draw4(11, streams.dropout, 7, 5, 2, words);
  expect(words).toEqual(block);
  const place = { seed: 11, stream: streams.dropout, step: 7, salt: 5 };
  expect([...uniforms(10, place)].slice(8)).toEqual([uniformOpen(block[0]!), uniformOpen(block[1]!)]);
});

test('seed, stream, step, salt and index each change the bits', () => {
  const bits = [
    [0, 0, 0, 0, 0],
    [1, 0, 0, 0, 0],
    [0, 1, 0, 0, 0],
    [0, 0, 1, 0, 0],
    [0, 0, 0, 1, 0],
    [0, 0, 0, 0, 4],
  ].map(([seed = 0, stream = 0, step = 0, salt = 0, index = 0]) => drawBits(seed, stream, step, salt, index));
  expect(new Set(bits).size).toBe(6);
  expect(new Set(Object.values(streams)).size).toBe(Object.keys(streams).length);
});

test('a uniform is a float32 strictly inside (0, 1)', () => {
  expect(uniformOpen(0)).toBe(2 ** -24);
  expect(uniformOpen(0xffffffff)).toBe(1 - 2 ** -24);
  for (const bits of [0, 511, 512, 0x80000000, 0x9b00dbd8, 0xffffffff]) {
    expect(Math.fround(uniformOpen(bits))).toBe(uniformOpen(bits));
  }
});

test('uniforms and normals have the moments of their distributions', () => {
  const count = 100_000;
  const place = { seed: 3, stream: streams.init, step: 0, salt: 1 };
  const moment = (values: Float32Array, power: number): number =>
    values.reduce((sum, x) => sum + x ** power, 0) / count;
  // Bounds are five standard errors.
  const u = uniforms(count, place);
  expect(Math.abs(moment(u, 1) - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / count));
  expect(Math.abs(moment(u, 2) - 1 / 3)).toBeLessThan(5 * Math.sqrt(4 / 45 / count));
  const z = normals(count, place);
  expect(Math.abs(moment(z, 1))).toBeLessThan(5 * Math.sqrt(1 / count));
  expect(Math.abs(moment(z, 2) - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
  expect(Math.abs(moment(z, 4) - 3)).toBeLessThan(5 * Math.sqrt(96 / count));
});

test('a permutation holds every number once, repeats for one step and differs for another', () => {
  for (const n of [0, 1, 2, 7, 1000]) {
    expect([...permutation(n, 1, streams.order, 0)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: n }, (_, i) => i),
    );
  }
  expect(permutation(1000, 1, streams.order, 4)).toEqual(permutation(1000, 1, streams.order, 4));
  expect(permutation(1000, 1, streams.order, 4)).not.toEqual(permutation(1000, 1, streams.order, 5));
});

test('all orders of four are equally frequent', () => {
  const counts = new Map<string, number>();
  for (let step = 0; step < 24_000; step++) {
    const order = permutation(4, 9, streams.order, step).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(24);
  const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(chiSquared).toBeLessThan(49.7); // 23 degrees of freedom, p = 0.001
});
