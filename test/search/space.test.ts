/** What a space draws, and what it says of a field that cannot be varied. */
import { describe, expect, test } from 'vitest';
import { firstTrials, fineTrials, readSpace, trialOverrides } from '../../src/search/space.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { planSearch } from '../../src/search/planning.ts';
import type { TrialSummary } from '../../src/search/trials.ts';
import { clouds } from '../train/support.ts';
import { memoryBytes, searchRecipe } from './searching.ts';

const limits = { memoryBytes, maxBindingBytes: 2 ** 27 };
const trialsOf = (recipe: Recipe) => firstTrials(recipe, readSpace(recipe)).map(({ values }) => values);
const draw = (search: object, fields: object = {}) => trialsOf(searchRecipe(search, fields));

test('a grid has every combination once, the last field fastest', () => {
  const values = draw({
    space: { l2: { grid: [0, 0.1] }, batch: { choice: [10, 20] }, 'data.seed': { int: [1, 3] } },
    strategy: 'grid',
  });
  expect(values.length).toBe(12);
  expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(12);
  expect(values.slice(0, 4)).toEqual(
    [1, 2, 3, 1].map((seed, index) => ({ l2: 0, batch: index < 3 ? 10 : 20, 'data.seed': seed })),
  );
});

test('draws lie in their ranges, spread over the decades, and follow the seed alone', () => {
  const space = {
    l2: { logUniform: [1e-5, 1e-1] },
    'optimizer.beta1': { uniform: [0.5, 0.95] },
    batch: { int: [3, 6] },
    loss: { choice: ['mse', 'crossEntropy'] },
  };
  const values = draw({ space, trials: 400 });
  expect(values.length).toBe(400);
  const l2 = values.map((value) => Number(value['l2']));
  expect(l2.every((value) => value >= 1e-5 && value <= 1e-1)).toBe(true);
  for (let decade = -5; decade < -1; decade++) {
    const share = l2.filter((value) => Math.floor(Math.log10(value)) === decade).length / 400;
    expect(share).toBeGreaterThan(0.18);
    expect(share).toBeLessThan(0.32);
  }
  const beta = values.map((value) => Number(value['optimizer.beta1']));
  expect(Math.min(...beta)).toBeGreaterThanOrEqual(0.5);
  expect(Math.max(...beta)).toBeLessThanOrEqual(0.95);
  expect(beta.reduce((sum, value) => sum + value, 0) / 400).toBeCloseTo(0.725, 1);
  expect([...new Set(values.map(({ batch }) => batch))].toSorted()).toEqual([3, 4, 5, 6]);
  expect(new Set(values.map(({ loss }) => loss)).size).toBe(2);
  expect(draw({ space, trials: 400 })).toEqual(values);
  expect(draw({ space, trials: 5, seed: 1 })).not.toEqual(values.slice(0, 5));
  expect(draw({ space, trials: 5 })).toEqual(values.slice(0, 5));
});

test('draws from few values come once each', () => {
  const values = draw({ space: { batch: { choice: [5, 10, 15] }, l2: { choice: [0, 1] } }, trials: 50 });
  expect(values.length).toBe(6);
  expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(6);
});

test('a value that stands twice is tried once', () => {
  expect(draw({ space: { l2: { grid: [1e-4, 1e-4, 0] } }, strategy: 'grid' })).toEqual([{ l2: 1e-4 }, { l2: 0 }]);
});

test('the finer search tries nothing that was tried', () => {
  const recipe = searchRecipe({
    space: { 'data.seed': { int: [1, 4] } },
    strategy: 'coarseToFine',
    trials: 2,
    fine: { trials: 4, around: 2 },
  });
  const coarse = firstTrials(recipe, readSpace(recipe));
  const table = coarse.map((trial): TrialSummary => ({
    ...trial,
    state: 'done',
    step: 1,
    value: 0.5,
    runs: 1,
    divergedRuns: 0,
  }));
  const seeds = [...coarse, ...fineTrials(recipe, readSpace(recipe), table)].map(({ values }) => values['data.seed']);
  expect(seeds.length).toBeGreaterThan(2);
  expect(new Set(seeds).size).toBe(seeds.length);
});

test('fields under grid are taken with every draw', () => {
  const values = draw({ space: { l2: { logUniform: [1e-4, 1e-1] }, batch: { grid: [5, 10] } }, trials: 3 });
  expect(values.map(({ batch }) => batch)).toEqual([5, 10, 5, 10, 5, 10]);
  expect(new Set(values.map(({ l2 }) => l2)).size).toBe(3);
});

