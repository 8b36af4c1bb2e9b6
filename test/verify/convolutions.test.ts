// Gradients of networks with convolutions against central differences, in float64.

import { expect, test } from 'vitest';
import { gradcheck, gradientTolerance } from '../../src/verify/gradcheck.ts';
import { tinyDataset, tinyOutputs, tinyRecipe } from './tiny.ts';

const last = { type: 'dense', units: tinyOutputs };
const conv = (fields: object) => ({ type: 'conv2d', filters: 3, ...fields });

test.each([
  ['one pixel', [1, 1, 1], [conv({ kernel: 1, activation: 'tanh' })]],
  ['one column, a kernel beyond the image', [5, 1, 3], [conv({ kernel: [2, 5], padding: 'same' })]],
  ['a stride beyond the kernel', [7, 6, 1], [conv({ kernel: [2, 1], stride: [3, 2], activation: 'sigmoid' })]],
  ['an even kernel, same, stride 2', [6, 5, 2], [conv({ kernel: 4, stride: 2, padding: 'same', activation: 'tanh' })]],
  ['without a bias', [4, 4, 2], [conv({ bias: false, activation: 'tanh' }), conv({ kernel: 2, bias: false })]],
  [
    'three in a row with relu, leakyRelu and gelu',
    [8, 7, 3],
    [
      conv({ filters: 5, padding: 'same', activation: 'relu' }),
      conv({ kernel: 2, stride: 2, activation: 'leakyRelu' }),
      conv({ filters: 4, kernel: [1, 2], activation: 'gelu' }),
    ],
  ],
  ['33 channels', [3, 3, 33], [conv({ filters: 33, kernel: 2, activation: 'tanh' })]],
  [
    'a residual block',
    [5, 5, 2],
    [
      conv({ name: 'start', filters: 4, padding: 'same', activation: 'relu' }),
      conv({ filters: 4, padding: 'same', activation: 'relu' }),
      conv({ name: 'end', filters: 4, padding: 'same' }),
      { type: 'add', inputs: ['start', 'end'], activation: 'relu' },
    ],
  ],
])('the gradients of a network agree with central differences: %s', async (_, inputShape, layers) => {
  const recipe = tinyRecipe({ model: { layers: [...layers, last] }, l2: 0.01 });
  const { tensors, passed } = await gradcheck(recipe, { dataset: tinyDataset({ inputShape }) });
  for (const { name, relativeError } of tensors)
    expect([name, relativeError < gradientTolerance]).toEqual([name, true]);
  expect(passed).toBe(true);
});

test('the gradient of a batch of one row', async () => {
  const recipe = tinyRecipe({ model: { layers: [conv({ padding: 'same', activation: 'tanh' }), last] }, batch: 1 });
  const { passed } = await gradcheck(recipe, { dataset: tinyDataset({ inputShape: [4, 3, 3] }), examples: 1 });
  expect(passed).toBe(true);
});
