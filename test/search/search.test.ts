/** Every run of a search ends with the bits of the same recipe trained alone, however it was packed, pruned or gone on with. */
import { describe, expect, test } from 'vitest';
import { CheckError, InterruptedError } from '../../src/errors.ts';
import type { Checkpoint } from '../../src/train/checkpoint.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { planSearch } from '../../src/search/planning.ts';
import type { SearchEvent } from '../../src/search/search.ts';
import { memoryStore } from '../../src/search/store.ts';
import type { SearchStore } from '../../src/search/store.ts';
import type { RunRecord } from '../../src/search/trials.ts';
import type { EvaluationEvent } from '../../src/train/events.ts';
import { clouds } from '../train/support.ts';
import { hashAlone, memoryBytes, searchAll, searchRecipe } from './searching.ts';

const dropout = {
  model: {
    layers: [
      { type: 'dense', units: 9, activation: 'relu' },
      { type: 'dropout', rate: 0 },
      { type: 'dense', units: 3 },
    ],
  },
};
const mixed = {
  l2: { logUniform: [1e-4, 1e-1] },
  'model.layers.*.rate': { uniform: [0, 0.5] },
  'optimizer.learningRate': { logUniform: [1e-3, 1e-1] },
};

const cases: readonly { name: string; recipe: Recipe; populations: number }[] = [
  {
    name: 'random draws share one population',
    recipe: searchRecipe({ space: mixed, trials: 5 }, dropout),
    populations: 1,
  },
  {
    name: 'fields that members cannot differ in split the trials',
    recipe: searchRecipe({ space: { batch: { grid: [10, 15] }, l2: { grid: [0, 0.01, 0.1] } }, strategy: 'grid' }),
    populations: 2,
  },
  {
    name: 'folds and seeds are members',
    recipe: searchRecipe(
      { space: { l2: { grid: [0, 0.1] } }, strategy: 'grid', folds: 3, repeats: 2 },
      { data: { source: 'csv', file: 'in memory', normalize: 'feature', stratify: true } },
    ),
    populations: 1,
  },
  {
    name: 'whole sections are varied',
    recipe: searchRecipe({
      space: { optimizer: { grid: [{ type: 'sgd' }, { type: 'adam', learningRate: 0.01 }] }, seed: { grid: [3, 4] } },
      strategy: 'grid',
    }),
    populations: 2,
  },
  {
    name: 'sections that share a population',
    recipe: searchRecipe({
      space: {
        optimizer: {
          grid: [
            { type: 'adam', learningRate: 0.01 },
            { type: 'adam', beta1: 0.5 },
          ],
        },
        labelSmoothing: { grid: [0, 0.1] },
      },
      strategy: 'grid',
    }),
    populations: 1,
  },
  {
    name: 'a coarse search is followed by a finer one',
    recipe: searchRecipe({
      space: { l2: { logUniform: [1e-4, 1] } },
      strategy: 'coarseToFine',
      trials: 4,
      fine: { trials: 3 },
    }),
    populations: 2,
  },
  {
    name: 'pruned trials leave the population',
    recipe: searchRecipe({ space: mixed, strategy: 'halving', trials: 9, factor: 3 }, { ...dropout, epochs: 9 }),
    populations: 3,
  },
  {
    name: 'members that stop early are carried over a cut',
    recipe: searchRecipe(
      { space: { 'optimizer.learningRate': { logUniform: [1e-3, 1] } }, strategy: 'halving', trials: 4, factor: 2 },
      { epochs: 16, earlyStopping: { patience: 1, minDelta: 0.02 } },
    ),
    populations: 3,
  },
  {
    name: 'members that have all stopped early before the first cut are carried over every cut',
    recipe: searchRecipe(
      { space: { 'optimizer.learningRate': { logUniform: [1e-3, 1e-2] } }, strategy: 'halving', trials: 4, factor: 2 },
      { epochs: 16, earlyStopping: { patience: 1, minDelta: 10 } },
    ),
    populations: 3,
  },
];

