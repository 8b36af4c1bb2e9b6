// Every kernel on every launch variant: GPU equals CPU, to the bit where the adapter's arithmetic is exact. Planted faults are found.

import { expect, test } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import { availableVariants } from '../../src/gpu/variants.ts';
import { kernels, ops } from '../../src/ops/index.ts';
import { withinBound } from '../../src/verify/compare.ts';
import { runConformance } from '../../src/verify/conformance.ts';
import { openTestGpu, plantFault } from '../verify/gpu.ts';

/** Software adapters compile each shader for about a second, unless their cache knows it. */
const compileMilliseconds = 1_200_000;

test(
  'every kernel agrees with its CPU twin on every launch variant',
  async () => {
    const gpu = await openTestGpu();
    const rows = await runConformance(gpu);
    expect(rows.filter((row) => !withinBound(row))).toEqual([]);
    if (gpu.arithmetic.exact) expect(rows.filter(({ bitEqual }) => bitEqual < 1)).toEqual([]);
    const tested = rows.map(({ name, variant }) => `${name} ${variant}`);
    const declared = kernels.flatMap((kernel) =>
      availableVariants(gpu, kernel).map((variant) => `${kernel.name} ${variant}`),
    );
    expect(declared.length).toBeGreaterThan(2 * kernels.length);
    expect(tested.toSorted()).toEqual(declared.toSorted());
  },
  compileMilliseconds,
);

interface PlantedFault {
  readonly kernel: string;
  readonly file: string;
  readonly line: string;
  readonly fault: string;
  /** The case that shows it; all where none is named. */
  readonly caseName?: string;
  /** The variants that fail, where not all do. */
  readonly failing?: readonly string[];
}

const faults: readonly PlantedFault[] = [
  { kernel: 'sgd', file: 'sgd.wgsl', line: '(-rates.rate)', fault: 'rates.rate' },
  { kernel: 'dropout', file: 'dropout.wgsl', line: 'step.step', fault: '(step.step + 1u)' },
  {
    kernel: 'chunk_sums',
    file: 'chunk_sums.wgsl',
    line: 'sum += values[group.z * params.count + i];',
    fault: 'sum += values[group.z * params.count + min(first + 256u, params.count) - 1u - (i - first)];',
  },
  {
    kernel: 'dense_backward_weight',
    file: 'dense_backward_weight.wgsl',
    line: '[offset & 3u], 1.0, col',
    fault: '[offset & 3u], 1.0000001, col',
    caseName: '33x7x33',
  },
  {
    // Terms backwards, eight by eight.
    kernel: 'dense_backward_weight',
    file: 'lib/product_block.wgsl',
    line: 'for (var term = 0u; term < TERMS; term++) {',
    fault: 'for (var turn = 0u; turn < TERMS; turn++) { let term = TERMS - 1u - turn;',
    caseName: '33x7x33',
    failing: ['block64', 'block128', 'split16', 'split32'],
  },
  {
    // Chunk sums backwards.
    kernel: 'dense_forward',
    file: 'lib/product_block.wgsl',
    line: 'if (team == turn) {',
    fault: 'if (team == teams - 1u - turn) {',
    caseName: '7x600x33',
    failing: ['split16', 'split32'],
  },
  {
    kernel: 'regression_loss',
    file: 'regression_loss.wgsl',
    line: 'let sums = total + part;',
    fault: 'let sums = part;',
  },
  {
    kernel: 'softmax_cross_entropy',
    file: 'softmax_cross_entropy.wgsl',
    line: 'let sums = total + part;',
    fault: 'let sums = part;',
  },
];

test.each(faults)(
  'planted fault in $file: the conformance of $kernel fails on every launch variant that has it',
  async ({ kernel: name, file, line, fault, caseName = '', failing }) => {
    const gpu = await openTestGpu();
    const cases = ops
      .flatMap((op) => op.cases)
      .filter((one) => one.kernel.name === name && one.name.startsWith(caseName));
    const rows = await runConformance(plantFault(gpu, file, line, fault), { cases });
    const variants = Object.keys(kernels.find((kernel) => kernel.name === name)?.variants ?? {});
    expect(rows.map(({ variant }) => variant).toSorted()).toEqual(variants.toSorted());
    const failed = rows.filter((row) => row.bitEqual < 1 && !(gpu.arithmetic.exact && withinBound(row)));
    if (gpu.arithmetic.exact || failing === undefined)
      expect(failed.map(({ variant }) => variant).toSorted()).toEqual((failing ?? variants).toSorted());
    for (const { firstDifference } of failed) expect(firstDifference?.cpu).not.toBe(firstDifference?.gpu);
  },
  compileMilliseconds,
);

test('the suite tells every row as it is done, and ends after the one at which it is stopped', async () => {
  const gpu = await openTestGpu();
  const cases = ops.flatMap((op) => op.cases).filter(({ kernel }) => ['sgd', 'dropout'].includes(kernel.name));
  const told: string[] = [];
  const rows = await runConformance(gpu, {
    cases,
    onRow: ({ name, variant }, done, count) => told.push(`${name} ${variant}, ${done} of ${count}`),
  });
  expect(told).toHaveLength(rows.length);
  for (const { name, variant } of rows) expect(told.some((row) => row.startsWith(`${name} ${variant}, `))).toBe(true);
  expect(told.at(-1)).toMatch(new RegExp(`, ${rows.length} of ${rows.length}$`));
  const stop = new AbortController();
  const stopped = runConformance(gpu, { cases, signal: stop.signal, onRow: () => stop.abort() });
  await expect(stopped).rejects.toThrow(InterruptedError);
});
