// The range test: its points, where it ends, what it leaves of the recipe, and what is put into one. Suggestions: rate-suggestions.test.ts.
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { DataError, InterruptedError, RecipeError } from '../../src/errors.ts';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { RecipeInput } from '../../src/recipe/schema.ts';
import { applyRange } from '../../src/lr-find/apply-range.ts';
import { rangeDefaults, rangeTest } from '../../src/lr-find/range-test.ts';
import type { RangeTestOptions } from '../../src/lr-find/range-test.ts';
import type { RangePoint } from '../../src/lr-find/range-curves.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import { clouds, curves } from '../train/support.ts';

const classifier = {
  data: { source: 'digits' },
  model: { layers: [{ type: 'dense', units: 3 }] },
  optimizer: { type: 'sgd' },
  batch: 10,
  epochs: 3,
} as const;

const regression = { ...classifier, loss: 'mse', model: { layers: [{ type: 'dense', units: 2 }] } } as const;

function run(recipe: object, dataset: Dataset, options: Partial<RangeTestOptions>): ReturnType<typeof rangeTest> {
  return rangeTest(parseRecipe(recipe), { device: cpuDevice(), dataset, ...options });
}

test('a test has a point for every step, at the rates of its curve, with the losses of its training', async () => {
  const dataset = clouds();
  const result = await run({ ...classifier, l2: 0.01 }, dataset, { epochs: 4, from: 1e-4, to: 0.1 });
  expect(result).toMatchObject({ ended: 'complete', steps: 36, stepsPerEpoch: 9, curve: 'exponential' });
  expect(result.points.map(({ step }) => step)).toEqual(Array.from({ length: 36 }, (_, step) => step));
  expect(result.points[0]?.rate).toBeCloseTo(1e-4, 12);
  expect(result.points[7]?.rate).toBeCloseTo(1e-4 * 1000 ** (7 / 35), 12);
  expect(result.points[35]?.rate).toBeCloseTo(0.1, 12);
  const { recipe } = result;
  expect(recipe).toMatchObject({ l2: 0.01, optimizer: { type: 'sgd' }, batch: 10 });
  const sums: { loss: number; accuracy: number }[] = [];
  for await (const event of train(
    { ...recipe, evaluation: { batch: 256, everySteps: 12 } },
    { device: cpuDevice(), dataset },
  )) {
    if (event.type !== 'evaluation') continue;
    const { loss, accuracy = Number.NaN } = event.members[0]?.train ?? { loss: Number.NaN };
    sums.push({ loss, accuracy });
  }
  const meanOf = (from: number, value: (point: RangePoint) => number): number =>
    result.points.slice(from, from + 12).reduce((sum, point) => sum + value(point), 0) / 12;
  for (const [index, { loss, accuracy }] of sums.entries()) {
    expect(meanOf(12 * index, (point) => point.loss)).toBeCloseTo(loss, 12);
    expect(meanOf(12 * index, (point) => point.accuracy ?? Number.NaN)).toBeCloseTo(accuracy, 12);
  }
  expect(sums).toHaveLength(3);
});

test('a linear test has equal distances, and a regression has no accuracy', async () => {
  const result = await run(regression, curves(), { steps: 5, from: 0.1, to: 0.5, curve: 'linear' });
  expect(result.points.map(({ rate }) => Number(rate.toFixed(12)))).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
  expect(Object.keys(result.points[0] ?? {})).toEqual(['step', 'rate', 'loss', 'smoothedLoss']);
});

test('without a length a test of a small set has at least so many steps, in whole epochs', async () => {
  const counts: number[] = [];
  const controller = new AbortController();
  const options = { signal: controller.signal, onStart: ({ steps }: { readonly steps: number }) => counts.push(steps) };
  controller.abort();
  await expect(run(classifier, clouds(), options)).rejects.toThrow(InterruptedError);
  expect(counts).toEqual([9 * Math.ceil(rangeDefaults.steps / 9)]);
});

