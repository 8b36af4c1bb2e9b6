/** The recipes that come with the project. */
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { overrideRecipe, parseRecipe } from '../../src/recipe/parse.ts';

const names = Object.keys(builtInRecipes);

test('there are recipes for every kind of data', () => {
  expect(names).toEqual(expect.arrayContaining(['cifar10-cyclic', 'digits', 'fashion-mlp', 'spirals']));
  expect(names).not.toContain('');
});

test.each(names)('%s is a right recipe and says what to expect', (name) => {
  const recipe = parseRecipe(builtInRecipes[name]);
  expect(recipe.name).toBe(name);
  expect(recipe.description).toMatch(/^[^\n]{20,200}[.]$/);
});

test.each(names)('%s with every default filled in is a right recipe, and the same', (name) => {
  const recipe = parseRecipe(builtInRecipes[name]);
  expect(parseRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
});

test('cifar10-cyclic is the published experiment', () => {
  expect(parseRecipe(builtInRecipes['cifar10-cyclic'])).toMatchObject({
    data: { train: { part: 'batch1' }, validation: { part: 'batch2' }, normalize: 'feature' },
    l2: 0.01,
    l2Factor: '1',
    optimizer: { type: 'sgd', weightDecay: 0 },
    schedule: { type: 'cyclic', etaMin: 1e-5, etaMax: 0.1, stepSize: 500 },
    batch: 100,
    cycles: 1,
  });
});

test('cifar10-cyclic-800 is cifar10-cyclic with the step size, the cycles and the evaluations of the longer run', () => {
  const recipe = parseRecipe(builtInRecipes['cifar10-cyclic']);
  const { name, description } = builtInRecipes['cifar10-cyclic-800'] ?? {};
  expect(parseRecipe(builtInRecipes['cifar10-cyclic-800'])).toEqual({
    ...recipe,
    name,
    description,
    schedule: { ...recipe.schedule, stepSize: 800 },
    cycles: 3,
    evaluation: { ...recipe.evaluation, everySteps: 80 },
  });
});

test.each(names.filter((name) => builtInRecipes[name]?.search !== undefined))(
  '%s varies fields that it has, and every value of its grids is a right recipe',
  (name) => {
    const { search, ...recipe } = parseRecipe(builtInRecipes[name]);
    for (const [path, { grid = [] }] of Object.entries(search?.space ?? {})) {
      const paths = path.includes('*')
        ? recipe.model.layers.flatMap((layer, index) => ('rate' in layer ? [path.replace('*', String(index))] : []))
        : [path];
      expect(paths, path).not.toEqual([]);
      for (const one of paths)
        for (const value of grid) expect(() => overrideRecipe(recipe, { [one]: value })).not.toThrow();
    }
  },
);

test('the defaults of the optimizers are those of PyTorch', () => {
  const optimizer = (type: string) =>
    parseRecipe({
      data: { source: 'digits' },
      model: { layers: [{ type: 'dense', units: 1 }] },
      epochs: 1,
      optimizer: { type },
    }).optimizer;
  expect(optimizer('sgd')).toEqual({ type: 'sgd', learningRate: 1e-3, weightDecay: 0 });
  expect(optimizer('rmsprop')).toMatchObject({ learningRate: 1e-2, alpha: 0.99, epsilon: 1e-8, weightDecay: 0 });
  expect(optimizer('adam')).toMatchObject({
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
  });
  expect(optimizer('adamw')).toMatchObject({
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.01,
  });
});
