// Random models of every kind of layer, with branches and populations: gradients against differences, and shared memory against a buffer
// for each tensor. Which tensor may lie in whose place depends on what stands beside what: no list of cases has it all.

import { expect, test } from 'vitest';
import { drawBits, streams } from '../../src/random/draws.ts';
import { activationNames } from '../../src/recipe/schema.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { gradcheck, gradientTolerance } from '../../src/verify/gradcheck.ts';
import { verifySlots } from '../../src/verify/slots.ts';
import { tinyDataset, tinyOutputs, tinyRecipe } from './tiny.ts';

const inputShape = [6, 5, 3];

/** A model drawn from a seed: blocks of a few kinds on images of four channels, then dense layers. */
function drawLayers(seed: number): readonly object[] {
  let count = 0;
  const draw = (bound: number) => drawBits(seed, streams.synthetic, 0, 5, count++) % bound;
  const activation = () => activationNames[draw(activationNames.length)]!;
  const smooth = () => (['tanh', 'sigmoid', 'gelu', 'linear'] as const)[draw(4)]!;
  const layers: object[] = [{ type: 'conv2d', filters: 4, padding: 'same', activation: activation(), name: 'first' }];
  let top = 'first';
  const blocks: (() => readonly object[])[] = [
    () => [{ type: 'conv2d', filters: 4, padding: 'same', activation: activation(), bias: draw(2) === 0 }],
    () => [{ type: 'batchNorm', activation: smooth(), epsilon: 0.1 }],
    () => [{ type: 'layerNorm', activation: activation(), epsilon: 0.1 }],
    () => [{ type: 'maxPool2d', size: 2, stride: 1, padding: 'same' }],
    () => [{ type: 'averagePool2d', size: 3, stride: 1, padding: 'same' }],
    () => [{ type: 'dropout', rate: 0.2 }],
    () => [{ type: 'gaussianNoise', standardDeviation: 0.1 }],
  ];
  for (let index = 0; index < 4; index++) {
    const [inner] = blocks[draw(blocks.length)]!();
    layers.push({ ...inner, name: `inner${index}`, input: top });
    if (draw(2) === 0) {
      top = `inner${index}`;
      continue;
    }
    layers.push({ type: 'add', name: `sum${index}`, inputs: [top, `inner${index}`], activation: activation() });
    top = `sum${index}`;
  }
  if (draw(2) === 0) layers.push({ type: 'flatten' });
  return [...layers, { type: 'dense', units: 5, activation: activation() }, { type: 'dense', units: tinyOutputs }];
}

const seeds = Array.from({ length: 16 }, (_, seed) => seed);

test.each(seeds)('model %i has right gradients, and shares no memory that is still wanted', async (seed) => {
  const dataset = tinyDataset({ inputShape });
  const recipe = tinyRecipe({ model: { layers: drawLayers(seed) }, l2: 0.01 });
  const { tensors } = await gradcheck(recipe, { dataset });
  // Narrow norms bend so much that differences of 1e-5 miss by some parts in ten million.
  const wrong = tensors.filter(
    ({ relativeError, directionError = 0 }) => Math.max(relativeError, directionError) > 10 * gradientTolerance,
  );
  expect(wrong).toEqual([]);
  const population = { ...recipe, members: [{ seed: 1 }, { seed: 2 }] };
  const { failed } = await verifySlots(population, { device: cpuDevice(), dataset, steps: 1 });
  expect(failed).toBeUndefined();
});
