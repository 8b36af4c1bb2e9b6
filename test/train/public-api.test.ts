/** The library as its users see it: everything here comes from src/index.ts. */
import { expect, test } from 'vitest';
import { cpuDevice, evaluateModel, loadDataset, parseRecipe, predictModel, prepare } from '../../src/index.ts';
import { readCheckpoint, readWeights, search, train, writeCheckpoint, writeWeights } from '../../src/index.ts';
import type { Checkpoint, TrainedModel } from '../../src/index.ts';

const recipe = parseRecipe({
  data: { source: 'digits', train: 400, test: 100 },
  model: { layers: [{ type: 'dense', units: 10 }] },
  batch: 40,
  epochs: 3,
});
const files = { read: async () => undefined, describe: (path: string) => path };

test('a model is trained, kept, scored and used', async () => {
  using device = cpuDevice();
  const dataset = await loadDataset(recipe.data, files);
  const result = await train(recipe, { device, dataset }).result;
  const model: unknown = JSON.parse(JSON.stringify(result.model));
  expect(model).toEqual(result.model);

  const trained: TrainedModel = { recipe, member: 0, weights: writeWeights(result.weights), place: 'memory' };
  const { rows: count, accuracy, loss } = await evaluateModel(trained, dataset, 'test', device);
  expect({ count, accuracy, loss }).toEqual({ count: 100, accuracy: result.test?.accuracy, loss: result.test?.loss });

  const { test: testRows } = prepare(recipe, dataset).views[0]!.split;
  const features = dataset.inputs.length / dataset.rowCount;
  const rows = new Float64Array(testRows.length * features);
  for (const [index, row] of testRows.entries()) {
    rows.set(dataset.inputs.subarray(row * features, (row + 1) * features), index * features);
  }
  const { classes } = await predictModel(trained, result.model, { rows, place: 'memory' }, device);
  const right = [...testRows].filter((row, index) => classes?.[index] === dataset.labels?.[row]);
  expect(right.length / testRows.length).toBe(result.test?.accuracy);
});

test('a run goes on from a checkpoint file, and starts from a weights file', async () => {
  using device = cpuDevice();
  const prepared = prepare(recipe, await loadDataset(recipe.data, files));
  const { plan } = prepared;
  const kept: Checkpoint[] = [];
  const run = train(recipe, { device, prepared, checkpointSeconds: 0, chunkMilliseconds: 0 });
  for await (const event of run) if (event.type === 'checkpoint') kept.push(event.checkpoint);
  const result = await run.result;
  const file = writeCheckpoint(plan.model, kept[2]!, {});
  const checkpoint = readCheckpoint(file, 'memory', plan);
  const resumed = await train(recipe, { device, prepared, checkpoint }).result;
  expect(resumed.weightsSha256).toBe(result.weightsSha256);

  const parameters = readWeights(writeWeights(result.weights), 'memory', plan.model, plan.population);
  const again = await train(recipe, { device, prepared, parameters: () => parameters }).result;
  expect(again.train.loss).toBeLessThan(result.train.loss);
});

test('a search takes plain JSON and loads its data', async () => {
  using device = cpuDevice();
  const plain = {
    data: { source: 'digits' as const, train: 200, validation: 50 },
    model: { layers: [{ type: 'dense' as const, units: 10 }] },
    batch: 40,
    epochs: 1,
    search: { space: { l2: { grid: [0, 0.1] } } },
  };
  const { best, table, records } = await search(plain, { device }).result;
  expect(table.length).toBe(2);
  expect(best.value).toBe(Math.max(...table.map(({ value = 0 }) => value)));
  const alone = await train({ ...plain, search: undefined, l2: 0 }, { device }).result;
  expect(
    records.find(({ trial }) => table.find(({ index }) => index === trial)?.values['l2'] === 0)?.weightsSha256,
  ).toBe(alone.weightsSha256);
});
