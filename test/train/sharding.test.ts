/** A data set in several shards, for adapters that bind less than the whole, trains to the same bits. */
import { expect, test } from 'vitest';
import { createCpuExecutor } from '../../src/cpu/executor.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { createFeed, initialArena, prepare, uploadData } from '../../src/train/session.ts';
import type { PrepareOptions } from '../../src/train/session.ts';
import { evaluateSplit } from '../../src/train/evaluate.ts';
import { weightsSha256 } from '../../src/train/checkpoint.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { clouds } from './support.ts';

/** Trains 25 steps on a plan built with these options. */
async function trainWith(dataset: Dataset, fields: object, options: PrepareOptions) {
  const recipe = parseRecipe({
    data: { source: 'csv', file: 'in memory', validation: 100, normalize: 'unit' },
    model: {
      layers: [
        { type: 'dense', units: 5, activation: 'tanh' },
        { type: 'dense', units: 3 },
      ],
    },
    batch: 8,
    evaluation: { batch: 8 },
    steps: 25,
    ...fields,
  });
  const prepared = prepare(recipe, dataset, options);
  const { plan, members } = prepared;
  using executor = createCpuExecutor(plan);
  uploadData(prepared, executor);
  executor.write('parameters', initialArena(prepared));
  const feed = createFeed(prepared);
  executor.run('train', {
    steps: feed.loadTraining(
      executor,
      0,
      25,
      members.map(() => 1),
    ),
  });
  const parameters = (await executor.read('parameters')) as Float32Array;
  return {
    shards: plan.buffers.filter(({ name }) => /^inputs\d+$/.test(name)).length,
    hashes: await Promise.all(members.map((_, member) => weightsSha256(plan.model, parameters, member))),
    metrics: await evaluateSplit(prepared, executor, feed, 'validation'),
  };
}

const members = [{ 'data.seed': 1 }, { 'data.seed': 2, seed: 3 }];
const limit = 48 * 1024;

test.each([
  ['bytes', clouds({ rowCount: 1701, features: 64, bytes: true }), {}, 3],
  ['numbers', clouds({ rowCount: 701, features: 64 }), {}, 4],
  [
    'bytes seen by members with data seeds of their own',
    clouds({ rowCount: 1701, features: 64, bytes: true }),
    { members },
    3,
  ],
  ['numbers seen by members with data seeds of their own', clouds({ rowCount: 701, features: 64 }), { members }, 8],
] as const)('%s in shards train to the same bits', async (_name, dataset, fields, shards) => {
  const whole = await trainWith(dataset, fields, {});
  const split = await trainWith(dataset, fields, { maxBindingBytes: limit * ('members' in fields ? 2 : 1) });
  expect(whole.shards).toBe(1);
  expect(split.shards).toBe('members' in fields ? Math.ceil(shards / 2) : shards);
  expect(split.hashes).toEqual(whole.hashes);
  expect(split.metrics).toEqual(whole.metrics);
});