describe('every run that is done has the bits of the same recipe alone', () => {
  test.each(cases)('$name', async ({ recipe, populations }) => {
    const { events, result } = await searchAll(recipe);
    const packed = events.flatMap((event) => (event.type === 'populations' ? event.populations : []));
    expect(packed.length).toBe(populations);
    const done = result.records.filter(({ state }) => state === 'done');
    expect(done.length).toBeGreaterThan(0);
    for (const record of done) expect(record.weightsSha256).toBe(await hashAlone(recipe, result, record, clouds()));
  });

  test('packed two by two as in one population', async () => {
    const recipe = searchRecipe({ space: mixed, trials: 5 }, dropout);
    const { result } = await searchAll(recipe);
    const [two] = planSearch({ ...recipe, search: { ...recipe.search!, trials: 2 } }, clouds(), {
      memoryBytes,
      maxBindingBytes: 2 ** 27,
    }).populations;
    const packed = await searchAll(recipe, { memoryBytes: two!.deviceBytes });
    const names = new Set(packed.result.records.map(({ population }) => population));
    expect([...names]).toEqual(['001', '002', '003']);
    const strip = (records: readonly RunRecord[]) =>
      records.map(({ trial, weightsSha256, validation }) => ({ trial, weightsSha256, validation }));
    expect(strip(packed.result.records)).toEqual(strip(result.records));
    expect(packed.result.table).toEqual(result.table);
  });
});

test('the table is ordered by the metric and names every trial once', async () => {
  const { result } = await searchAll(searchRecipe({ space: mixed, trials: 6, metric: 'loss' }, dropout));
  const values = result.table.map(({ value }) => value ?? Number.NaN);
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  expect(result.table.map(({ index }) => index).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(result.best).toEqual(result.table[0]);
  for (const { value, validation } of result.table) expect(value).toBe(validation?.loss);
});

test('mean and deviation are taken over folds and seeds', async () => {
  const recipe = searchRecipe(
    { space: { l2: { grid: [0.001] } }, folds: 3, repeats: 2 },
    { data: { source: 'csv', file: 'in memory', normalize: 'feature' } },
  );
  const { result } = await searchAll(recipe);
  const values = result.records.map(({ validation }) => validation?.accuracy ?? Number.NaN);
  expect(values.length).toBe(6);
  const mean = values.reduce((sum, value) => sum + value, 0) / 6;
  expect(result.best.value).toBeCloseTo(mean, 12);
  expect(result.best.deviation).toBeCloseTo(
    Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 5),
    12,
  );
  expect(new Set(result.records.map(({ fold, seed }) => `${fold}/${seed}`)).size).toBe(6);
});

test('halving gives up the worse two thirds at each cut, and trains the last to the end', async () => {
  const recipe = searchRecipe({ space: mixed, strategy: 'halving', trials: 9 }, { ...dropout, epochs: 9 });
  const { events, result } = await searchAll(recipe);
  const rounds = events.filter((event) => event.type === 'populations');
  expect(rounds.map(({ populations }) => populations.map(({ runs, until }) => [runs.length, until]))).toEqual([
    [[9, 6]],
    [[3, 18]],
    [[1, 54]],
  ]);
  expect(result.table.map(({ state, step }) => `${state} ${step}`)).toEqual([
    'done 54',
    'pruned 18',
    'pruned 18',
    ...Array.from({ length: 6 }, () => 'pruned 6'),
  ]);
  const atFirstCut = result.records.filter(({ population }) => population === '001');
  const best = atFirstCut.toSorted(
    (a, b) => (b.validation?.accuracy ?? 0) - (a.validation?.accuracy ?? 0) || a.trial - b.trial,
  );
  const second = result.records.filter(({ population }) => population === '002');
  expect(second.map(({ trial }) => trial).toSorted()).toEqual(
    best
      .slice(0, 3)
      .map(({ trial }) => trial)
      .toSorted(),
  );
});

