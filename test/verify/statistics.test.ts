// Statistics of tensors against a plain computation in float64, and how large tensors are sampled.
import { expect, test } from 'vitest';
import { float32 } from '../../src/arithmetic/arithmetic.ts';
import {
  binCount,
  deadUnits,
  deadUnitsLaunch,
  mostSamples,
  regionTable,
  sampleRegion,
  samplesPerMember,
  statisticsColumns,
  statisticsStride,
  takeSamples,
  tensorStatistics,
  wholeStride,
} from '../../src/ops/statistics.ts';
import type { Params, Values } from '../../src/ops/kernel.ts';
import { normals } from '../../src/random/draws.ts';

const context = { math: float32, step: { step: 0, row: 0, validRows: 1 }, constants: {}, stepCount: 1 };

type Described = Record<(typeof statisticsColumns)[number], number> & { readonly bins: readonly number[] };

/** Statistics of each member's share of a tensor. */
function describe(values: Float32Array, population = 1): Described[] {
  const elements = values.length / population;
  const regions = regionTable([sampleRegion([elements], 0, elements)]);
  const statistics = new Float32Array(population * statisticsStride);
  tensorStatistics.twin({ values, regions, statistics }, { firstRegion: 0, regionCount: 1, population }, context);
  return Array.from({ length: population }, (_, member) => {
    const row = statistics.subarray(member * statisticsStride, (member + 1) * statisticsStride);
    const columns = statisticsColumns.map((name, index) => [name, row[index]!]);
    return { ...Object.fromEntries(columns), bins: [...row.subarray(statisticsColumns.length)] } as Described;
  });
}

const draw = (count: number, scale = 1): Float32Array =>
  normals(count, { seed: 5, stream: 8, step: 0, salt: 0 }).map((value) => Math.fround(value * scale));

test.each([
  { count: 1, scale: 1 },
  { count: 7, scale: 1 },
  { count: 257, scale: 1 },
  { count: 16_384, scale: 1e-3 },
  { count: 600, scale: 1e-25 },
  { count: 600, scale: 1e30 },
])('$count values of size $scale have the statistics that float64 gives', ({ count, scale }) => {
  const both = draw(2 * count, scale);
  for (const [member, found] of describe(both, 2).entries()) {
    const values = [...both.subarray(member * count, (member + 1) * count)];
    const [min, max] = [Math.min(...values), Math.max(...values)];
    const rms = Math.sqrt(values.reduce((sum, value) => sum + (value / scale) ** 2, 0) / count) * scale;
    expect(found).toMatchObject({ count, min, max, zeros: 0 });
    expect(found.rootMeanSquare / rms).toBeCloseTo(1, 6);
    expect(found.mean / scale).toBeCloseTo(values.reduce((sum, value) => sum + value / scale, 0) / count, 5);
    const bins = Array.from({ length: binCount }, () => 0);
    for (const value of values) {
      bins[max === min ? 0 : Math.min(binCount - 1, Math.floor(((value - min) / (max - min)) * binCount))]! += 1;
    }
    // A value on the edge of two bins may be counted in either.
    const apart = bins.reduce((sum, each, index) => sum + Math.abs(each - found.bins[index]!), 0);
    expect(apart).toBeLessThanOrEqual(Math.ceil(count / 5000) * 2);
    expect(found.bins.reduce((sum, each) => sum + each)).toBe(count);
  }
});

test('equal values share one bin, zeros of either sign are counted, and what is below 2^-100 is one of them', () => {
  expect(describe(new Float32Array(300).fill(0.1))[0]).toMatchObject({ min: Math.fround(0.1), max: Math.fround(0.1) });
  expect(describe(new Float32Array(300).fill(0.1))[0]!.bins.slice(0, 2)).toEqual([300, 0]);
  const [zeros] = describe(Float32Array.of(0, -0, 1e-35, -1e-35, 1));
  expect(zeros).toMatchObject({ count: 5, zeros: 4, min: 0, max: 1 });
  expect(describe(new Float32Array(9))[0]).toMatchObject({ count: 9, zeros: 9, mean: 0, rootMeanSquare: 0 });
});

