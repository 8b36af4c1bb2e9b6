// Verification of recipes on the adapter, and faults planted in single shaders: the kernel that is wrong is named, and no other.

import { expect, test } from 'vitest';
import { InterruptedError } from '../../src/errors.ts';
import { withinBound } from '../../src/verify/compare.ts';
import { verifyRecipe } from '../../src/verify/lockstep.ts';
import { openTestGpu, plantFault } from './gpu.ts';
import { denseLayers, tinyDataset, tinyOutputs, tinyRecipe } from './tiny.ts';

const [first, second, last] = denseLayers(['relu', 'gelu', 'linear'], [33, 9, tinyOutputs]);
const dropout = { type: 'dropout', rate: 0.3 };
const classifier = tinyRecipe({
  model: { layers: [first, dropout, second, last] },
  augmentation: { noise: { standardDeviation: 0.1, fraction: 0.5 } },
  l2: 0.01,
  clipNorm: 0.5,
  batch: 20,
});
const population = tinyRecipe({
  model: { layers: [first, dropout, last] },
  optimizer: { type: 'momentum', nesterov: true },
  members: [{ seed: 1 }, { seed: 2, 'model.layers.1.rate': 0.5, l2: 0.1 }, { seed: 3 }],
});
const regression = tinyRecipe({
  model: { layers: denseLayers(['tanh', 'sigmoid'], [7, tinyOutputs]) },
  loss: 'mse',
  optimizer: { type: 'rmsprop' },
});

test.each([
  ['a classifier', classifier, tinyDataset()],
  ['a population', population, tinyDataset()],
  ['a regression', regression, tinyDataset({ task: 'regression' })],
])('%s agrees with the CPU in every kernel', async (_, recipe, dataset) => {
  const device = await openTestGpu();
  const verification = await verifyRecipe(recipe, { device, dataset });
  expect(verification).toMatchObject({ adapter: device.name, steps: 3 });
  expect(verification.failed).toBeUndefined();
  expect(verification.kernels.every(withinBound)).toBe(true);
  if (device.arithmetic.exact) expect(verification.kernels.filter(({ bitEqual }) => bitEqual < 1)).toEqual([]);
});

test('kernels are listed in the order of their first use, with their elements over all calls', async () => {
  const device = await openTestGpu();
  const { kernels } = await verifyRecipe(classifier, { device, dataset: tinyDataset(), steps: 2 });
  expect(kernels.map(({ name }) => name)).toEqual([
    'gather_floats',
    'augment_noise',
    'dense_forward',
    'dropout',
    'activation_forward',
    'softmax_cross_entropy',
    'batch_metrics',
    'dense_backward_weight',
    'dense_backward_input',
    'activation_backward',
    'gradient_squares',
    'chunk_sums',
    'adam',
    'penalty_squares',
  ]);
  const elements = Object.fromEntries(kernels.map(({ name, elements: count }) => [name, count]));
  expect(elements.batch_metrics).toBe(3 * 3);
  expect(elements.dense_backward_weight).toBe(2 * (6 * 33 + 34 * 9 + 10 * 3));
});

const faults: readonly [kernel: string, file: string, line: string, fault: string, place: string][] = [
  ['dropout', 'dropout.wgsl', 'step.step', '(step.step + 1u)', 'train step 0'],
  ['softmax_cross_entropy', 'softmax_cross_entropy.wgsl', 'd == label', 'd != label', 'train step 0'],
  [
    'batch_metrics',
    'batch_metrics.wgsl',
    'sum += terms[i * LOSS_COLUMNS + lane];',
    'sum += terms[(count - 1u - i) * LOSS_COLUMNS + lane];',
    'train step 0',
  ],
  ['dense_backward_weight', 'dense_backward_weight.wgsl', ', 1.0, col', ', 1.001, col', 'train step 0'],
  [
    'dense_backward_input',
    'dense_backward_input.wgsl',
    'return w[offset >> 2u][offset & 3u];',
    'return -w[offset >> 2u][offset & 3u];',
    'train step 0',
  ],
  ['gradient_squares', 'gradient_squares.wgsl', 'sum + squares.x', 'sum - squares.x', 'train step 0'],
  ['penalty_squares', 'penalty_squares.wgsl', 'sum + value', 'sum - value', 'penalty'],
];

test.each(faults)(
  'planted fault in %s: verification stops there and names it',
  async (name, file, line, fault, place) => {
    const gpu = await openTestGpu();
    // Another order of a sum is a fault only where every bit counts.
    if (name === 'batch_metrics' && !gpu.arithmetic.exact) return;
    const device = plantFault(gpu, file, line, fault);
    const { failed, kernels, steps } = await verifyRecipe(classifier, { device, dataset: tinyDataset(), steps: 1 });
    expect(failed?.name).toBe(name);
    expect(failed?.firstDifference?.where).toMatch(place);
    expect(failed?.firstDifference?.cpu).not.toBe(failed?.firstDifference?.gpu);
    expect(kernels.filter((kernel) => !withinBound(kernel)).map((kernel) => kernel.name)).toEqual([name]);
    expect(steps).toBe(place === 'penalty' ? 1 : 0);
  },
);

test('a difference within the bound is charged to its own kernel, and those after it start from equal values', async () => {
  const gpu = await openTestGpu();
  if (!gpu.arithmetic.exact) return;
  const lenient = { ...gpu, arithmetic: { ...gpu.arithmetic, exact: false } };
  const device = plantFault(
    lenient,
    'dense_forward.wgsl',
    'activate(ACTIVATION, value)',
    'activate(ACTIVATION, value * 1.0000001)',
  );
  const { failed, kernels } = await verifyRecipe(classifier, { device, dataset: tinyDataset() });
  expect(failed).toBeUndefined();
  expect(kernels.filter(({ bitEqual }) => bitEqual < 1).map(({ name }) => name)).toEqual(['dense_forward']);
});

test('a kernel that writes past its block of an arena is named, not the one that trips over it', async () => {
  const device = plantFault(
    await openTestGpu(),
    'dense_backward_weight.wgsl',
    'dw[p.dw + col * p.rows + row] = flush_small(value);',
    `dw[p.dw + col * p.rows + row] = flush_small(value);
     if (col == 0u) { dw[p.dw + (params.inSize + 1u) * params.outSize + row] = 7.0; }`,
  );
  const { failed } = await verifyRecipe(population, { device, dataset: tinyDataset() });
  expect(failed?.name).toBe('dense_backward_weight');
  expect(failed?.firstDifference).toMatchObject({ tensor: expect.stringContaining('the binding of'), cpu: 0, gpu: 7 });
});

test('verification tells every call that it compared, and ends after the one at which it is stopped', async () => {
  const device = await openTestGpu();
  const told: { readonly done: number; readonly count: number }[] = [];
  const stop = new AbortController();
  const verify = (stopAt: number) =>
    verifyRecipe(classifier, {
      device,
      dataset: tinyDataset(),
      steps: 2,
      signal: stop.signal,
      onCall: (done, count) => {
        told.push({ done, count });
        if (done === stopAt) stop.abort();
      },
    });
  await verify(0);
  const count = told.length;
  expect(told).toEqual(Array.from({ length: count }, (_, index) => ({ done: index + 1, count })));
  told.length = 0;
  await expect(verify(5)).rejects.toThrow(InterruptedError);
  expect(told).toHaveLength(5);
});