test('early stopping, a search and other lengths of the recipe are left out; the evaluation is at the end', async () => {
  const { recipe } = await run(
    {
      ...classifier,
      epochs: undefined,
      cycles: 1,
      schedule: { type: 'cyclic', stepSize: 5 },
      earlyStopping: { patience: 1 },
      evaluation: { everyEpochs: 1 },
      search: { space: { l2: { logUniform: [1e-5, 1e-1] } } },
    },
    clouds(),
    { steps: 8 },
  );
  expect(recipe).toMatchObject({ steps: 8, evaluation: { everySteps: 8 }, schedule: { type: 'rangeTest' } });
  for (const name of ['earlyStopping', 'search', 'cycles', 'epochs']) expect(recipe).not.toHaveProperty(name);
});

test('a loss that grows beyond four times its lowest ends the test with the point that shows it', async () => {
  const result = await run(regression, curves(), { steps: 200, from: 1e-2, to: 1e4, smoothing: 0.5 });
  const { points, ended } = result;
  expect(ended).toBe('diverged');
  expect(points.length).toBeLessThan(200);
  const lowest = Math.min(...points.map(({ smoothedLoss }) => smoothedLoss));
  expect(points.at(-1)?.smoothedLoss).toBeGreaterThan(4 * lowest);
  expect(points.at(-2)?.smoothedLoss).toBeLessThanOrEqual(4 * lowest);
  const slow = await run(regression, curves(), {
    steps: 200,
    from: 1e-2,
    to: 1e4,
    smoothing: 0.5,
    chunkMilliseconds: 1e-6,
  });
  expect(slow.points).toEqual(points);
});

test('a loss that is not finite ends the test after the last that is, wherever chunks end', async () => {
  // The second step multiplies the weights by so much that the squares of the third overflow.
  const options = { steps: 40, from: 1e-3, to: 1e38, curve: 'linear' as const };
  const result = await run(regression, curves(), options);
  expect(result).toMatchObject({
    ended: 'notFinite',
    suggestions: { notes: [expect.any(String), expect.any(String)] },
  });
  expect(result.points.map(({ step }) => step)).toEqual([0, 1]);
  expect((await run(regression, curves(), { ...options, chunkMilliseconds: 1e-6 })).points).toEqual(result.points);
});

test('a loss that is not finite at once ends the test without a point', async () => {
  const dataset = { ...curves(), targets: curves().targets?.map(() => 3e38) ?? new Float32Array() };
  const { points, ended } = await run(regression, dataset, { steps: 5 });
  expect({ points, ended }).toEqual({ points: [], ended: 'notFinite' });
});

test.each([
  [
    { from: 0, curve: 'linear' as const },
    'from: expected a learning rate above 0, got 0, which has no logarithm: rates are told apart by their factor. The standard is 0.00001.',
  ],
  [{ from: Number.NaN }, 'from: expected a learning rate above 0, got NaN. The standard is 0.00001.'],
  [{ from: 0.1, to: 0.1 }, 'to: expected a learning rate above "from", which is 0.1, got 0.1. Raise it.'],
  [{ to: Infinity }, 'to: expected a learning rate above "from", which is 0.00001, got Infinity. Raise it.'],
  [{ smoothing: 1 }, 'smoothing: expected a number from 0 to below 1, got 1. fastai takes 0.98.'],
  [{ epochs: 0 }, 'steps: expected a number of at least 1, got 0.'],
])('bounds that are none: %j', async (options, sentence) => {
  const failure = await run(classifier, clouds(), options).catch((cause: unknown) => cause);
  expect(failure).toBeInstanceOf(RecipeError);
  expect((failure as RecipeError).message).toBe(sentence);
});

