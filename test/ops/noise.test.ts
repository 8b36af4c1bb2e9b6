// Noise between layers: its distribution, and which draws are the same.

import { expect, test } from 'vitest';
import { augmentNoise } from '../../src/ops/gather.ts';
import { gaussianNoise } from '../../src/ops/noise.ts';
import { memberColumns } from '../../src/ops/tables.ts';
import { runKernel } from './run-kernel.ts';

const columns = memberColumns.first;

function noise(count: number, { seed = 1, salt = 0, step = 0, deviation = 1, x = 0 } = {}): number[] {
  const members = Array.from({ length: columns }, (_, index) => (index === memberColumns.seed ? seed : 0));
  const params = { count, xStride: 0, deviation, salt, columns, population: 1 };
  const values = Array.from({ length: count }, () => x);
  return Array.from(runKernel(gaussianNoise, params, { x: values, members, y: count }, { step }).y!);
}

test('noise is normal with the given deviation around the value', () => {
  const count = 40_000;
  const y = noise(count, { deviation: 0.5, x: 3 });
  const mean = y.reduce((sum, value) => sum + value, 0) / count;
  const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  // Four standard errors.
  expect(Math.abs(mean - 3)).toBeLessThan((4 * 0.5) / Math.sqrt(count));
  expect(Math.abs(variance / 0.25 - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
});

test('layers, members and steps draw apart, and the same of them draw alike', () => {
  const draws = [{}, { salt: 1 }, { seed: 2 }, { step: 1 }].map((key) => noise(8, key));
  expect(new Set(draws.flat()).size).toBe(32);
  expect(noise(8, { salt: 1 })).toEqual(draws[1]);
});

test('a member whose seed equals the seed of the data draws other noise than the data gets', () => {
  const params = { batch: 1, features: 8, deviation: 1, threshold: 0, everyRow: 1, members: 1 };
  const tensors = { x: 8, seeds: [1], y: 8 };
  const ofData = Array.from(runKernel(augmentNoise, params, tensors).y!);
  for (let salt = 0; salt < 4; salt++) expect(noise(8, { salt }).filter((value) => ofData.includes(value))).toEqual([]);
});
