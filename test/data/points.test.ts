// The two-dimensional sets: without noise on their shapes, with noise of the right size, the same bits everywhere.
import { expect, test } from 'vitest';
import { datasetSha256, loadDataset } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { overrideRecipe } from '../../src/recipe/parse.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import { dataRecipe, memoryFiles } from './memory-files.ts';

const shapeNames = ['circles', 'moons', 'xor', 'blobs'] as const;

function load(shape: (typeof shapeNames)[number], more: object = {}): Promise<Dataset> {
  return loadDataset(dataRecipe({ source: 'points', shape, ...more }), memoryFiles({}));
}

function pointsOf({ inputs, labels }: Dataset): { x: number; y: number; label: number }[] {
  return Array.from(labels ?? [], (label, row) => ({ x: inputs[2 * row] ?? 0, y: inputs[2 * row + 1] ?? 0, label }));
}

/** How far a point is from where its shape has it. */
const distances: Readonly<Record<string, (x: number, y: number, label: number) => number>> = {
  circles: (x, y, label) => Math.abs(Math.hypot(x, y) - (label === 0 ? 1 : 0.5)),
  // scikit-learn's make_moons.
  moons: (x, y, label) =>
    label === 0
      ? Math.abs(Math.hypot(x, y) - 1) + Math.max(0, -1e-12 - y)
      : Math.abs(Math.hypot(1 - x, 0.5 - y) - 1) + Math.max(0, y - 0.5 - 1e-12),
  xor: (x, y, label) => (x * y > 0 === (label === 0) ? Math.max(0, 0.15 - Math.min(Math.abs(x), Math.abs(y))) : 1),
  blobs: (x, y, label) => Math.hypot(x - Math.cos((2 * Math.PI * label) / 3), y - Math.sin((2 * Math.PI * label) / 3)),
};

test.each(shapeNames)('%s without noise lie on their shape, with classes of equal size', async (shape) => {
  for (const rows of [3, 7, 33, 257]) {
    const set = await load(shape, { rows, noise: 0 });
    expect(set).toMatchObject({ name: shape, rowCount: rows, inputShape: [2], inputNames: ['x', 'y'], parts: {} });
    const points = pointsOf(set);
    for (const { x, y, label } of points) {
      expect(distances[shape]?.(x, y, label)).toBeLessThan(1e-12);
      expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(2);
    }
    expect(set.classNames).toHaveLength(set.outputCount);
    const counts = Array.from({ length: set.outputCount }, (_, each) => points.filter((p) => p.label === each).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});

test('the moons go from end to end, as those of scikit-learn', async () => {
  // sklearn.datasets.make_moons(6, shuffle=False, noise=None), its rows in turns.
  const expected = [
    [1, 0],
    [0, 0.5],
    [0, 1],
    [1, -0.5],
    [-1, 0],
    [2, 0.5],
  ];
  const points = pointsOf(await load('moons', { rows: 6, noise: 0 }));
  for (const [row, [x = 0, y = 0]] of expected.entries()) {
    expect(points[row]?.x).toBeCloseTo(x, 12);
    expect(points[row]?.y).toBeCloseTo(y, 12);
  }
});

test('all four quadrants of xor are filled alike', async () => {
  const points = pointsOf(await load('xor', { rows: 400, noise: 0 }));
  for (const [signX, signY] of [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ] as const) {
    expect(points.filter(({ x, y }) => Math.sign(x) === signX && Math.sign(y) === signY)).toHaveLength(100);
  }
});

test.each(shapeNames)('the noise of %s has its standard deviation, and the seed decides it', async (shape) => {
  const rows = 4000;
  const [clean, noisy, again, other] = await Promise.all([
    load(shape, { rows, noise: 0, seed: 1 }),
    load(shape, { rows, noise: 0.3, seed: 1 }),
    load(shape, { rows, noise: 0.3, seed: 1 }),
    load(shape, { rows, noise: 0.3, seed: 2 }),
  ]);
  const squares = [...noisy.inputs].map((value, index) => (value - (clean.inputs[index] ?? 0)) ** 2);
  // Three standard errors of the mean of 8,000 squares are 5 %.
  expect(squares.reduce((sum, square) => sum + square, 0) / squares.length / 0.09).toBeCloseTo(1, 1);
  expect(again.inputs).toEqual(noisy.inputs);
  expect(other.inputs).not.toEqual(noisy.inputs);
});

test.each([
  // Recorded from this code; a change here is a change of everybody's data.
  ['circles', '8b3db9342df31b5214f49e4535c0ef2f297a182d63152b2786dc3fbc8b30ef1c'],
  ['moons', '25d3337c2728ec6c043e6509dd69a1c0f66e39c8fb4c4ed9c3b110dd9cf2215d'],
  ['xor', '2fe291f46028ba2b373dbf5fa15de0a474b41b6c30362086de72a03bc3a8dcb0'],
  ['blobs', '20e0ef4162d7427ddae33fc2a6ab9832bf572512de0174594f6981b9bc4935b2'],
] as const)('the bits of %s are those that were recorded', async (shape, sha256) => {
  expect(await datasetSha256(await load(shape))).toBe(sha256);
});

test('classes belong to blobs, and each needs a row', async () => {
  expect((await load('blobs')).outputCount).toBe(3);
  expect(await load('blobs', { classes: 5 })).toMatchObject({ outputCount: 5 });
  await expect(load('moons', { classes: 2 })).rejects.toThrow(
    'data.classes: belongs to the shape "blobs", but data.shape is "moons". Leave it out.',
  );
  await expect(load('blobs', { rows: 4, classes: 5 })).rejects.toThrow('data.rows: 4 rows cannot fill 5 classes.');
});

test.each(shapeNames)('the recipe %s learns more than 95 %% of its test rows in seconds', async (name) => {
  for (const seed of [0, 1, 2]) {
    const recipe = overrideRecipe(builtInRecipes[name], { seed });
    const { test: tested } = await train(recipe, { device: cpuDevice() }).result;
    expect(tested?.accuracy).toBeGreaterThan(0.95);
  }
});
