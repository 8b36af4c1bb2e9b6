/** Members of a population end with the bits of the same recipes run alone. */
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { memberRecipes } from '../../src/recipe/parse.ts';
import { clouds, hashes, smallRecipe, trainAll } from './support.ts';

const layers = [
  { type: 'dense', units: 12, activation: 'relu' },
  { type: 'dropout', rate: 0.2 },
  { type: 'dense', units: 3 },
];
const three = [
  { seed: 1, l2: 0.003, 'optimizer.learningRate': 0.01, 'model.layers.1.rate': 0 },
  { seed: 2, l2: 0.03, 'optimizer.learningRate': 0.03, 'model.layers.1.rate': 0.3 },
  { seed: 3, l2: 0, 'optimizer.learningRate': 0.002, 'model.layers.1.rate': 0.6 },
];
const dataSeeds = [{ 'data.seed': 1 }, { 'data.seed': 2, seed: 7 }, { 'data.seed': 1, l2: 0.02 }];
const images = { data: { source: 'csv', file: 'in memory', validation: 30, normalize: 'unit' } };
const stopping = { evaluation: { everySteps: 3 }, earlyStopping: { patience: 2 }, epochs: 20 };

const cases: readonly (readonly [string, object, Dataset])[] = [
  ['lambdas, rates, seeds and dropout rates', { members: three }, clouds()],
  ['the same on images', { ...images, members: three }, clouds({ bytes: true })],
  [
    'seeds and rates, with dropout on the inputs that they share',
    {
      model: { layers: [{ type: 'dropout', rate: 0.3 }, ...layers.filter(({ type }) => type === 'dense')] },
      members: [{ seed: 1 }, { seed: 2 }, { seed: 3, 'model.layers.0.rate': 0.1 }],
    },
    clouds(),
  ],
  ['data seeds', { members: dataSeeds }, clouds()],
  ['data seeds on images', { ...images, members: dataSeeds }, clouds({ bytes: true })],
  [
    'data seeds with noise and moved images',
    {
      ...images,
      augmentation: {
        noise: { standardDeviation: 0.1, fraction: 0.5 },
        horizontalFlip: true,
        cropPadding: 1,
        brightness: 0.1,
        cutout: 1,
      },
      members: dataSeeds,
    },
    clouds({ bytes: true }),
  ],
  ['members that stop early', { ...stopping, members: three }, clouds()],
  ['members that stop early, each on a split of its own', { ...stopping, members: dataSeeds }, clouds()],
  [
    'label smoothing, with weights of the classes',
    { classWeights: 'balanced', members: [{ labelSmoothing: 0.1 }, { labelSmoothing: 0 }, { labelSmoothing: 0.3 }] },
    clouds(),
  ],
  [
    'folds of one cross-validation',
    {
      data: { source: 'csv', file: 'in memory', normalize: 'feature', folds: 3 },
      members: [{ 'data.fold': 0 }, { 'data.fold': 1, l2: 0.01 }, { 'data.fold': 2, seed: 4 }],
    },
    clouds(),
  ],
  [
    'folds of images, stratified, beside seeds of the data',
    {
      data: { source: 'csv', file: 'in memory', normalize: 'channel', folds: 4, stratify: true },
      members: [{ 'data.fold': 3 }, { 'data.fold': 1, 'data.seed': 5 }, { 'data.fold': 3, seed: 4 }],
    },
    clouds({ bytes: true }),
  ],
  ['data seeds with balanced classes', { classWeights: 'balanced', members: dataSeeds }, clouds()],
  ['clipped gradients', { clipNorm: 0.5, members: three }, clouds()],
  [
    'numbers of the optimizer and the schedule',
    {
      optimizer: { type: 'momentum', learningRate: 0.05 },
      schedule: { type: 'cyclic', stepSize: 9, etaMax: 0.1 },
      members: [
        { 'optimizer.momentum': 0.5, 'schedule.etaMax': 0.2 },
        { 'schedule.stepSize': 5, 'schedule.warmupSteps': 4 },
        { 'optimizer.weightDecay': 0.01 },
      ],
    },
    clouds(),
  ],
  [
    'plateaus',
    {
      optimizer: { type: 'rmsprop', learningRate: 0.05 },
      schedule: { type: 'plateau', patience: 0, factor: 0.5 },
      members: [{ seed: 1 }, { seed: 2, 'schedule.factor': 0.2 }, { 'optimizer.alpha': 0.9, 'schedule.patience': 3 }],
    },
    clouds(),
  ],
];

test.each(cases)('members that differ in %s are three plain runs', async (_name, fields, dataset) => {
  const recipe = smallRecipe({ model: { layers }, ...fields });
  const together = await trainAll(recipe, { dataset });
  const alone = await Promise.all(memberRecipes(recipe).map((member) => trainAll(member, { dataset })));
  expect(hashes(together)).toEqual(alone.flatMap(hashes));
  expect(new Set(hashes(together)).size).toBe(3);
  for (const [index, { result, evaluations }] of alone.entries()) {
    expect(together.result.members[index]).toEqual(result.members[0]);
    // A stopped member goes on being evaluated.
    const shared = together.evaluations.slice(0, evaluations.length);
    expect(shared.map(({ members }) => members[index])).toEqual(evaluations.map(({ members }) => members[0]));
  }
});

test('one of the members of the case above stops before the others', async () => {
  const { result } = await trainAll(smallRecipe({ model: { layers }, ...stopping, members: three }));
  const steps = result.members.map((member) => member.steps);
  expect(Math.min(...steps)).toBeLessThan(Math.max(...steps));
  expect(result.steps).toBe(Math.max(...steps));
});

test('the result of a population is that of its first member, with all of them listed', async () => {
  const { result } = await trainAll(smallRecipe({ model: { layers }, members: three }));
  expect(result.members.map(({ seed }) => seed)).toEqual([1, 2, 3]);
  expect(result.members[0]).toMatchObject({ weightsSha256: result.weightsSha256, train: result.train });
  expect(result.weights).toHaveLength(3);
});

test('a member alone is a population of one with the same bits', async () => {
  const [plain, one] = await Promise.all([
    trainAll(smallRecipe({ seed: 5, l2: 0.1 })),
    trainAll(smallRecipe({ members: [{ seed: 5, l2: 0.1 }] })),
  ]);
  expect(hashes(one)).toEqual(hashes(plain));
});
