/** What a run reports, against the same numbers computed here from its final weights, in float64 and without the project's kernels. */
import { expect, test } from 'vitest';
import { normalize, splitDataset } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { cpuDevice } from '../../src/train/device.ts';
import type { Metrics, TrainResult } from '../../src/train/events.ts';
import { train } from '../../src/train/trainer.ts';
import { clouds, curves, hashes, smallRecipe, trainAll } from './support.ts';

/** Loss, cost and accuracy of a tanh network on rows, by the textbook. */
function expectedMetrics(recipe: Recipe, dataset: Dataset, rows: Uint32Array, result: TrainResult): Metrics {
  const split = splitDataset(dataset, recipe.data);
  const { inputs, scale, shift } = normalize(dataset, split, recipe.data.normalize);
  const features = scale.length;
  const weights = result.weights[0]!;
  let lossSum = 0;
  let right = 0;
  for (const row of rows) {
    let y = Array.from({ length: features }, (_, i) => inputs[row * features + i]! * scale[i]! + shift[i]!);
    for (const layer of [1, 2]) {
      const w = weights[`dense${layer}.weight`]!;
      const b = weights[`dense${layer}.bias`]!.data;
      const z = [...b].map((bias, o) => y.reduce((sum, x, i) => sum + x * w.data[i * b.length + o]!, bias));
      y = layer === 1 ? z.map(Math.tanh) : z;
    }
    if (dataset.labels) {
      const label = dataset.labels[row]!;
      lossSum += Math.log(y.reduce((sum, logit) => sum + Math.exp(logit), 0)) - y[label]!;
      if (y.indexOf(Math.max(...y)) === label) right++;
    } else {
      const squares = y.map((value, o) => (value - dataset.targets![row * y.length + o]!) ** 2);
      const sum = squares.reduce((total, square) => total + square, 0);
      lossSum += recipe.loss === 'mse' ? sum / y.length : sum / 2;
    }
  }
  const squares = Object.entries(weights)
    .filter(([name]) => name.endsWith('weight'))
    .flatMap(([, { data }]) => [...data])
    .reduce((sum, w) => sum + w * w, 0);
  const factor = { '1': 1, '1/2': 1 / 2, '1/(2n)': 1 / (2 * split.train.length) }[recipe.l2Factor];
  const loss = lossSum / rows.length;
  const accuracy = dataset.labels ? { accuracy: right / rows.length } : {};
  return { loss, cost: loss + recipe.l2 * factor * squares, ...accuracy };
}

const regression = {
  data: { source: 'csv', file: 'in memory', task: 'regression', validation: 9, test: 8 },
  model: {
    layers: [
      { type: 'dense', units: 9, activation: 'tanh' },
      { type: 'dense', units: 2 },
    ],
  },
};
const classification = { data: { source: 'csv', file: 'in memory', validation: 21, test: 17, normalize: 'feature' } };
const images = { data: { ...classification.data, normalize: 'channel' } };

test.each([
  ['classes and the penalty', clouds(), { ...classification, l2: 0.01 }],
  ['classes and half the penalty', clouds(), { ...classification, l2: 0.01, l2Factor: '1/2' }],
  ['images and the penalty over 2n', clouds({ bytes: true }), { ...images, l2: 0.5, l2Factor: '1/(2n)' }],
  ['a regression by mse', curves(), { ...regression, loss: 'mse', l2: 0.02 }],
  ['a regression by half the squares', curves(), { ...regression, loss: 'quadratic' }],
] as const)('train, validation and test of %s are right', async (_name, dataset, fields) => {
  const recipe = smallRecipe({ ...fields, batch: 9, evaluation: { batch: 8 } });
  const { result } = await trainAll(recipe, { dataset });
  const split = splitDataset(dataset, recipe.data);
  for (const name of ['train', 'validation', 'test'] as const) {
    const expected = expectedMetrics(recipe, dataset, split[name], result);
    const came = result[name]!;
    // Float32 against float64 over two layers.
    expect(Math.abs(came.loss / expected.loss - 1), `${name} loss`).toBeLessThan(2e-6);
    expect(Math.abs(came.cost / expected.cost - 1), `${name} cost`).toBeLessThan(2e-6);
    expect(came.accuracy).toBe(expected.accuracy);
    expect(came.cost > came.loss).toBe(recipe.l2 > 0);
  }
});

