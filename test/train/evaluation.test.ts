/** What a run reports, against the same numbers computed here from its final weights, in float64 and without the project's kernels. */
import { expect, test } from 'vitest';
import { normalize, splitDataset } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { cpuDevice } from '../../src/train/device.ts';
import type { Metrics, TrainResult } from '../../src/train/events.ts';
import { train } from '../../src/train/trainer.ts';
import { clouds, curves, hashes, smallRecipe, trainAll } from './support.ts';

/** Loss of one row of a regression. */
function regressionLoss({ loss, huberDelta }: Recipe, differences: readonly number[]): number {
  const sizes = differences.map(Math.abs);
  const sum = (term: (size: number) => number) => sizes.reduce((total, size) => total + term(size), 0);
  switch (loss) {
    case 'mse':
      return sum((size) => size * size) / sizes.length;
    case 'mae':
      return sum((size) => size) / sizes.length;
    case 'huber':
      return sum((size) => (size < huberDelta ? size ** 2 / 2 : huberDelta * (size - huberDelta / 2))) / sizes.length;
    default:
      return sum((size) => size * size) / 2;
  }
}

/** How many training rows each class has. */
function classCounts({ labels, outputCount }: Dataset, rows: Uint32Array): readonly number[] {
  return Array.from({ length: outputCount }, (_, label) => rows.filter((row) => labels?.[row] === label).length);
}

/** Metrics of a tanh network on rows, by the textbook. */
function expectedMetrics(recipe: Recipe, dataset: Dataset, rows: Uint32Array, result: TrainResult): Metrics {
  const split = splitDataset(dataset, recipe.data);
  const { inputs, scale, shift } = normalize(dataset, split, recipe.data.normalize);
  const features = scale.length;
  const weights = result.weights[0]!;
  const { labelSmoothing, classWeights, evaluation } = recipe;
  const counts = classCounts(dataset, split.train);
  const weightOf = (label: number) =>
    classWeights === 'balanced' ? split.train.length / (counts.length * counts[label]!) : (classWeights?.[label] ?? 1);
  let lossSum = 0;
  let right = 0;
  let nearlyRight = 0;
  let squaredError = 0;
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
      const logSum = Math.log(y.reduce((sum, logit) => sum + Math.exp(logit), 0));
      const target = y.map((_, c) => (c === label ? 1 - labelSmoothing : 0) + labelSmoothing / y.length);
      lossSum += weightOf(label) * y.reduce((sum, logit, c) => sum + target[c]! * (logSum - logit), 0);
      if (y.indexOf(Math.max(...y)) === label) right++;
      if (y.toSorted((a, b) => b - a).indexOf(y[label]!) < (evaluation.topK ?? 0)) nearlyRight++;
    } else {
      const differences = y.map((value, o) => value - dataset.targets![row * y.length + o]!);
      squaredError += differences.reduce((total, difference) => total + difference ** 2, 0);
      lossSum += regressionLoss(recipe, differences);
    }
  }
  const squares = Object.entries(weights)
    .filter(([name]) => name.endsWith('weight'))
    .flatMap(([, { data }]) => [...data])
    .reduce((sum, w) => sum + w * w, 0);
  const factor = { '1': 1, '1/2': 1 / 2, '1/(2n)': 1 / (2 * split.train.length) }[recipe.l2Factor];
  const loss = lossSum / rows.length;
  const cost = loss + recipe.l2 * factor * squares;
  if (dataset.labels) {
    const topKAccuracy = evaluation.topK === undefined ? undefined : nearlyRight / rows.length;
    return { loss, cost, accuracy: right / rows.length, ...(topKAccuracy !== undefined && { topKAccuracy }) };
  }
  const width = dataset.outputCount;
  const columns = Array.from({ length: width }, (_, o) =>
    Array.from(rows, (row) => dataset.targets![row * width + o]!),
  );
  const deviation = columns.reduce((total, column) => {
    const mean = column.reduce((sum, target) => sum + target, 0) / column.length;
    return total + column.reduce((sum, target) => sum + (target - mean) ** 2, 0);
  }, 0);
  return { loss, cost, rmse: Math.sqrt(squaredError / rows.length / width), r2: 1 - squaredError / deviation };
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
  ['a regression by absolute errors', curves(), { ...regression, loss: 'mae' }],
  ['a regression by the Huber loss', curves(), { ...regression, loss: 'huber', huberDelta: 0.5 }],
  ['smoothed classes', clouds(), { ...classification, labelSmoothing: 0.25, evaluation: { batch: 8, topK: 2 } }],
  ['weighted classes', clouds(), { ...classification, classWeights: [0.5, 3, 1] }],
  ['balanced and smoothed classes', clouds(), { ...classification, classWeights: 'balanced', labelSmoothing: 0.125 }],
] as const)('train, validation and test of %s are right', async (_name, dataset, fields) => {
  const recipe = smallRecipe({ evaluation: { batch: 8 }, ...fields, batch: 9 });
  const { result } = await trainAll(recipe, { dataset });
  const split = splitDataset(dataset, recipe.data);
  for (const name of ['train', 'validation', 'test'] as const) {
    const expected = expectedMetrics(recipe, dataset, split[name], result);
    const came = result[name]!;
    // Float32 against float64 over two layers.
    expect(Math.abs(came.loss / expected.loss - 1), `${name} loss`).toBeLessThan(2e-6);
    expect(Math.abs(came.cost / expected.cost - 1), `${name} cost`).toBeLessThan(2e-6);
    expect(Object.keys(came).toSorted()).toEqual(Object.keys(expected).toSorted());
    expect(came.accuracy).toBe(expected.accuracy);
    expect(came.topKAccuracy).toBe(expected.topKAccuracy);
    expect(came.rmse ?? 0, `${name} RMSE`).toBeCloseTo(expected.rmse ?? 0, 6);
    expect(came.r2 ?? 0, `${name} R²`).toBeCloseTo(expected.r2 ?? 0, 6);
    expect(came.cost > came.loss).toBe(recipe.l2 > 0);
  }
});

