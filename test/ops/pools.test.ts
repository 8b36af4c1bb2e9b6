// The twins of the pools against a search through every window, and their gradients against sums over windows.

import { expect, test } from 'vitest';
import { activationCodes } from '../../src/ops/activation.ts';
import { averagePoolBackward, averagePoolForward, maxPoolBackward, maxPoolForward } from '../../src/ops/pool.ts';
import { draws, runKernel } from './run-kernel.ts';

interface Shape {
  readonly batch: number;
  readonly inH: number;
  readonly inW: number;
  readonly channels: number;
  readonly outH: number;
  readonly outW: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
}

interface Window {
  readonly out: number;
  /** Elements of x inside the image by index, with their places in the window. */
  readonly elements: readonly { readonly index: number; readonly tap: number }[];
}

/** Every window of every channel, by trying all of its places. */
function windowsOf(p: Shape): Window[] {
  const found: Window[] = [];
  for (let n = 0; n < p.batch; n++) {
    for (let oy = 0; oy < p.outH; oy++) {
      for (let ox = 0; ox < p.outW; ox++) {
        for (let c = 0; c < p.channels; c++) {
          const elements = [];
          for (let tap = 0; tap < p.kernelH * p.kernelW; tap++) {
            const iy = oy * p.strideH - p.padTop + Math.floor(tap / p.kernelW);
            const ix = ox * p.strideW - p.padLeft + (tap % p.kernelW);
            if (iy < 0 || iy >= p.inH || ix < 0 || ix >= p.inW) continue;
            elements.push({ index: ((n * p.inH + iy) * p.inW + ix) * p.channels + c, tap });
          }
          found.push({ out: ((n * p.outH + oy) * p.outW + ox) * p.channels + c, elements });
        }
      }
    }
  }
  return found;
}

const shape = (
  image: readonly number[],
  out: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
  pad = [0, 0],
) =>
  ({
    batch: image[0]!,
    inH: image[1]!,
    inW: image[2]!,
    channels: image[3]!,
    outH: out[0]!,
    outW: out[1]!,
    kernelH: kernel[0]!,
    kernelW: kernel[1]!,
    strideH: stride[0]!,
    strideW: stride[1]!,
    padTop: pad[0]!,
    padLeft: pad[1]!,
  }) satisfies Shape;

const shapes: readonly (readonly [string, Shape])[] = [
  ['one element', shape([1, 1, 1, 1], [1, 1], [1, 1], [1, 1])],
  ['halves', shape([2, 4, 6, 3], [2, 3], [2, 2], [2, 2])],
  ['overlapping windows', shape([2, 7, 5, 5], [3, 2], [3, 3], [2, 2])],
  ['stride beyond the window', shape([1, 7, 8, 2], [2, 3], [1, 2], [4, 3])],
  ['padding', shape([2, 6, 5, 1], [3, 3], [3, 3], [2, 2], [0, 1])],
  ['windows larger than the image', shape([1, 3, 2, 4], [3, 2], [5, 4], [1, 1], [2, 1])],
  ['the whole image', shape([2, 19, 15, 2], [1, 1], [19, 15], [19, 15])],
];

test.each(shapes)('pools find largest and mean of every window: %s', (_, p) => {
  const x = draws(p.batch * p.inH * p.inW * p.channels, 1);
  const windows = windowsOf(p);
  const params = { ...p, xStride: 0, population: 1 };
  const { y, choice } = runKernel(maxPoolForward, params, { x, y: windows.length, choice: windows.length });
  const { y: mean } = runKernel(averagePoolForward, params, { x, y: windows.length });
  for (const { out, elements } of windows) {
    const best = elements.reduce((a, b) => (x[b.index]! > x[a.index]! ? b : a));
    expect([y![out], choice![out]]).toEqual([x[best.index], best.tap]);
    expect(mean![out]).toBeCloseTo(elements.reduce((sum, { index }) => sum + x[index]!, 0) / elements.length, 12);
  }
});

test.each(shapes)('the gradient goes to what made the value: %s', (_, p) => {
  const inputs = p.batch * p.inH * p.inW * p.channels;
  const x = draws(inputs, 2);
  const windows = windowsOf(p);
  const dy = draws(windows.length, 3);
  const { choice } = runKernel(
    maxPoolForward,
    { ...p, xStride: 0, population: 1 },
    { x, y: windows.length, choice: windows.length },
  );
  const largest = new Float64Array(inputs);
  const mean = new Float64Array(inputs);
  for (const { out, elements } of windows) {
    largest[elements.find(({ tap }) => tap === choice![out])!.index]! += dy[out]!;
    for (const { index } of elements) mean[index]! += dy[out]! / elements.length;
  }
  const constants = { ACTIVATION: activationCodes.leakyRelu };
  const slope = (i: number): number => (x[i]! > 0 ? 1 : 0.01);
  const params = { ...p, population: 1 };
  const max = runKernel(maxPoolBackward, params, { dy, choice: choice!, dx: inputs });
  const average = runKernel(averagePoolBackward, params, { dy, x, dx: inputs }, { constants });
  for (let i = 0; i < inputs; i++) {
    expect(max.dx![i]).toBeCloseTo(largest[i]!, 12);
    expect(average.dx![i]).toBeCloseTo(mean[i]! * slope(i), 12);
  }
});

test('of several largest elements the first is chosen, NaN before all others, and padding never', () => {
  const p = shape([1, 1, 8, 1], [1, 4], [1, 2], [1, 2]);
  const pool = (x: readonly number[], q: Shape = p) =>
    runKernel(maxPoolForward, { ...q, xStride: 0, population: 1 }, { x, y: q.outW, choice: q.outW });
  const { y, choice } = pool([3, 3, 1, NaN, NaN, Infinity, -Infinity, -Infinity]);
  expect(Array.from(y!)).toEqual([3, NaN, NaN, -Infinity]);
  expect(Array.from(choice!)).toEqual([0, 1, 0, 0]);
  const padded = shape([1, 1, 3, 1], [1, 2], [1, 3], [1, 2], [0, 1]);
  expect(Array.from(pool([-5, -4, -3], padded).y!)).toEqual([-4, -3]);
});

test('members pool the images of their own, or those that all share', () => {
  const p = shape([1, 2, 2, 1], [1, 1], [2, 2], [2, 2]);
  const pool = (x: readonly number[], xStride: number) =>
    Array.from(runKernel(averagePoolForward, { ...p, xStride, population: 2 }, { x, y: 2 }).y!);
  expect(pool([1, 2, 3, 6, 10, 20, 30, 60], 4)).toEqual([3, 30]);
  expect(pool([1, 2, 3, 6], 0)).toEqual([3, 3]);
});
