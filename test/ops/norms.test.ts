// The twins of batch and layer normalisation against the plain formulae in double precision, and their gradients against differences.

import { expect, test } from 'vitest';
import { float32 } from '../../src/arithmetic/arithmetic.ts';
import { activationCodes } from '../../src/ops/activation.ts';
import {
  batchNormBackwardInput,
  batchNormChunks,
  batchNormForward,
  batchNormStatistics,
  normGradients,
  normGradientSums,
} from '../../src/ops/batch-norm.ts';
import { layerNormBackwardInput, layerNormForward } from '../../src/ops/layer-norm.ts';
import { memberColumns } from '../../src/ops/tables.ts';
import { draws, runKernel, slopeAt } from './run-kernel.ts';
import type { RunOptions } from './run-kernel.ts';

const epsilon = 1e-5;
const columns = memberColumns.first;

/** Mean and mean squared distance of some values. */
function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

function column(x: ArrayLike<number>, channels: number, channel: number): number[] {
  return Array.from({ length: x.length / channels }, (_, row) => x[row * channels + channel]!);
}

interface BatchNorm {
  readonly statistics: ArrayLike<number>;
  readonly running: ArrayLike<number>;
}

/** Statistics of one member's batch, with running statistics that start from 0 and 1. */
function batchStatistics(x: ArrayLike<number>, channels: number, active = 1, options: RunOptions = {}): BatchNorm {
  const rows = x.length / channels;
  const sizes = { rows, channels, population: 1 };
  const chunks = Math.ceil(rows / 256);
  const { sums } = runKernel(batchNormChunks, { ...sizes, xStride: 0 }, { x, sums: chunks * 2 * channels }, options);
  const members = Array.from({ length: columns }, (_, index) => (index === memberColumns.active ? active : 0));
  const running = Array.from({ length: 2 * channels }, (_, index) => (index < channels ? 0 : 1));
  const params = { ...sizes, columns, runningStride: 2 * channels, momentum: 0.1, epsilon };
  const tensors = { sums: sums!, members, statistics: 2 * channels, running };
  const written = runKernel(batchNormStatistics, params, tensors, options);
  return { statistics: written.statistics!, running: written.running! };
}

function batchNorm(x: ArrayLike<number>, w: ArrayLike<number>, statistics: ArrayLike<number>, constants = {}) {
  const channels = w.length / 2;
  const params = {
    rows: x.length / channels,
    channels,
    xStride: 0,
    statisticsStride: 0,
    wStride: 0,
    epsilon,
    population: 1,
  };
  return runKernel(batchNormForward, params, { x, statistics, w, y: x.length }, { constants }).y!;
}

test.each([
  [2, 1],
  [7, 3],
  [256, 2],
  [600, 5],
  // More chunks than one level of the rule for sums takes.
  [66_000, 1],
])('statistics of a batch of %d rows and %d channels are mean and variance of each channel', (rows, channels) => {
  const x = draws(rows * channels, rows, 2, 3);
  const { statistics, running } = batchStatistics(x, channels);
  for (let c = 0; c < channels; c++) {
    const { mean, variance } = moments(column(x, channels, c));
    expect(statistics[c]).toBeCloseTo(mean, 12);
    expect(statistics[channels + c]).toBeCloseTo(1 / Math.sqrt(variance + epsilon), 12);
    expect(running[c]).toBeCloseTo(0.1 * mean, 12);
    expect(running[channels + c]).toBeCloseTo(0.9 + (0.1 * variance * rows) / (rows - 1), 12);
  }
});

test('in float32 the variance of values far from 0 keeps its digits', () => {
  const rows = 5000;
  const x = Float32Array.from(draws(rows, 1, 1, 10_000));
  const { statistics } = batchStatistics(x, 1, 1, { math: float32 });
  const { mean, variance } = moments([...x]);
  expect(Math.abs(statistics[0]! - mean) / mean).toBeLessThan(1e-6);
  expect(Math.abs(statistics[1]! * Math.sqrt(variance + epsilon) - 1)).toBeLessThan(1e-5);
});

