// The published rows hold every number of the reports, each with a recipe that trains what the report states. The numbers here are a second copy,
// as the table of the reports rounds them.
import { expect, test } from 'vitest';
import prose from '../../docs/reports.md?raw';
import { publishedReports, reportNames } from '../../node/reproduce/published.ts';
import type { PublishedRow } from '../../node/reproduce/published.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { overrideRecipe, parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { prepare } from '../../src/train/session.ts';
import { memoryFiles } from '../data/memory-files.ts';

const rows = publishedReports.flatMap((report) =>
  report.rows.map((row) => ({ place: `${report.name} ${row.id}`, row })),
);
const withRecipe = rows.flatMap(({ place, row }) => ('recipe' in row ? [{ place, recipe: row.recipe }] : []));

function rowOf(place: string): PublishedRow {
  const found = rows.find((each) => each.place === place);
  if (found === undefined) throw new Error(`no row ${place}`);
  return found.row;
}

function recipeOf(place: string): Recipe {
  const row = rowOf(place);
  return parseRecipe('recipe' in row ? builtInRecipes[row.recipe] : undefined);
}

test('reports and rows are named once, in kebab-case', () => {
  const names = publishedReports.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(reportNames).toEqual(expect.arrayContaining(names));
  expect(names).toEqual(expect.arrayContaining(['report-000', 'report-001', 'report-002', 'report-003', 'report-004']));
  const places = rows.map(({ place }) => place);
  expect(new Set(places).size).toBe(places.length);
  for (const { row } of rows) expect(row.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
});

test.each([
  ['report-000 adam', { test: 0.532 }],
  ['report-000 sgd', { test: 0.5287 }],
  ['report-000 no-l2', { test: 0.5192 }],
  ['report-000 no-decay', { test: 0.5294 }],
  ['report-001 figure-2', { text: 'curves' }],
  ['report-001 figure-3', { text: 'curves' }],
  ['report-001 final', { test: 0.5063 }],
  ['report-003 sgd', { test: 0.2739 }],
  ['report-003 momentum', { test: 0.1151 }],
  ['report-003 adam', { test: 0.1079 }],
  ['report-003 dropout', { text: 'terrible' }],
  ['report-003 weight-decay', { test: 0.0976 }],
  ['report-003 tuned', { test: 0.0849 }],
  ['report-003 cnn', { test: 0.85, text: 'about 85 %' }],
  ['report-003 cnn-dropout', { text: 'less than one point more than without' }],
  ['report-003 cnn-weight-decay', { text: 'less than one point more than without' }],
  ['report-003 cnn-tuned', { test: 0.86, text: 'about 86 %' }],
  ['report-004 defaults-500', { train: 0.6213, validation: 0.4597, test: 0.4602 }],
  ['report-004 defaults-800', { train: 0.7784, validation: 0.4608, test: 0.4524 }],
  ['report-004 tuned', { train: 0.6139, validation: 0.5384, test: 0.5221 }],
  ['report-004 model-1', { train: 0.6359, validation: 0.5286, test: 0.5206 }],
  ['report-004 model-2', { train: 0.5995, validation: 0.523, test: 0.5069 }],
  ['report-004 improved-1', { train: 0.7083, validation: 0.5564, test: 0.5534 }],
  ['report-004 improved-2', { train: 0.7229, validation: 0.57, test: 0.5567 }],
  ['best final', { test: 0.5567 }],
])('%s has the numbers of the report', (place, published) => {
  expect(rowOf(place)).toMatchObject({ kind: 'train', published });
});

test.each([
  // prettier-ignore
  ['report-001 coarse', 10, [[0.0716, 0.4004], [0.0369, 0.4452], [0.000563, 0.447], [0.000495, 0.4508], [0.000342, 0.465], [0.00151, 0.4672],
    [0.00157, 0.4706], [0.00258, 0.4878], [0.00383, 0.4954], [0.00726, 0.5]]],
  // prettier-ignore
  ['report-001 fine', 6, [[0.0085, 0.509], [0.007, 0.5104], [0.008, 0.5116], [0.0075, 0.513], [0.006, 0.515], [0.0065, 0.5162]]],
  // prettier-ignore
  ['report-004 coarse', 16, [[0.00599, 0.531], [0.00925, 0.5328], [0.0136, 0.5292], [0.0307, 0.5006]]],
  // prettier-ignore
  ['report-004 fine', 8, [[0.00879, 0.5388], [0.00925, 0.5342], [0.00692, 0.532], [0.00832, 0.5318]]],
])('%s has the lambdas and accuracies of the report, and tries as many as it did', (place, count, facts) => {
  const row = rowOf(place);
  if (row.kind !== 'search') throw new Error(`${place} is no search`);
  const found = row.published.map(({ values, validation }) => [
    Number(Number(values['l2']).toPrecision(3)),
    validation,
  ]);
  const inOrder = (a: readonly unknown[], b: readonly unknown[]): number => Number(a[0]) - Number(b[0]);
  expect(found.sort(inOrder)).toEqual([...facts].sort(inOrder));
  const tried = recipeOf(place).search?.space['l2']?.grid ?? [];
  expect(new Set(tried).size).toBe(count);
  expect(tried).toEqual(expect.arrayContaining(row.published.map(({ values }) => values['l2'])));
  expect(Math.min(...tried.map(Number))).toBeGreaterThanOrEqual(1e-5);
  expect(Math.max(...tried.map(Number))).toBeLessThanOrEqual(0.1);
});

const rate = 'model.layers.*.rate';

test.each([
  {
    place: 'report-003 grid',
    settings: 72,
    best: { 'model.layers.0.units': 100, 'model.layers.2.units': 80, [rate]: 0, l2: 0, batch: 10 },
    loss: 0.0849,
  },
  { place: 'report-003 cnn-grid', settings: 18, best: { [rate]: 0, l2: 1e-4, batch: 300 }, loss: 0.86 },
])('$place has all $settings settings in three folds, and the best of the report among them', (grid) => {
  const { search, l2Factor, optimizer } = recipeOf(grid.place);
  expect(search).toMatchObject({ strategy: 'grid', folds: 3, repeats: 1 });
  const space = Object.entries(search?.space ?? {});
  expect(space.reduce((product, [, { grid: values = [] }]) => product * values.length, 1)).toBe(grid.settings);
  expect(search?.space).toMatchObject({ [rate]: { grid: [0, 0.25, 0.5] }, l2: { grid: [0, 1e-5, 1e-4] } });
  // torch.optim.Adam adds weightDecay * w to the gradient.
  expect({ l2Factor, optimizer }).toMatchObject({ l2Factor: '1/2', optimizer: { type: 'adam', learningRate: 1e-3 } });
  expect(rowOf(grid.place)).toMatchObject({ kind: 'search', published: [{ values: grid.best, test: grid.loss }] });
  for (const [path, value] of Object.entries(grid.best)) expect(search?.space[path]?.grid).toContain(value);
});

test('the gradient checks have the four numbers of both reports, and the scenes of report 001', () => {
  const tensors = ['dense1.weight', 'dense1.bias', 'dense2.weight', 'dense2.bias'];
  const numbers = (place: string): number[] => {
    const row = rowOf(place);
    return row.kind === 'gradients' ? tensors.map((tensor) => Number(row.published[tensor]?.toPrecision(3))) : [];
  };
  expect(numbers('report-001 gradients')).toEqual([1.19e-6, 1.09e-6, 1.72e-7, 5.18e-6]);
  expect(numbers('report-004 gradients')).toEqual([-4.14e-7, -3.99e-8, -2.92e-7, -4.29e-7]);
  expect(rowOf('report-001 gradients')).toMatchObject({
    measure: 'relativeError',
    scenes: [{ features: 30, rows: 1 }, { rows: 10 }, { rows: 10_000 }],
  });
  expect(rowOf('report-004 gradients')).toMatchObject({ measure: 'meanDifference', scenes: [{ rows: 100 }] });
  expect(recipeOf('report-004 gradients').seed).toBe(123);
});

test('the range tests have the rates that report 004 found, as it states them and by equal factors', () => {
  for (const [units, etaMin, etaMax] of [
    [80, 0.000262144, 0.067108864],
    [40, 0.004782, 0.12914],
  ] as const)
    for (const [suffix, curve] of [
      ['', 'linear'],
      ['-exponential', 'exponential'],
    ] as const) {
      const place = `report-004 range-${units}${suffix}`;
      expect(rowOf(place)).toMatchObject({ kind: 'rangeTest', published: { etaMin, etaMax } });
      expect(recipeOf(place)).toMatchObject({
        model: { layers: [{ units }, { units: 10 }] },
        schedule: { type: 'rangeTest', from: 1e-5, to: 1, curve },
      });
    }
});

test('what reports ask for without a number of their own has its row', () => {
  expect(rowOf('report-001 overfit')).toMatchObject({ kind: 'overfit', text: 'loss near 0' });
  expect(rowOf('report-002 exercise-1')).toMatchObject({ kind: 'exercise' });
  const about = publishedReports.find(({ name }) => name === 'report-002')?.about;
  expect(about).toMatch(/at least 42 %.*50 %\+.*report 000/);
  const figures = rows.flatMap(({ row }) => (row.kind === 'figures' ? row.figures : []));
  expect(figures).toEqual(
    expect.arrayContaining(['weight histograms', 'kernels', 'feature maps', 'activation profiles', 'loss curves']),
  );
});

test.each(withRecipe)('$place: docs/reports.md names its recipe $recipe', ({ recipe }) => {
  expect(prose).toContain(`\`${recipe}\``);
});

test('figures are drawn of a train row of their report, with its recipe', () => {
  for (const { rows: own } of publishedReports)
    for (const row of own) {
      if (row.kind !== 'figures') continue;
      expect(own.find(({ id }) => id === row.of)).toMatchObject({ kind: 'train', recipe: row.recipe });
    }
});

test('rows that are compared leave the same things open', () => {
  const chosen = ['adam', 'sgd', 'no-l2', 'no-decay'].map((id) => rowOf(`report-000 ${id}`));
  expect(new Set(chosen.map((row) => ('chosen' in row ? row.chosen : ''))).size).toBe(1);
  const named = { name: 'one', description: '' };
  const adam = { ...recipeOf('report-000 adam'), ...named };
  const others = {
    sgd: { optimizer: { type: 'sgd', learningRate: 0.05 } },
    'no-l2': { l2: 0, l2Factor: '1' },
    'no-decay': { schedule: { type: 'constant' } },
  };
  for (const [id, difference] of Object.entries(others))
    expect({ ...recipeOf(`report-000 ${id}`), ...named }).toEqual(parseRecipe({ ...adam, ...difference }));
  const wider = overrideRecipe(recipeOf('report-004 improved-1'), { 'model.layers.0.units': 140 });
  expect({ ...recipeOf('report-004 improved-2'), ...named }).toEqual({ ...wider, ...named });
  for (const [id, difference] of [
    ['cnn-dropout', {}],
    ['cnn-weight-decay', { l2: 1e-4, l2Factor: '1/2' }],
  ] as const) {
    const { model: _, ...recipe } = { ...recipeOf(`report-003 ${id}`), ...named };
    expect(parseRecipe({ ...recipeOf('report-003 cnn'), ...named, ...difference })).toMatchObject(recipe);
  }
});

/** Sets with the rows and parts of the real ones, and images of few pixels. */
function blankImages(rowCount: number, inputShape: readonly number[]): Dataset {
  const trainRows = rowCount - 10_000;
  const batches = Array.from({ length: trainRows / 10_000 }, (_, index) => [
    `batch${index + 1}`,
    { from: index * 10_000, to: (index + 1) * 10_000 },
  ]);
  return {
    name: 'blank images',
    task: 'classification',
    rowCount,
    inputShape,
    inputs: new Uint8Array(rowCount * inputShape.reduce((product, extent) => product * extent, 1)),
    labels: Uint32Array.from({ length: rowCount }, (_, row) => row % 10),
    outputCount: 10,
    parts: {
      train: { from: 0, to: trainRows },
      test: { from: trainRows, to: rowCount },
      ...(Object.fromEntries(batches) as Dataset['parts']),
    },
    notes: [],
  };
}

async function datasetOf(recipe: Recipe): Promise<Dataset> {
  if (recipe.data.source === 'cifar10') return blankImages(60_000, [2, 2, 3]);
  if (recipe.data.source === 'fashion-mnist') return blankImages(70_000, [8, 8, 1]);
  return loadDataset(recipe.data, memoryFiles({}));
}

test.each(withRecipe)('$place: its recipe $recipe is there and can be trained', async ({ place, recipe: name }) => {
  expect(Object.keys(builtInRecipes)).toContain(name);
  const recipe = recipeOf(place);
  expect(prepare(recipe, await datasetOf(recipe)).duration.steps).toBeGreaterThan(0);
});

test.each([
  ['report-000 adam', 30, 450],
  ['report-001 overfit', 200, 10],
  ['report-001 figure-2', 10, 100],
  ['report-001 figure-3', 48, 100],
  ['report-001 coarse', 8, 450],
  ['report-001 fine', 8, 450],
  ['report-001 final', 12, 490],
  ['report-003 sgd', 15_000, 4],
  ['report-003 momentum', 8_000, 4],
  ['report-003 adam', 5_000, 4],
  ['report-003 tuned', 5_000, 10],
  ['report-003 cnn', 50, 91],
  ['report-004 coarse', 80, 450],
  ['report-004 tuned', 100, 450],
  ['report-004 model-1', 48, 450],
  ['report-004 model-2', 60, 450],
  ['report-004 improved-1', 100, 90],
])('%s takes %d epochs of %d steps', async (place, epochs, stepsPerEpoch) => {
  const recipe = recipeOf(place);
  const { duration } = prepare(recipe, await datasetOf(recipe));
  expect(duration).toEqual({ steps: epochs * stepsPerEpoch, stepsPerEpoch });
});
