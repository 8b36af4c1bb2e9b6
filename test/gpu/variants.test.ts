// The variants that GPUs take before anything is measured: by the shape of the product.
import { expect, test } from 'vitest';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { defaultVariant } from '../../src/gpu/variants.ts';
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
