/** Ten expected losses of two small models, recorded from PyTorch in float64 by losses.py. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { float32, float64 } from '../../src/arithmetic/arithmetic.ts';
import type { Arithmetic } from '../../src/arithmetic/arithmetic.ts';
import { follow, recipeOf, relativeDistance } from './follow.ts';
import type { RecordedModel } from './follow.ts';

interface RecordedLosses extends RecordedModel {
  readonly optimizer: string;
  readonly options: { readonly lr: number };
  readonly losses: readonly number[];
}

const { models } = JSON.parse(readFileSync(new URL('losses.json', import.meta.url), 'utf8')) as {
  models: Readonly<Record<'a' | 'b', RecordedLosses>>;
};

function losses(model: RecordedLosses, math: Arithmetic) {
  const optimizer = { type: model.optimizer.toLowerCase(), learningRate: model.options.lr };
  const steps = model.losses.length;
  return follow(model, recipeOf(model, { optimizer, batch: model.x.length, steps }), math, [steps]);
}

// The plan holds 1/batch as a float32, which 1/20 is not: half an ulp of it, 3e-8, is in every gradient of model a.
test.each([
  ['a', 'float64', float64, 6e-8],
  ['b', 'float64', float64, 1e-12],
  ['a', 'float32', float32, 2e-6],
  ['b', 'float32', float32, 2e-6],
] as const)('model %s has the ten expected losses in %s', async (name, _format, math, bound) => {
  const model = models[name];
  const { losses: came } = await losses(model, math);
  expect(came).toHaveLength(10);
  expect(relativeDistance(came, model.losses)).toBeLessThan(bound);
});

test('the losses of a model with another activation are not the expected ones', async () => {
  const model = { ...models.b, activations: ['tanh', 'linear'] };
  const { losses: came } = await losses(model, float64);
  expect(relativeDistance(came, model.losses)).toBeGreaterThan(1e-3);
});