test('a star stands for every layer that has the field', () => {
  const layers = [
    { type: 'dropout', rate: 0.1 },
    { type: 'dense', units: 4 },
    { type: 'dropout', rate: 0.2 },
    { type: 'dense', units: 3 },
  ];
  const fields = readSpace(
    searchRecipe({ space: { 'model.layers.*.rate': { choice: [0, 0.5] } } }, { model: { layers } }),
  );
  expect(trialOverrides(fields, { 'model.layers.*.rate': 0.5 })).toEqual({
    'model.layers.0.rate': 0.5,
    'model.layers.2.rate': 0.5,
  });
});

test('the finer search spans the best coarse trials and a little more', () => {
  const recipe = searchRecipe({
    space: { l2: { logUniform: [1e-4, 1] }, batch: { choice: [5, 10, 15] } },
    strategy: 'coarseToFine',
    trials: 8,
    fine: { trials: 200, around: 2 },
  });
  const row = (index: number, l2: number, batch: number, value: number): TrialSummary => ({
    index,
    values: { l2, batch },
    stage: 'coarse',
    state: 'done',
    step: 1,
    value,
    runs: 1,
    divergedRuns: 0,
  });
  const fine = fineTrials(recipe, readSpace(recipe), [
    row(1, 0.01, 5, 0.9),
    row(0, 0.02, 15, 0.8),
    row(2, 0.9, 10, 0.1),
  ]);
  const l2 = fine.map(({ values }) => Number(values['l2']));
  // Half a decade of the four lies between two of eight draws.
  const gap = 10 ** 0.5;
  expect(Math.min(...l2)).toBeGreaterThanOrEqual(0.01 / gap - 1e-9);
  expect(Math.min(...l2)).toBeLessThan((0.01 / gap) * 1.1);
  expect(Math.max(...l2)).toBeLessThanOrEqual(0.02 * gap + 1e-9);
  expect(Math.max(...l2)).toBeGreaterThan(0.02 * gap * 0.9);
  expect(new Set(fine.map(({ values }) => values['batch']))).toEqual(new Set([5, 15]));
  expect(fine.map(({ index }) => index)).toEqual(Array.from({ length: 200 }, (_, index) => 3 + index));
  expect(fine.every(({ stage }) => stage === 'fine')).toBe(true);
});