test('RMSE and R² of an evaluation are those of the batches since the last one', async () => {
  const recipe = smallRecipe({
    ...regression,
    data: { ...regression.data, validation: 0, test: 0 },
    // All 64 rows are one batch.
    batch: 64,
    loss: 'mse',
    epochs: 3,
  });
  const { evaluations } = await trainAll(recipe, { dataset: curves() });
  const { targets } = curves();
  const variance = [0, 1].reduce((total, output) => {
    const column = targets!.filter((_, index) => index % 2 === output);
    const mean = column.reduce((sum, target) => sum + target, 0) / 64;
    return total + column.reduce((sum, target) => sum + (target - mean) ** 2, 0) / 64;
  }, 0);
  for (const { members } of evaluations) {
    const { loss, rmse, r2 } = members[0]!.train;
    expect(rmse).toBeCloseTo(Math.sqrt(loss), 6);
    expect(r2).toBeCloseTo(1 - (2 * loss) / variance, 6);
  }
});

test('targets that do not vary have no R²', async () => {
  const dataset = { ...curves(), targets: new Float32Array(128).fill(2) };
  const { result } = await trainAll(smallRecipe({ ...regression, loss: 'mae', epochs: 1 }), { dataset });
  expect(Object.keys(result.test!)).toEqual(['loss', 'cost', 'rmse']);
});

test('class weights and label smoothing of nothing change no bit', async () => {
  const plain = await trainAll(smallRecipe());
  const neutral = await trainAll(smallRecipe({ labelSmoothing: 0, classWeights: [1, 1, 1], evaluation: { topK: 2 } }));
  expect(hashes(neutral)).toEqual(hashes(plain));
  expect(neutral.result.test).toEqual(plain.result.test);
  expect(neutral.result.validation).toMatchObject(plain.result.validation!);
  for (const fields of [{ labelSmoothing: 0.1 }, { classWeights: [1, 1, 2] }]) {
    expect(hashes(await trainAll(smallRecipe(fields)))).not.toEqual(hashes(plain));
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
