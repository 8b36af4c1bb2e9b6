// Overfitting 100 examples: a sound model learns them by heart, one that cannot learn is told from it.

import { expect, test } from 'vitest';
import { cpuDevice } from '../../src/train/device.ts';
import { overfit } from '../../src/verify/overfit.ts';
import { denseLayers, tinyDataset, tinyOutputs, tinyRecipe } from './tiny.ts';

const [hidden, last] = denseLayers(['tanh', 'linear'], [48, tinyOutputs]);
const optimizer = { type: 'adam', learningRate: 0.02 };
/** All that keeps a model from learning by heart; taken out, the labels of random points can still be learnt. */
const fields = {
  model: { layers: [hidden, { type: 'dropout', rate: 0.5 }, last] },
  optimizer: { type: 'adamw', learningRate: 0.02, weightDecay: 0.5 },
  l2: 10,
  clipNorm: 1e-3,
  augmentation: { noise: { standardDeviation: 5 } },
};
const dataset = tinyDataset({ rowCount: 140 });

test('a recipe that cannot learn by heart as it stands does so without penalty, dropout and augmentation', async () => {
  using device = cpuDevice();
  const result = await overfit(tinyRecipe(fields), { device, dataset });
  expect(result).toMatchObject({ examples: 100, threshold: 0.05, passed: true });
  expect(result.loss).toBeLessThan(result.threshold);
  expect(result.epochs).toBeLessThan(200);
});

test('the threshold of a squared loss is a share of what the best constant gives', async () => {
  using device = cpuDevice();
  const regression = tinyDataset({ task: 'regression', rowCount: 30 });
  const recipe = tinyRecipe({ model: { layers: [hidden, last] }, optimizer, loss: 'mse' });
  const result = await overfit(recipe, { device, dataset: regression, examples: 12 });
  expect(result).toMatchObject({ examples: 12, passed: true });
  expect(result.threshold).toBeGreaterThan(0.05 * 0.5);
  expect(result.threshold).toBeLessThan(0.05 * 2);
});

test.each(['mae', 'huber'])('the same is true of %s', async (loss) => {
  using device = cpuDevice();
  const regression = tinyDataset({ task: 'regression', rowCount: 30 });
  const recipe = tinyRecipe({ model: { layers: [hidden, last] }, optimizer, loss });
  const result = await overfit(recipe, { device, dataset: regression, examples: 12 });
  expect(result).toMatchObject({ examples: 12, passed: true });
  expect(result.threshold).toBeGreaterThan(0.05 * 0.2);
  expect(result.threshold).toBeLessThan(0.05);
});

test.each([
  ['a rate that leaves the weights alone', { optimizer: { type: 'sgd', learningRate: 1e-12 } }],
  ['a model without room for the examples', { model: { layers: [last] }, optimizer }],
])('planted fault, %s: the loss stays up', async (_, fault) => {
  using device = cpuDevice();
  const result = await overfit(tinyRecipe({ ...fields, ...fault }), { device, dataset, epochs: 30 });
  expect(result).toMatchObject({ epochs: 30, passed: false });
  expect(result.loss).toBeGreaterThan(0.5);
});
