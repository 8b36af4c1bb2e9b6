// Every kernel on every launch variant: GPU equals CPU, to the bit where the adapter's arithmetic is exact. Planted faults are found.

import { expect, test } from 'vitest';
import { kernels, ops } from '../../src/ops/index.ts';
import { withinBound } from '../../src/verify/compare.ts';
import { runConformance } from '../../src/verify/conformance.ts';
import { openTestGpu, plantFault } from '../verify/gpu.ts';

test('every kernel agrees with its CPU twin on every launch variant', async () => {
  const gpu = await openTestGpu();
  const rows = await runConformance(gpu);
  expect(rows.filter((row) => !withinBound(row))).toEqual([]);
  if (gpu.arithmetic.exact) expect(rows.filter(({ bitEqual }) => bitEqual < 1)).toEqual([]);
  const tested = rows.map(({ name, variant }) => `${name} ${variant}`);
  const declared = kernels.flatMap(({ name, variants }) =>
    Object.keys(variants).map((variant) => `${name} ${variant}`),
  );
  expect(tested.toSorted()).toEqual(declared.toSorted());
});

const faults: readonly [kernel: string, file: string, line: string, fault: string][] = [
  ['sgd', 'sgd.wgsl', 'w[index] = flush_small((-', 'w[index] = flush_small(('],
  ['dropout', 'dropout.wgsl', 'step.step', '(step.step + 1u)'],
  [
    'chunk_sums',
    'chunk_sums.wgsl',
    'sum += values[group.z * params.count + i];',
    'sum += values[group.z * params.count + min(first + 256u, params.count) - 1u - (i - first)];',
  ],
  ['dense_backward_weight', 'dense_backward_weight.wgsl', 'return 1.0;', 'return 1.0000001;'],
  ['squared_error', 'squared_error.wgsl', '(total + part)', 'part'],
  ['softmax_cross_entropy', 'softmax_cross_entropy.wgsl', 'let sum = total + part;', 'let sum = part;'],
];

test.each(faults)(
  'planted fault in %s: its conformance fails on every launch variant',
  async (name, file, line, fault) => {
    const gpu = await openTestGpu();
    const cases = ops.flatMap((op) => op.cases).filter(({ kernel }) => kernel.name === name);
    const rows = await runConformance(plantFault(gpu, file, line, fault), cases);
    const variants = Object.keys(kernels.find((kernel) => kernel.name === name)?.variants ?? {});
    expect(rows.map(({ variant }) => variant).toSorted()).toEqual(variants.toSorted());
    for (const row of rows) {
      expect(row.bitEqual).toBeLessThan(1);
      expect(row.firstDifference?.cpu).not.toBe(row.firstDifference?.gpu);
      if (gpu.arithmetic.exact) expect(withinBound(row)).toBe(false);
    }
  },
);
