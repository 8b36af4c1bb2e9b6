// The variants that GPUs take before anything is measured: by the shape of the product.
import { expect, test } from 'vitest';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { defaultVariant } from '../../src/gpu/variants.ts';
import { conv2dBackwardInput, conv2dBackwardWeight, conv2dForward } from '../../src/ops/conv2d.ts';
import { denseForward } from '../../src/ops/dense.ts';

test.each([
  ['a large product', 4096, 4096, 4096, 1, 'block128'],
  ['one of middling size', 512, 3072, 512, 1, 'block64'],
  ['the same for many members', 512, 3072, 512, 32, 'block128'],
  ['few outputs of long sums', 100, 3072, 50, 1, 'split16'],
  ['more outputs of long sums', 128, 3072, 256, 1, 'split32'],
  ['few outputs of short sums', 25, 80, 80, 1, 'rows1'],
  ['some outputs of short sums', 128, 256, 128, 1, 'rows4'],
])('%s on a GPU', (_name, batch, inSize, outSize, population, wanted) => {
  const gpu = { software: false, subgroupSize: 32 } as GpuDevice;
  const params = { batch, inSize, outSize, xStride: 0, wStride: (inSize + 1) * outSize, population };
  expect(defaultVariant(gpu, denseForward, params)).toBe(wanted);
});

/** The third convolution of a small network: 64 filters of 3x3x64 over 5x5, for 300 images. */
const image = { batch: 300, inH: 5, inW: 5, inC: 64, outH: 3, outW: 3, outC: 64 };
const windows = { kernelH: 3, kernelW: 3, strideH: 1, strideW: 1, padTop: 0, padLeft: 0 };
const convolution = { ...image, ...windows, bias: 1, wStride: 577 * 64, population: 1, xStride: 0 };
const first = { ...convolution, inH: 28, inW: 28, inC: 1, outH: 26, outW: 26, outC: 32, wStride: 320 };

test.each([
  // Half of the larger block would lie beyond the 64 rows.
  ['a convolution of 64 filters on a GPU', conv2dForward, { ...convolution, batch: 3000 }, false, 'block64'],
  ['the same on a software adapter', conv2dForward, convolution, true, 'shared32'],
  ['the gradient of its input', conv2dBackwardInput, convolution, true, 'shared32'],
  ['a gradient of few weights, which two threads share', conv2dBackwardWeight, first, true, 'shared16'],
] as const)('%s', (_name, kernel, params, software, wanted) => {
  const gpu = { software, subgroupSize: software ? 8 : 32 } as GpuDevice;
  expect(defaultVariant(gpu, kernel, params)).toBe(wanted);
});