test('splits that are not there are absent from the events and the result', async () => {
  const { result, evaluations } = await trainAll(smallRecipe({ data: { source: 'csv', file: 'in memory' } }));
  expect(result).not.toHaveProperty('validation');
  expect(result).not.toHaveProperty('test');
  expect(evaluations[0]!.members[0]).not.toHaveProperty('validation');
});

test.each([
  ['every epoch, without saying so', {}, [6, 12, 18, 24, 30, 36]],
  ['every four epochs and at the end', { everyEpochs: 4 }, [24, 36]],
  ['every seven steps and at the end', { everySteps: 7 }, [7, 14, 21, 28, 35, 36]],
  ['only at the end', { everySteps: 1000 }, [36]],
] as const)('evaluations come %s', async (_name, evaluation, steps) => {
  const { evaluations, result } = await trainAll(smallRecipe({ evaluation }));
  expect(evaluations.map(({ step }) => step)).toEqual(steps);
  expect(evaluations.map(({ epoch }) => epoch)).toEqual(steps.map((step) => step / 6));
  expect(evaluations.at(-1)!.members[0]!.validation).toEqual(result.validation);
});

test('evaluating and chunking leave no trace in the weights', async () => {
  const runs = await Promise.all([
    trainAll(smallRecipe(), { chunkMilliseconds: 0 }),
    trainAll(smallRecipe(), { chunkMilliseconds: 1000, checkpointSeconds: 0 }),
    trainAll(smallRecipe({ evaluation: { everySteps: 1, batch: 7 } })),
  ]);
  expect(new Set(runs.map(({ result }) => result.weightsSha256)).size).toBe(1);
});

test('the training loss of an evaluation is the mean over the batches since the last one', async () => {
  const recipe = smallRecipe({ evaluation: { everySteps: 9 }, steps: 18 });
  const { events, evaluations } = await trainAll(recipe, { chunkMilliseconds: 0 });
  let before = 0;
  let sum = 0;
  const means: number[] = [];
  for (const event of events) {
    if (event.type === 'progress') {
      sum += event.losses[0]! * (event.step - before);
      before = event.step;
    } else if (event.type === 'evaluation') {
      means.push(sum / 9);
      sum = 0;
    }
  }
  expect(means).toHaveLength(2);
  for (const [index, mean] of means.entries()) expect(evaluations[index]!.members[0]!.train.loss).toBeCloseTo(mean, 12);
});

test('a run starts with what is known before it and ends with a checkpoint', async () => {
  const { events, result, checkpoints } = await trainAll(smallRecipe());
  expect(events[0]).toMatchObject({
    type: 'start',
    device: 'cpu',
    steps: 36,
    stepsPerEpoch: 6,
    step: 0,
    parameters: 6 * 12 + 12 + 12 * 3 + 3,
    recipe: { batch: 10, l2: 0, clipNorm: 0 },
  });
  expect(events.at(-1)!.type).toBe('checkpoint');
  expect(checkpoints.at(-1)!.counters).toMatchObject({ step: 36, evaluations: 6, evaluatedAt: 36 });
  expect(result).toMatchObject({ steps: 36, epochs: 6, seed: 0, parameters: 123 });
  expect(result.members).toHaveLength(1);
});

test('the result comes without taking the events, and is the same', async () => {
  const taken = await trainAll(smallRecipe());

  using device = cpuDevice();
  const result = await train(smallRecipe(), { device, dataset: clouds() }).result;
  expect(result.weightsSha256).toBe(hashes(taken)[0]);
});

test('leaving the loop early ends the run, and its result says so', async () => {
  using device = cpuDevice();
  const run = train(smallRecipe(), { device, dataset: clouds() });
  for await (const event of run) if (event.type === 'evaluation') break;
  await expect(run.result).rejects.toThrow('interrupted after step 6.');
});

test('seeds decide, and equal seeds agree', async () => {
  const sha = async (fields: object) => (await trainAll(smallRecipe(fields))).result.weightsSha256;
  const data = { source: 'csv', file: 'in memory', validation: 30, normalize: 'feature' };
  const plain = await sha({});
  expect(await sha({ seed: 0 })).toBe(plain);
  expect(await sha({ seed: 1 })).not.toBe(plain);
  expect(await sha({ data: { ...data, seed: 1 } })).not.toBe(plain);
  expect(await sha({ data: { ...data, shuffle: false } })).not.toBe(plain);
});
