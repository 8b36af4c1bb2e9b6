// The library inside a page: the recorded run on the page's WebGPU adapter and on its CPU path, to the bit.

import { expect, test } from 'vitest';
import { initialParameters } from '../../src/model/initialise.ts';
import { buildModel } from '../../src/model/model.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { initNames } from '../../src/recipe/schema.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import { openBrowserDevice } from '../../web/index.ts';
import { digitsPopulation, digitsRun } from '../train/digits-run.ts';
import expected from '../train/expected.json';
import { cloudImages, everyLayer, smallRecipe } from '../train/support.ts';

test("three epochs of digits on the page's adapter end with the recorded bits, twice", async () => {
  using device = await openBrowserDevice();
  expect(device.arithmetic.exact).toBe(true);
  for (const chunkMilliseconds of [100, 8]) {
    const result = await train(digitsRun, { device, chunkMilliseconds }).result;
    expect(result.device).toBe('gpu');
    expect(result.weightsSha256).toBe(expected.digits.weightsSha256);
    expect(result.test?.accuracy).toBe(expected.digits.testAccuracy);
  }
});

test("a population of three on the page's adapter ends with the recorded bits", async () => {
  using device = await openBrowserDevice();
  const { members } = await train(digitsPopulation, { device }).result;
  expect(members.map(({ weightsSha256 }) => weightsSha256)).toEqual(expected.digits.population);
});

test("a convolutional network of every kind of layer on the page's adapter ends with the recorded bits", async () => {
  using device = await openBrowserDevice();
  const recipe = smallRecipe({ model: { layers: everyLayer }, batch: 20, epochs: 3 });
  const { weightsSha256 } = await train(recipe, { device, dataset: cloudImages() }).result;
  expect(weightsSha256).toBe(expected.everyLayer);
});

test('the CPU path of the page ends with the recorded bits', async () => {
  using device = cpuDevice();
  const result = await train(digitsRun, { device }).result;
  expect(result.device).toBe('cpu');
  expect(result.weightsSha256).toBe(expected.digits.weightsSha256);
});

test.each(initNames)('the page draws the recorded initial weights of %s', async (init) => {
  const layers = [{ type: 'dense', units: 100, init }];
  const recipe = parseRecipe({ data: { source: 'digits' }, model: { layers }, epochs: 1 });
  const model = buildModel(recipe, { inputShape: [300], outputCount: 100, task: 'classification' });
  const weights = new Uint8Array(initialParameters(model, 0).slice().buffer);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', weights));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  expect(sha256).toBe(expected.initialParameters[init]);
});
