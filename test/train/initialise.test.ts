/** Initial weights: variance and bounds of every name, biases, and seeds. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { initialParameters } from '../../src/model/initialise.ts';
import { buildModel } from '../../src/model/model.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { initNames } from '../../src/recipe/schema.ts';
import type { InitName } from '../../src/recipe/schema.ts';
import expected from './expected.json' with { type: 'json' };

const fanIn = 300;
const fanOut = 100;
const modelWith = (init: InitName) => {
  const layers = [{ type: 'dense', units: fanOut, init }];
  const recipe = parseRecipe({ data: { source: 'digits' }, model: { layers }, epochs: 1 });
  return buildModel(recipe, { inputShape: [fanIn], outputCount: fanOut, task: 'classification' });
};
const draw = (init: InitName, seed = 0) => initialParameters(modelWith(init), seed);

// He et al. 2015; Glorot and Bengio 2010; LeCun et al. 1998; torch.nn.Linear.
const variances: Readonly<Record<InitName, number>> = {
  heNormal: 2 / fanIn,
  heUniform: 2 / fanIn,
  glorotNormal: 2 / (fanIn + fanOut),
  glorotUniform: 2 / (fanIn + fanOut),
  lecunNormal: 1 / fanIn,
  lecunUniform: 1 / fanIn,
  torch: 1 / (3 * fanIn),
};

test.each(initNames)('%s has its variance, its bounds and the mean 0', (init) => {
  const weights = draw(init).subarray(0, fanIn * fanOut);
  const count = weights.length;
  const mean = weights.reduce((sum, w) => sum + w, 0) / count;
  const variance = weights.reduce((sum, w) => sum + (w - mean) ** 2, 0) / count;
  const deviation = Math.sqrt(variances[init]);
  // Four standard errors of mean and variance over 30,000 draws.
  expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(count));
  const normal = init.endsWith('Normal');
  expect(Math.abs(variance / variances[init] - 1)).toBeLessThan(4 * Math.sqrt((normal ? 2 : 0.8) / count));
  const largest = weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  if (normal) {
    expect(largest).toBeGreaterThan(3.5 * deviation);
    expect(largest).toBeLessThan(5.4 * deviation);
  } else {
    expect(largest).toBeLessThanOrEqual(deviation * Math.sqrt(3) * (1 + 1e-7));
    expect(largest).toBeGreaterThan(deviation * Math.sqrt(3) * 0.999);
  }
});

test.each(initNames)('%s starts biases at 0, except as torch does', (init) => {
  const biases = draw(init).subarray(fanIn * fanOut, (fanIn + 1) * fanOut);
  if (init !== 'torch') return expect(biases.every((b) => b === 0)).toBe(true);
  expect(new Set(biases).size).toBeGreaterThan(90);
  expect(biases.every((b) => Math.abs(b) <= Math.fround(1 / Math.sqrt(fanIn)))).toBe(true);
});

test.each(initNames)('%s gives the recorded bits, which hold in every engine', (init) => {
  const sha256 = createHash('sha256')
    .update(new Uint8Array(draw(init).buffer))
    .digest('hex');
  expect(sha256).toBe(expected.initialParameters[init]);
});

test('seeds and layers draw apart, and padding stays 0', () => {
  expect(draw('heNormal', 1)).not.toEqual(draw('heNormal', 2));
  const layers = [
    { type: 'dense', units: 5 },
    { type: 'dense', units: 5 },
  ];
  const recipe = parseRecipe({ data: { source: 'digits' }, model: { layers }, epochs: 1 });
  const model = buildModel(recipe, { inputShape: [5], outputCount: 5, task: 'classification' });
  const arena = initialParameters(model, 0);
  expect(arena.subarray(0, 25)).not.toEqual(arena.subarray(64, 89));
  expect([...arena.subarray(30, 64), ...arena.subarray(94)].every((value) => value === 0)).toBe(true);
});