test('what is not finite is left out and shows in the count', () => {
  const [found] = describe(Float32Array.of(1, Number.NaN, 2, Infinity, -Infinity, 3));
  expect(found).toMatchObject({ count: 3, min: 1, max: 3, mean: 2 });
  expect(found!.bins.reduce((sum, each) => sum + each)).toBe(3);
  expect(describe(Float32Array.of(Number.NaN, Infinity))[0]).toMatchObject({ count: 0, mean: 0 });
});

test('a large tensor is sampled evenly, and no column of it is left out', () => {
  for (const shape of [[16_384], [16_385], [3072, 512], [3072, 50], [128, 30, 30, 24], [1000, 997]]) {
    const { offset, count, stride } = sampleRegion(shape, 7, 0);
    const indices = Array.from({ length: count }, (_, i) => Math.floor(i / 16) * stride + (i % 16));
    const elements = shape.reduce((product, size) => product * size, 1);
    expect(offset).toBe(7);
    expect(count).toBeLessThanOrEqual(mostSamples);
    expect(count).toBeGreaterThan(mostSamples / 2);
    expect(indices.at(-1)).toBeLessThan(elements);
    expect(indices.at(-1)! + stride).toBeGreaterThanOrEqual(elements);
    const columns = shape.at(-1)!;
    expect(new Set(indices.map((index) => index % columns)).size).toBe(Math.min(columns, count));
  }
});

test('members of a large population are sampled more sparsely', () => {
  expect([1, 2, 16, 1000].map(samplesPerMember)).toEqual([16_384, 8192, 1024, 256]);
  expect(sampleRegion([3072, 50], 0, 0, 4096).count).toBeLessThanOrEqual(4096);
});

test('samples that are kept before a change and taken from those after it leave the change', () => {
  const [before, after] = [draw(120), draw(120, 2)];
  const regions = regionTable([
    { offset: 4, count: 20, stride: 40, memberStride: 60 },
    { offset: 1, count: 20, stride: wholeStride, memberStride: 22 },
  ]);
  const samples = new Float32Array(44);
  const params: Params = { firstSource: 0, firstTarget: 1, regionCount: 1, population: 2 };
  const take = (values: Values, subtract: number) =>
    takeSamples.twin({ values, regions, samples }, { ...params, subtract }, context);
  take(before, 0);
  take(after, 1);
  for (let member = 0; member < 2; member++) {
    for (let i = 0; i < 20; i++) {
      const index = 4 + member * 60 + (i < 16 ? i : 40 + i - 16);
      expect(samples[1 + member * 22 + i]).toBe(Math.fround(after[index]! - before[index]!));
    }
  }
});

test.each([
  { rows: 3, channels: 600 },
  { rows: 700, channels: 33 },
])('dead units of $rows rows of $channels channels are those that are 0 in all', ({ rows, channels }) => {
  const y = new Float32Array(2 * rows * channels);
  // Channel c answers in its own row only; of the second member every fifth never does.
  for (let channel = 0; channel < channels; channel++) {
    y[(channel % rows) * channels + channel] = channel % 7 === 0 ? Number.NaN : 1;
    if (channel % 5 !== 0) y[(rows + rows - 1) * channels + channel] = -1;
  }
  const { blocks, ...looked } = deadUnitsLaunch(rows, channels, 2);
  const statistics = new Float32Array(3 + 2 * blocks).fill(9);
  deadUnits.twin({ y, statistics }, { rows, channels, ...looked, place: 3, population: 2 }, context);
  const sum = (member: number) =>
    statistics.subarray(3 + member * blocks, 3 + (member + 1) * blocks).reduce((a, b) => a + b);
  expect([...statistics.subarray(0, 3)]).toEqual([9, 9, 9]);
  expect([sum(0), sum(1)]).toEqual([0, Math.ceil(channels / 5)]);
});

test('of many rows an even sample is looked at for dead units, and all of a few', () => {
  expect(deadUnitsLaunch(300, 64, 1)).toMatchObject({ count: 300, stride: 1 });
  expect(deadUnitsLaunch(4096, 64, 1)).toMatchObject({ count: 4096, stride: 1 });
  for (const rows of [4097, 300 * 26 * 26, 128 * 32 * 32]) {
    const { count, stride } = deadUnitsLaunch(rows, 32, 1);
    expect(count).toBeGreaterThan(2048);
    expect(count).toBeLessThanOrEqual(4096);
    expect((count - 1) * stride).toBeLessThan(rows);
    expect(count * stride).toBeGreaterThanOrEqual(rows);
  }
});