test('a frozen member keeps its running statistics', () => {
  const { statistics, running } = batchStatistics(draws(40, 2, 1, 5), 4, 0);
  expect(Array.from(running)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect(statistics[0]).not.toBe(0);
});

test('a normalised batch has mean 0 and variance 1 in every channel, then scale and shift', () => {
  const channels = 3;
  const x = draws(300 * channels, 3, 4, -2);
  const { statistics } = batchStatistics(x, channels);
  const y = batchNorm(x, [1, 2, -3, 0, 0.5, 7], statistics);
  for (const [c, scale, shift] of [
    [0, 1, 0],
    [1, 2, 0.5],
    [2, -3, 7],
  ] as const) {
    const { mean, variance } = moments(column(y, channels, c));
    expect(mean).toBeCloseTo(shift, 10);
    expect(variance / scale ** 2).toBeCloseTo(1, 5);
  }
});

test('in evaluation the running mean and variance take the place of the batch', () => {
  const x = draws(8, 4);
  const y = batchNorm(x, [2, 3, 1, -1], [0.5, -0.5, 4, 9], { RUNNING: 1 });
  const expected = (i: number): number =>
    i % 2 === 0 ? ((x[i]! - 0.5) / Math.sqrt(4 + epsilon)) * 2 + 1 : ((x[i]! + 0.5) / Math.sqrt(9 + epsilon)) * 3 - 1;
  for (let i = 0; i < 8; i++) expect(y[i]).toBeCloseTo(expected(i), 12);
});

/** Σ of products: a cost whose gradient with respect to y is `weights`. */
function cost(y: ArrayLike<number>, weights: Float64Array): number {
  return weights.reduce((sum, weight, i) => sum + weight * y[i]!, 0);
}

function expectGradient(values: Float64Array, gradient: ArrayLike<number>, f: () => number): void {
  for (let i = 0; i < values.length; i += Math.ceil(values.length / 40))
    expect(gradient[i], `element ${i}`).toBeCloseTo(slopeAt(values, i, f), 7);
}

test.each([
  [2, 3],
  [300, 2],
])('gradients of a batch norm over %d rows and %d channels follow the differences', (rows, channels) => {
  const x = draws(rows * channels, 5, 2, 1);
  const w = draws(2 * channels, 6);
  const dy = draws(rows * channels, 7);
  const { statistics } = batchStatistics(x, channels);
  const sizes = { rows, channels, population: 1 };
  const cols = 2 * channels;
  const chunks = Math.ceil(rows / 256);
  const { sums } = runKernel(
    normGradientSums,
    { ...sizes, xStride: 0, sumsStride: 0 },
    { dy, x, statistics, sums: chunks * cols },
  );
  const { dw } = runKernel(normGradients, { chunks, cols, wStride: 0, population: 1 }, { sums: sums!, dw: cols });
  const written = runKernel(
    batchNormBackwardInput,
    { ...sizes, wStride: 0 },
    { dy, x, statistics, w, dw: dw!, dx: x.length },
  );
  const f = (): number => cost(batchNorm(x, w, batchStatistics(x, channels).statistics), dy);
  expectGradient(w, dw!, f);
  expectGradient(x, written.dx!, f);
});

function layerNorm(x: ArrayLike<number>, w: ArrayLike<number>, constants = {}) {
  const channels = w.length / 2;
  const rows = x.length / channels;
  const params = { rows, channels, xStride: 0, wStride: 0, epsilon, population: 1 };
  const { y, statistics } = runKernel(
    layerNormForward,
    params,
    { x, w, y: x.length, statistics: 2 * rows },
    { constants },
  );
  return { y: y!, statistics: statistics! };
}

test.each([
  [1, 4],
  [5, 2],
  [33, 3],
  [600, 2],
])('a layer norm of %d channels normalises each of %d rows', (channels, rows) => {
  const x = draws(rows * channels, 8, 3, 2);
  const w = draws(2 * channels, 9);
  const { y } = layerNorm(x, w);
  for (let row = 0; row < rows; row++) {
    const values = [...x.subarray(row * channels, (row + 1) * channels)];
    const { mean, variance } = moments(values);
    for (const [c, value] of values.entries()) {
      const normal = (value - mean) / Math.sqrt(variance + epsilon);
      expect(y[row * channels + c]).toBeCloseTo(normal * w[c]! + w[channels + c]!, 10);
    }
  }
});

test.each([
  [2, 3],
  [33, 2],
  [600, 1],
])('gradients of a layer norm over %d channels of %d rows follow the differences', (channels, rows) => {
  const x = draws(rows * channels, 10, 2, 1);
  const w = draws(2 * channels, 11);
  const dy = draws(rows * channels, 12);
  const { statistics } = layerNorm(x, w);
  const sizes = { rows, channels, population: 1 };
  const { sums } = runKernel(
    normGradientSums,
    { ...sizes, xStride: 0, sumsStride: 0 },
    { dy, x, statistics, sums: 2 * channels },
    { constants: { PER_ROW: 1 } },
  );
  const { dx } = runKernel(layerNormBackwardInput, { ...sizes, wStride: 0 }, { dy, x, statistics, w, dx: x.length });
  const f = (): number => cost(layerNorm(x, w).y, dy);
  expectGradient(w, sums!, f);
  expectGradient(x, dx!, f);
});

test('the activation follows the normalisation, and the slope of the one before it is applied to the gradient', () => {
  const x = draws(12, 13);
  const constants = { ACTIVATION: activationCodes.relu };
  const { y: linear, statistics } = layerNorm(x, [1, 1, 1, 0, 0, 0]);
  const { y: clipped } = layerNorm(x, [1, 1, 1, 0, 0, 0], constants);
  expect(Array.from(clipped)).toEqual(Array.from(linear, (value) => Math.max(0, value)));
  const sizes = { rows: 4, channels: 3, wStride: 0, population: 1 };
  const tensors = { dy: draws(12, 14), x, statistics, w: [1, 2, 3, 0, 0, 0], dx: 12 };
  const { dx: all } = runKernel(layerNormBackwardInput, sizes, tensors);
  const { dx: sloped } = runKernel(layerNormBackwardInput, sizes, tensors, { constants });
  expect(Array.from(sloped!)).toEqual(Array.from(all!, (value, i) => value * (x[i]! > 0 ? 1 : 0)));
});
