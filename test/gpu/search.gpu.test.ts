/** A search on the adapter of the tests: the same course and the same bits as on the CPU path. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shaderLibrary } from '../../shaders/index.ts';
import { openGpuDevice } from '../../src/gpu/device.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { runRecipe } from '../../src/search/populations.ts';
import { search } from '../../src/search/search.ts';
import { readSpace } from '../../src/search/space.ts';
import type { SearchResult } from '../../src/search/trials.ts';
import { cpuDevice } from '../../src/train/device.ts';
import type { Device } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import { openTestAdapter } from '../device.ts';
import { memoryBytes, searchRecipe } from '../search/searching.ts';
import { clouds } from '../train/support.ts';

let gpu: GpuDevice;
beforeAll(async () => {
  const { adapter, description } = await openTestAdapter();
  const { name, kind } = description;
  gpu = await openGpuDevice({ adapter, name, software: kind === 'software', shaders: shaderLibrary });
});
afterAll(() => gpu?.[Symbol.dispose]());

const recipe: Recipe = searchRecipe(
  {
    space: { l2: { logUniform: [1e-4, 1e-1] }, 'model.layers.*.rate': { uniform: [0, 0.5] } },
    strategy: 'halving',
    trials: 4,
    factor: 2,
    folds: 3,
  },
  {
    data: { source: 'csv', file: 'in memory', normalize: 'feature', stratify: true },
    model: {
      layers: [
        { type: 'dense', units: 12, activation: 'relu' },
        { type: 'dropout', rate: 0 },
        { type: 'dense', units: 3 },
      ],
    },
    epochs: 8,
  },
);

const searchOn = (device: Device): Promise<SearchResult> =>
  search(recipe, { device, dataset: clouds(), memoryBytes }).result;

test('folds and pruned trials: every run ends with the bits of its recipe trained alone', async () => {
  const result = await searchOn(gpu);
  const done = result.records.filter(({ state }) => state === 'done');
  expect(done.length).toBe(3);
  for (const record of done) {
    const trial = result.table.find(({ index }) => index === record.trial);
    if (trial === undefined) throw new Error('a record has no trial');
    const alone = await train(runRecipe(recipe, readSpace(recipe), trial, record), { device: gpu, dataset: clouds() })
      .result;
    expect(record.weightsSha256).toBe(alone.weightsSha256);
  }
});

test('the table is that of the CPU path', async () => {
  using cpu = cpuDevice();
  const [ours, theirs] = [await searchOn(gpu), await searchOn(cpu)];
  const shape = ({ table }: SearchResult) =>
    table.map(({ index, values, state, step }) => ({ index, values, state, step }));
  if (gpu.arithmetic.exact) expect(ours.table).toEqual(theirs.table);
  else expect(shape(ours).map(({ state }) => state)).toEqual(shape(theirs).map(({ state }) => state));
});
