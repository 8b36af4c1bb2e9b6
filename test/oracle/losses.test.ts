/** Ten expected losses of small models, recorded from PyTorch in float64 by losses.py. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { float32, float64 } from '../../src/arithmetic/arithmetic.ts';
import type { Arithmetic } from '../../src/arithmetic/arithmetic.ts';
import { denseNetwork, follow, recipeOf, relativeDistance } from './follow.ts';
import type { RecordedModel } from './follow.ts';

interface RecordedLosses extends RecordedModel {
  readonly optimizer: string;
  readonly options: { readonly lr: number };
  /** Of the recipe, beside the model's. */
  readonly fields?: object;
  readonly losses: readonly number[];
}

const { models } = JSON.parse(readFileSync(new URL('losses.json', import.meta.url), 'utf8')) as {
  models: Readonly<Record<'a' | 'b' | 'mae' | 'huber' | 'smoothed' | 'weighted', RecordedLosses>>;
};

function losses(model: RecordedLosses, math: Arithmetic) {
  const optimizer = { type: model.optimizer.toLowerCase(), learningRate: model.options.lr };
  const steps = model.losses.length;
  const network = denseNetwork(model);
  return follow(network, recipeOf(network, { optimizer, batch: model.x.length, steps, ...model.fields }), math, [
    steps,
  ]);
}

// The plan holds 1/batch as a float32, which 1/20 is not: half an ulp of it, 3e-8, is in every gradient of model a.
test.each([
  ['a', 'float64', float64, 6e-8],
  ['b', 'float64', float64, 1e-12],
  ['mae', 'float64', float64, 1e-12],
  ['huber', 'float64', float64, 1e-12],
  ['smoothed', 'float64', float64, 1e-12],
  ['weighted', 'float64', float64, 1e-12],
  ['a', 'float32', float32, 2e-6],
  ['b', 'float32', float32, 2e-6],
  ['mae', 'float32', float32, 2e-6],
  ['huber', 'float32', float32, 2e-6],
  ['smoothed', 'float32', float32, 2e-6],
  ['weighted', 'float32', float32, 2e-6],
] as const)('model %s has the ten expected losses in %s', async (name, _format, math, bound) => {
  const model = models[name];
  const { losses: came } = await losses(model, math);
  expect(came).toHaveLength(10);
  expect(relativeDistance(came, model.losses)).toBeLessThan(bound);
});

test.each([
  ['huber', { huberDelta: 1 }],
  ['smoothed', { labelSmoothing: 0 }],
  ['weighted', { classWeights: undefined }],
] as const)('the losses of %s without its field are not the expected ones', async (name, fields) => {
  const model = models[name];
  const { losses: came } = await losses({ ...model, fields: { ...model.fields, ...fields } }, float64);
  expect(relativeDistance(came, model.losses)).toBeGreaterThan(1e-3);
});

test('the losses of a model with another activation are not the expected ones', async () => {
  const model = { ...models.b, activations: ['tanh', 'linear'] };
  const { losses: came } = await losses(model, float64);
  expect(relativeDistance(came, model.losses)).toBeGreaterThan(1e-3);
});
