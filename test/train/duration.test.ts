/** How long a run is, and what --epochs makes of each schedule. */
import { expect, test } from 'vitest';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { planDuration, rescaleToEpochs, trainedRowCount } from '../../src/train/duration.ts';
import { learningRate } from '../../src/train/schedule.ts';
import { clouds } from './support.ts';

const trainRows = 103;
const parse = (fields: object) =>
  parseRecipe({ data: { source: 'digits' }, model: { layers: [{ type: 'dense', units: 10 }] }, batch: 10, ...fields });
const cyclic = { type: 'cyclic', stepSize: 25, etaMin: 0.01, etaMax: 0.1 };

test.each([
  [{ epochs: 7 }, 70],
  [{ steps: 33 }, 33],
  [{ cycles: 1.5, schedule: cyclic }, 75],
] as const)('%o is %i steps, of ten whole batches an epoch', (fields, steps) => {
  expect(planDuration(parse(fields), trainRows)).toEqual({ steps, stepsPerEpoch: 10 });
});

test('a set of exactly one batch is one step an epoch', () => {
  expect(planDuration(parse({ epochs: 3 }), 10)).toEqual({ steps: 3, stepsPerEpoch: 1 });
});

test.each([
  ['epochs', { epochs: 10 }],
  ['steps', { steps: 100 }],
  ['cycles', { cycles: 2, schedule: cyclic }],
])('%s become so many epochs', (_name, fields) => {
  const recipe = rescaleToEpochs(parse(fields), 4, trainRows);
  expect(recipe).toMatchObject({ epochs: 4 });
  expect([recipe.steps, recipe.cycles]).toEqual([undefined, undefined]);
  expect(planDuration(recipe, trainRows).steps).toBe(40);
  expect(parseRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
});

test.each([
  ['a run', {}, 90],
  ['a run with validation', { data: { source: 'csv', file: 'in memory', validation: 20 } }, 70],
  ['one fold', { data: { source: 'csv', file: 'in memory', folds: 4, fold: 3 } }, 68],
  [
    'a population of folds',
    { data: { source: 'csv', file: 'in memory', folds: 3 }, members: [{ 'data.fold': 2 }] },
    60,
  ],
  ['a search with folds', { search: { space: { l2: { grid: [0] } }, folds: 3 } }, 60],
])('%s counts the rows that it trains on', (_, fields, rowCount) => {
  const recipe = parse({ epochs: 2, data: { source: 'csv', file: 'in memory' }, ...fields });
  expect(trainedRowCount(recipe, clouds())).toBe(rowCount);
});

test('the same number of epochs changes nothing', () => {
  for (const schedule of [cyclic, { type: 'exponential', decay: 0.2 }, { type: 'step', everyEpochs: 3 }]) {
    const recipe = parse({ epochs: 10, schedule: { ...schedule, warmupSteps: 5 } });
    expect(rescaleToEpochs(recipe, 10, trainRows)).toEqual(recipe);
  }
});

// Ten epochs become thirty: a place s of the short run is at 3·s in the long one.
const schedules = [
  { type: 'constant', warmupSteps: 10 },
  { type: 'exponential', decay: 0.3 },
  { type: 'step', everyEpochs: 2, factor: 0.5 },
  { type: 'cosine', minimum: 0.01 },
  cyclic,
  { type: 'oneCycle', etaMax: 0.3 },
];
test.each(schedules)('$type has the same course over three times as many epochs', (schedule) => {
  const short = parse({ epochs: 10, schedule, optimizer: { type: 'sgd', learningRate: 0.2 } });
  const long = rescaleToEpochs(short, 30, trainRows);
  const durations = [short, long].map((recipe) => planDuration(recipe, trainRows));
  for (const step of [0, 20, 40, 50, 60, 80]) {
    const rates = [learningRate(short, step, durations[0]!), learningRate(long, 3 * step, durations[1]!)];
    // Warm-up and one-cycle count the first step as one: a third of a step is left.
    const tolerance = schedule.type === 'oneCycle' || 'warmupSteps' in schedule ? 0.015 : 1e-14;
    expect(Math.abs(rates[0]! - rates[1]!), `step ${step}: ${rates.join(', ')}`).toBeLessThan(tolerance);
  }
});

test('members keep schedules of their own, scaled alike', () => {
  const recipe = parse({
    cycles: 2,
    schedule: { ...cyclic, warmupSteps: 8 },
    members: [{ seed: 1 }, { 'schedule.stepSize': 25, 'schedule.etaMax': 0.2, 'schedule.warmupSteps': 0 }],
  });
  const { schedule, members } = rescaleToEpochs(recipe, 20, trainRows);
  expect(schedule).toEqual({ ...cyclic, stepSize: 50, warmupSteps: 16 });
  expect(members).toEqual([
    { seed: 1 },
    { 'schedule.stepSize': 50, 'schedule.etaMax': 0.2, 'schedule.warmupSteps': 0 },
  ]);
});

test('a schedule never shrinks to nothing', () => {
  const recipe = rescaleToEpochs(parse({ epochs: 100, schedule: { ...cyclic, warmupSteps: 2 } }), 1, trainRows);
  expect(recipe.schedule).toMatchObject({ stepSize: 1, warmupSteps: 1 });
});