describe('what cannot be searched is said in a sentence', () => {
  const faults: readonly { name: string; search: object; fields?: object; says: RegExp }[] = [
    {
      name: 'an unknown field',
      search: { space: { 'optimizer.learningRat': { uniform: [0, 1] } } },
      says: /search\.space\["optimizer\.learningRat"\].*unknown field.*learningRate/,
    },
    {
      name: 'an unknown section',
      search: { space: { 'optimiser.beta1': { uniform: [0, 1] } } },
      says: /search\.space\["optimiser\.beta1"\].*unknown field.*Did you mean "optimizer"/,
    },
    {
      name: 'a field of a layer that is not there',
      search: { space: { 'model.layers.7.units': { choice: [3] } } },
      says: /model\.layers\.7\.units.*entries 0 to 1/,
    },
    {
      name: 'a star without a layer',
      search: { space: { 'model.layers.*.rate': { choice: [0] } } },
      says: /no layer has the field "rate"/,
    },
    {
      name: 'a star elsewhere',
      search: { space: { 'schedule.*': { choice: [0] } } },
      says: /can only stand for all layers/,
    },
    {
      name: 'a value that the field does not take',
      search: { space: { batch: { choice: [10, 0] } } },
      says: /search\.space\["batch"\].*at least 1, got 0/,
    },
    {
      name: 'an end of a range that the field does not take',
      search: { space: { 'optimizer.beta1': { uniform: [0.5, 1] } } },
      says: /below 1, got 1/,
    },
    {
      name: 'an upside-down range',
      search: { space: { l2: { logUniform: [1e-1, 1e-5] } } },
      says: /from 0\.1 to 0\.00001.*smaller number first/,
    },
    {
      name: 'two ways at once',
      search: { space: { l2: { uniform: [0, 1], grid: [1] } } },
      says: /exactly one of.*"uniform" and "grid"/,
    },
    { name: 'no way at all', search: { space: { l2: {} } }, says: /exactly one of.*none of them/ },
    { name: 'no field', search: { space: {} }, says: /search\.space: names no field to vary/ },
    {
      name: 'the name of the run',
      search: { space: { name: { choice: ['a'] } } },
      says: /no field that a search can vary/,
    },
    { name: 'the fold', search: { space: { 'data.fold': { int: [0, 2] } } }, says: /no field that a search can vary/ },
    {
      name: 'the noise of generated data',
      search: { space: { 'data.noise': { uniform: [0, 0.1] } } },
      fields: { data: { source: 'spirals', validation: 0.2 } },
      says: /makes another data set/,
    },
    {
      name: 'the seed that points are drawn from',
      search: { space: { 'data.seed': { int: [0, 2] } } },
      fields: { data: { source: 'points', shape: 'moons', validation: 0.2 } },
      says: /makes another data set/,
    },
    {
      name: 'the seed that generated data is drawn from',
      search: { space: { 'data.seed': { int: [0, 2] } } },
      fields: { data: { source: 'spirals', validation: 0.2 } },
      says: /makes another data set/,
    },
    {
      name: 'one field twice',
      search: { space: { 'model.layers.*.units': { choice: [3] }, 'model.layers.0.units': { choice: [4] } } },
      says: /both set model\.layers\.0\.units/,
    },
    {
      name: 'a grid over a range',
      search: { space: { l2: { logUniform: [1e-5, 1] } }, strategy: 'grid' },
      says: /"logUniform" has no end.*"grid"/,
    },
    {
      name: 'a grid with a number of trials',
      search: { space: { l2: { grid: [1] } }, strategy: 'grid', trials: 4 },
      says: /as many trials as combinations/,
    },
    {
      name: 'a finer search without a range',
      search: { space: { l2: { choice: [0, 0.1] } }, strategy: 'coarseToFine' },
      says: /search\.strategy.*looks closer at ranges/,
    },
    {
      name: 'too many combinations',
      search: { space: { seed: { int: [0, 1e6] } }, strategy: 'grid' },
      says: /more than 10,000 trials/,
    },
    {
      name: 'more folds than rows',
      search: { space: { l2: { grid: [1] } }, folds: 100 },
      fields: { data: { source: 'csv', file: 'in memory' } },
      says: /100 parts of 90 training rows.*at most 90/,
    },
    {
      name: 'folds beside validation rows',
      search: { space: { l2: { grid: [1] } }, folds: 3 },
      says: /Leave out data\.validation/,
    },
    {
      name: 'no rows to choose by',
      search: { space: { l2: { grid: [1] } } },
      fields: { data: { source: 'csv', file: 'in memory' } },
      says: /data\.validation.*rows to choose by.*search\.folds/,
    },
    {
      name: 'members beside a search',
      search: { space: { l2: { grid: [1] } } },
      fields: { members: [{ seed: 1 }] },
      says: /members.*Leave out one of them/,
    },
    {
      name: 'halving without an evaluation on the way',
      search: { space: { l2: { uniform: [0, 1] } }, strategy: 'halving' },
      fields: { evaluation: { everyEpochs: 100 } },
      says: /none comes before the end/,
    },
  ];
  test.each(faults)('$name', ({ search, fields = {}, says }) => {
    expect(() => planSearch(searchRecipe(search, fields), clouds(), limits)).toThrow(says);
  });

  test('an empty choice', () => {
    expect(() => searchRecipe({ space: { l2: { choice: [] } } })).toThrow(/search\.space\.l2\.choice.*at least 1/);
  });

  test('a single trial that does not fit', () => {
    const recipe = searchRecipe({ space: { l2: { grid: [0, 1] } } });
    expect(() => planSearch(recipe, clouds(), { ...limits, memoryBytes: 1000 })).toThrow(
      /a single trial needs .* MiB .*make the model/,
    );
    expect(() => planSearch(recipe, clouds(), { ...limits, maxBindingBytes: 100 })).toThrow(/binds at most/);
  });

  test('a regression has no accuracy', () => {
    const recipe = searchRecipe({ space: { l2: { grid: [0, 1] } }, metric: 'accuracy' });
    expect(() => planSearch(recipe, { ...clouds(), task: 'regression' }, limits)).toThrow(/search\.metric.*Use "loss"/);
  });
});

test('sections that differ only in what members may differ in share a population', () => {
  const optimizers = [
    { type: 'adam', learningRate: 0.01 },
    { type: 'adam', learningRate: 0.1, beta1: 0.8 },
    { type: 'momentum', learningRate: 0.1 },
  ];
  const space = { optimizer: { grid: optimizers }, 'optimizer.weightDecay': { grid: [0, 0.01] } };
  const { populations } = planSearch(searchRecipe({ space, strategy: 'grid' }), clouds(), limits);
  expect(populations.map(({ runs }) => runs.length)).toEqual([4, 2]);
});

test('the plan says how many populations there are and how many runs fit', () => {
  const space = { batch: { grid: [10, 20] }, l2: { grid: [0, 0.1, 1] } };
  const { populations } = planSearch(searchRecipe({ space, strategy: 'grid', repeats: 2 }), clouds(), limits);
  expect(populations.map(({ name, runs, capacity }) => [name, runs.length, capacity])).toEqual([
    ['001', 6, 6],
    ['002', 6, 6],
  ]);
  const one = planSearch(searchRecipe({ space: { l2: { grid: [0] } } }), clouds(), limits).populations[0]!;
  const tight = planSearch(searchRecipe({ space: { l2: { grid: [0, 1, 2] } } }), clouds(), {
    ...limits,
    memoryBytes: one.deviceBytes,
  });
  expect(tight.populations.map(({ runs, capacity }) => [runs.length, capacity])).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
});
