// The quick form of a recipe: which rows, how many steps, and what of the schedule is scaled.
import { expect, test } from 'vitest';
import { splitDataset } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { planDuration } from '../../src/train/duration.ts';
import { quickRecipe } from '../../src/train/quick.ts';
import { learningRate } from '../../src/train/schedule.ts';

/** A set of 50,000 rows to train on and 100 to test, as CIFAR-10 has parts. */
const dataset: Dataset = {
  name: 'rows',
  task: 'classification',
  rowCount: 50_100,
  inputShape: [1],
  inputs: new Uint8Array(50_100),
  labels: Uint32Array.from({ length: 50_100 }, (_, row) => row % 2),
  outputCount: 2,
  parts: {
    train: { from: 0, to: 50_000 },
    batch1: { from: 0, to: 10_000 },
    half: { from: 0, to: 25_000 },
    test: { from: 50_000, to: 50_100 },
  },
  notes: [],
};

function recipeWith(fields: object, data: object = { validation: 5000 }): Recipe {
  return parseRecipe({
    data: { source: 'cifar10', ...data },
    model: { layers: [{ type: 'dense', units: 2 }] },
    batch: 100,
    ...fields,
  });
}

function stepsOf(recipe: Recipe): number {
  return planDuration(recipe, splitDataset(dataset, recipe.data).train.length).steps;
}

test.each([
  ['the default share', { validation: 5000 }],
  ['a number', { train: 45_000, validation: 5000 }],
  ['a fraction', { train: 0.9, validation: 0.1 }],
  ['a part', { train: { part: 'half' }, validation: 0 }],
  ['stratified shares', { validation: 5000, stratify: true }],
  ['rows in the order of the file', { validation: 5000, shuffleSplit: false }],
])('of %s the first 10,000 training rows stay', (_, data) => {
  const recipe = recipeWith({ epochs: 10 }, data);
  const before = splitDataset(dataset, recipe.data);
  const after = splitDataset(dataset, quickRecipe(recipe, dataset).data);
  expect(after.train).toHaveLength(10_000);
  const isDealtByClass = 'stratify' in data;
  if (!isDealtByClass) expect(after.train).toEqual(before.train.slice(0, 10_000));
  expect(after.validation).toHaveLength(before.validation.length);
  const trained = new Set(after.train);
  expect([...after.validation, ...after.test].some((row) => trained.has(row))).toBe(false);
});

test('a set of no more rows stays whole', () => {
  const recipe = recipeWith({ epochs: 10 }, { train: { part: 'batch1' } });
  expect(quickRecipe(recipe, dataset).data).toEqual(recipe.data);
});

test.each([
  ['epochs, a fifth of which is whole', { epochs: 80 }, { epochs: 16 }, 1600],
  ['epochs, a fifth of which is not', { epochs: 8 }, { steps: 160 }, 160],
  ['steps', { steps: 4000 }, { steps: 800 }, 800],
  [
    'cycles, which become shorter',
    { cycles: 3, schedule: { type: 'cyclic', stepSize: 980 } },
    { cycles: 3, schedule: { stepSize: 196 } },
    1176,
  ],
] as const)('a fifth of the steps on these rows: %s', (_, fields, expected, steps) => {
  const quick = quickRecipe(recipeWith(fields), dataset);
  expect(quick).toMatchObject(expected);
  expect(Object.keys(fields).filter((name) => !(name in expected) && name in quick)).toEqual([]);
  expect(stepsOf(quick)).toBe(steps);
});

test('a cyclic run that ends in the middle of a cycle still does', () => {
  const schedule = { type: 'cyclic', stepSize: 1000 };
  const recipe = recipeWith({ epochs: 100, schedule });
  const quick = quickRecipe(recipe, dataset);
  // 45,000 steps become 2,000.
  expect(quick.schedule).toMatchObject({ stepSize: 44 });
  const ending = (each: Recipe) =>
    learningRate(each, stepsOf(each) - 1, planDuration(each, splitDataset(dataset, each.data).train.length));
  expect(ending(quick) / ending(recipe)).toBeCloseTo(0.55, 1);
});

test('decay, steps of epochs, warm-up and evaluations are scaled with the length', () => {
  const decaying = quickRecipe(recipeWith({ epochs: 30, schedule: { type: 'exponential', decay: 0.1 } }), dataset);
  expect(decaying).toMatchObject({ epochs: 6, schedule: { decay: 0.5 } });
  const stepped = recipeWith({
    epochs: 30,
    schedule: { type: 'step', everyEpochs: 10, warmupSteps: 900 },
    evaluation: { everyEpochs: 5 },
  });
  // 13,500 steps become 600.
  expect(quickRecipe(stepped, dataset)).toMatchObject({
    schedule: { everyEpochs: 2, warmupSteps: 40 },
    evaluation: { everyEpochs: 1 },
  });
  const often = recipeWith({ epochs: 30, evaluation: { everySteps: 100 } });
  expect(quickRecipe(often, dataset).evaluation.everySteps).toBe(4);
  const never = recipeWith({ epochs: 30, evaluation: { everySteps: 3 } });
  expect(quickRecipe(never, dataset).evaluation.everySteps).toBe(1);
});

test('the numbers of members and of a search space are scaled as well, and what counts neither steps nor epochs is not', () => {
  const recipe = recipeWith({
    epochs: 100,
    schedule: { type: 'cyclic', stepSize: 1000 },
    members: [{ 'schedule.stepSize': 500, l2: 0.5 }, { 'schedule.etaMax': 0.2 }],
    search: {
      space: {
        'schedule.stepSize': { choice: [900, 1800] },
        'schedule.decay': { uniform: [0.1, 0.2] },
        l2: { logUniform: [1e-5, 1e-1] },
        batch: { grid: [10, 100] },
        schedule: {
          grid: [
            { type: 'exponential', decay: 0.1 },
            { type: 'step', everyEpochs: 10 },
          ],
        },
      },
    },
  });
  const { members, search } = quickRecipe(recipe, dataset);
  expect(members).toEqual([{ 'schedule.stepSize': 22, l2: 0.5 }, { 'schedule.etaMax': 0.2 }]);
  expect(search?.space).toEqual({
    'schedule.stepSize': { choice: [40, 80] },
    'schedule.decay': { uniform: [0.5, 1] },
    l2: { logUniform: [1e-5, 1e-1] },
    batch: { grid: [10, 100] },
    schedule: {
      grid: [
        { type: 'exponential', decay: 0.5 },
        { type: 'step', everyEpochs: 2 },
      ],
    },
  });
});

test('of a search with folds the 10,000 rows are what is cut', () => {
  const recipe = recipeWith({ steps: 3000, search: { space: { l2: { grid: [0, 1] } }, folds: 3 } }, {});
  const quick = quickRecipe(recipe, dataset);
  expect(quick.data.train).toBe(10_000);
  expect(quick.steps).toBe(600);
  const fold = splitDataset(dataset, { ...quick.data, folds: 3, fold: 1 });
  expect([fold.train.length, fold.validation.length]).toEqual([6667, 3333]);
  const inEpochs = recipeWith({ epochs: 8, search: { space: { l2: { grid: [0, 1] } }, folds: 3 } }, {});
  // Eight epochs of 66 batches each.
  expect(quickRecipe(inEpochs, dataset).steps).toBe(106);
});