test('trials that diverge come last; where all do, the search says so', async () => {
  const optimizer = { optimizer: { type: 'sgd', learningRate: 0.1 }, loss: 'mse' };
  const space = (rates: readonly number[]) => ({
    space: { 'optimizer.learningRate': { grid: rates } },
    strategy: 'grid',
  });
  const relu = {
    model: {
      layers: [
        { type: 'dense', units: 9, activation: 'relu' },
        { type: 'dense', units: 3 },
      ],
    },
  };
  const { result } = await searchAll(searchRecipe(space([1e30, 0.01]), { ...optimizer, ...relu }));
  expect(result.table.map(({ index, state }) => [index, state])).toEqual([
    [1, 'done'],
    [0, 'diverged'],
  ]);
  expect(result.table[1]!.value).toBeUndefined();
  await expect(searchAll(searchRecipe(space([1e30, 1e35]), { ...optimizer, ...relu }))).rejects.toThrow(CheckError);
  const ranges = { 'optimizer.learningRate': { logUniform: [1e30, 1e35] }, l2: { choice: [0, 0.1] } };
  const coarse = searchRecipe({ space: ranges, strategy: 'coarseToFine', trials: 2 }, { ...optimizer, ...relu });
  await expect(searchAll(coarse)).rejects.toThrow(CheckError);
});

/** Keeps what a folder would: the newest checkpoint and evaluation of each population, and the records. */
function keepingStore(): SearchStore & { readonly kept: RunRecord[] } {
  const kept: RunRecord[] = [];
  const checkpoints = new Map<string, Checkpoint>();
  const evaluations = new Map<string, EvaluationEvent>();
  return {
    kept,
    get records() {
      return [...kept];
    },
    openPopulation: ({ name }) => ({
      checkpoint: checkpoints.get(name),
      evaluation: evaluations.get(name),
      add(event) {
        if (event.type === 'checkpoint') checkpoints.set(name, event.checkpoint);
        if (event.type === 'evaluation') evaluations.set(name, event);
      },
      finish() {},
      [Symbol.dispose]() {},
    }),
    lastCheckpoint({ name }) {
      const checkpoint = checkpoints.get(name);
      if (checkpoint === undefined) throw new Error(`no checkpoint of ${name}`);
      return checkpoint;
    },
    addRecords: (records) => void kept.push(...records),
  };
}

test.each([1, 4, 6, 9, 11])('interrupted at event %i and gone on with, it ends with the same table', async (at) => {
  const recipe = searchRecipe(
    { space: { ...mixed, batch: { grid: [10, 20] } }, strategy: 'halving', trials: 4, factor: 2 },
    { ...dropout, epochs: 8 },
  );
  const whole = await searchAll(recipe, { store: keepingStore(), chunkMilliseconds: 0 });
  const store = keepingStore();
  const controller = new AbortController();
  const seen: SearchEvent[] = [];
  const interrupted = searchAll(recipe, {
    chunkMilliseconds: 0,
    checkpointSeconds: 0,
    signal: controller.signal,
    store: {
      ...store,
      records: [],
      openPopulation(population, prepared) {
        const opened = store.openPopulation(population, prepared);
        return {
          ...opened,
          add(event) {
            opened.add(event);
            if (event.type === 'evaluation' && seen.push({ type: 'population', population, event }) === at)
              controller.abort();
          },
        };
      },
    },
  });
  await expect(interrupted).rejects.toThrow(InterruptedError);
  const before = store.kept.length;
  const resumed = await searchAll(recipe, { store });
  expect(resumed.result.table).toEqual(whole.result.table);
  const populationsBefore = new Set(store.kept.slice(0, before).map(({ population }) => population));
  const trained = resumed.events.flatMap((event) => (event.type === 'population' ? [event.population.name] : []));
  expect(trained.filter((name) => populationsBefore.has(name))).toEqual([]);
});

test('the test split is never looked at', async () => {
  const { events } = await searchAll(
    searchRecipe(
      { space: { l2: { grid: [0, 0.1] } } },
      { data: { source: 'csv', file: 'in memory', validation: 20, test: 20 } },
    ),
  );
  expect(JSON.stringify(events)).not.toContain('"test":{"loss"');
  expect(memoryStore().records).toEqual([]);
});