test('a recipe in plain JSON is enough: the dataset is loaded, from the files where it needs some', async () => {
  const recipe: RecipeInput = {
    data: { source: 'csv', file: 'rows.csv', target: 'kind' },
    model: { layers: [{ type: 'dense', units: 2 }] },
    optimizer: { type: 'sgd' },
    batch: 2,
    epochs: 1,
  };
  const table = 'x,y,kind\n0,1,a\n1,0,b\n0,2,a\n2,0,b\n';
  const files = {
    read: async (path: string) => (path === 'rows.csv' ? new TextEncoder().encode(table) : undefined),
    describe: (path: string) => path,
  };
  const { points } = await rangeTest(recipe, { device: cpuDevice(), files, steps: 3 });
  expect(points).toHaveLength(3);
  await expect(rangeTest(recipe, { device: cpuDevice(), steps: 3 })).rejects.toThrow(DataError);
  const digits: RecipeInput = {
    ...recipe,
    data: { source: 'digits' },
    model: { layers: [{ type: 'dense', units: 10 }] },
  };
  const built = await rangeTest(digits, { device: cpuDevice(), steps: 2 });
  expect(built.points.map(({ accuracy }) => accuracy)).toEqual([expect.any(Number), expect.any(Number)]);
});

test.each([
  ['the first losses are worse and worse', { from: 1e4, to: 1e6 }],
  ['the first loss is followed by none', { from: 1e30, to: 1e38 }],
])('a test whose lowest rate diverges says to lower it: %s', async (_, rates) => {
  const { ended, suggestions } = await run(regression, curves(), { steps: 100, ...rates });
  expect(ended).not.toBe('complete');
  expect(suggestions).toEqual({
    notes: [
      'No etaMin and no etaMax: the loss diverges at the lowest rates already. Lower "from".',
      'No steepest and no valley: the loss diverges at the lowest rates already. Lower "from".',
    ],
  });
});

test('a population is refused', async () => {
  const recipe = { ...classifier, members: [{ seed: 1 }, { seed: 2 }] };
  await expect(run(recipe, clouds(), {})).rejects.toThrow(
    'members: a range test trains one model, but the recipe has 2 members. Leave "members" out.',
  );
});

const found = { etaMin: 1e-4, etaMax: 0.05, valley: 2e-3, steepest: 1e-3, notes: [] };

test('a cyclic schedule gets both ends, oneCycle its top, any other recipe the learning rate; nothing else changes', () => {
  const cyclic = builtInRecipes['cifar10-cyclic'] as { readonly schedule: object };
  expect(applyRange(cyclic, found)).toEqual({
    recipe: { ...cyclic, schedule: { ...cyclic.schedule, etaMin: 1e-4, etaMax: 0.05 } },
    changes: [
      { path: 'schedule.etaMin', value: 1e-4 },
      { path: 'schedule.etaMax', value: 0.05 },
    ],
  });
  const oneCycle = { ...classifier, schedule: { type: 'oneCycle', etaMax: 1 } };
  expect(applyRange(oneCycle, found).recipe).toEqual({ ...oneCycle, schedule: { type: 'oneCycle', etaMax: 0.05 } });
  const { recipe, changes } = applyRange(classifier, found);
  expect(recipe).toEqual({ ...classifier, optimizer: { type: 'sgd', learningRate: 2e-3 } });
  expect(changes).toEqual([{ path: 'optimizer.learningRate', value: 2e-3 }]);
  const { optimizer: _optimizer, ...plain } = classifier;
  expect(applyRange(plain, { steepest: 1e-3, notes: [] }).recipe).toEqual({
    ...plain,
    optimizer: { type: 'adam', learningRate: 1e-3 },
  });
});

test('what was not found is not put in, and one end alone only where it fits the other', () => {
  const cyclic = { ...classifier, schedule: { type: 'cyclic', etaMin: 1e-3, etaMax: 0.1, stepSize: 5 } };
  expect(applyRange(cyclic, { etaMax: 0.05, notes: [] }).changes).toEqual([{ path: 'schedule.etaMax', value: 0.05 }]);
  expect(applyRange(cyclic, { etaMax: 1e-4, notes: [] })).toEqual({ recipe: cyclic, changes: [] });
  expect(applyRange(cyclic, { valley: 1e-2, notes: [] })).toEqual({ recipe: cyclic, changes: [] });
  expect(applyRange(classifier, { etaMin: 1e-4, etaMax: 0.05, notes: [] })).toEqual({
    recipe: classifier,
    changes: [],
  });
});
