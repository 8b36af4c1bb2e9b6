// Sharing memory between tensors that never live together must not change a bit.

import { expect, test } from 'vitest';
import { createCpuExecutor } from '../../src/cpu/executor.ts';
import { createFeed, initialArena, prepare, uploadData } from '../../src/train/session.ts';
import type { Prepared } from '../../src/train/session.ts';
import { denseLayers, tinyDataset, tinyOutputs, tinyRecipe } from './tiny.ts';

const [first, second, last] = denseLayers(['relu', 'gelu', 'linear'], [9, 7, tinyOutputs]);
const recipe = tinyRecipe({
  model: { layers: [first, { type: 'dropout', rate: 0.3 }, second, last] },
  augmentation: { noise: { standardDeviation: 0.1 } },
  clipNorm: 0.5,
  l2: 0.01,
  members: [{ seed: 1 }, { seed: 2 }],
});
const dataset = tinyDataset();

/** Parameters after a few steps, each followed by an evaluation, which uses the same slots. */
async function trained(prepared: Prepared): Promise<Float32Array> {
  using executor = createCpuExecutor(prepared.plan);
  uploadData(prepared, executor);
  executor.write('parameters', initialArena(prepared));
  const feed = createFeed(prepared);
  for (let step = 0; step < 5; step++) {
    executor.run('train', { steps: feed.loadTraining(executor, step, 1, [1, 1]) });
    executor.run('evaluate', feed.loadRows(executor, [prepared.views[0]!.split.validation], 0));
    executor.run('penalty', { steps: [{ step: 0, row: 0, validRows: 0 }] });
  }
  return (await executor.read('parameters')) as Float32Array;
}

test('a plan with shared slots trains to the same bits as one without', async () => {
  const shared = prepare(recipe, dataset);
  const separate = prepare(recipe, dataset, { shareSlots: false });
  const slots = ({ plan }: Prepared) => plan.buffers.filter(({ kind }) => kind === 'slot').length;
  expect(slots(shared)).toBeLessThan(slots(separate) / 2);
  const parameters = await trained(shared);
  expect(parameters).not.toEqual(initialArena(shared));
  expect(parameters).toEqual(await trained(separate));
});
