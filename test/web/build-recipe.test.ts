// Changes to several fields at once, sentences in their places, recipes as text.
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { lossOfField, parseRecipe } from '../../src/recipe/parse.ts';
import type { DataSource, Recipe } from '../../src/recipe/schema.ts';
import { pathOfFault, placeOfFault } from '../../web/build/fault-place.ts';
import { formatJson, lineOf, offsetOfPlace } from '../../web/build/json-text.ts';
import { ratePath } from '../../src/recipe/paths.ts';
import { changeLoss, changeSchedule, changeSource, fitToData } from '../../web/build/recipe-edits.ts';
import type { RecipeJson } from '../../web/state/draft.ts';

const recipes = Object.entries(builtInRecipes) as [string, RecipeJson][];
const digits = builtInRecipes['digits'] as RecipeJson;

const losses: readonly Recipe['loss'][] = ['crossEntropy', 'mse', 'mae', 'huber', 'quadratic'];

test.each(losses)('every loss may be changed to %s, whatever fields the old one had', (loss) => {
  const fields = { huberDelta: 2, labelSmoothing: 0.1, classWeights: 'balanced', evaluation: { batch: 100, topK: 3 } };
  const changed = changeLoss({ ...digits, ...fields }, loss);
  expect(() => parseRecipe(changed)).not.toThrow();
  expect(changed['evaluation']).toMatchObject({ batch: 100 });
  expect('huberDelta' in changed).toBe(loss === lossOfField.huberDelta);
});

test.each(['constant', 'exponential', 'step', 'cosine', 'cyclic', 'oneCycle', 'rangeTest', 'plateau'])(
  'the schedule of every built-in recipe may be changed to %s',
  (type) => {
    for (const [name, recipe] of recipes) {
      // A search and members vary fields of the old schedule.
      const { search: _search, members: _members, ...plain } = recipe;
      expect(() => parseRecipe(changeSchedule(plain, type)), name).not.toThrow();
    }
  },
);

test('the rate that is set is the one that the schedule takes', () => {
  expect(ratePath(undefined)).toBe('optimizer.learningRate');
  expect(ratePath({ type: 'oneCycle' })).toBe('schedule.etaMax');
});

const sources: readonly DataSource[] = ['digits', 'spirals', 'points', 'two-peaks', 'fashion-mnist', 'cifar10'];

test.each(sources)('every built-in recipe may be changed to %s', (source) => {
  for (const [name, recipe] of recipes) expect(() => parseRecipe(changeSource(recipe, source)), name).not.toThrow();
});

test('parts of the old set are not asked of the new one', () => {
  const cyclic = builtInRecipes['cifar10-cyclic'] as RecipeJson;
  expect(changeSource(cyclic, 'digits')['data']).toEqual({ source: 'digits', normalize: 'feature' });
});

test('a recipe that is fitted to a regression has its outputs, a loss for it and rows for testing', () => {
  const description = {
    task: 'regression',
    outputCount: 1,
    hasTestPart: false,
    rowCount: 200,
    inputShape: [1],
    notes: [],
  };
  const fitted = fitToData(
    { ...changeSource(digits, 'two-peaks'), labelSmoothing: 0.1 },
    { ...description, task: 'regression' },
  );
  expect(parseRecipe(fitted)).toMatchObject({ loss: 'mse', labelSmoothing: 0, data: { test: 0.2, stratify: false } });
  expect(parseRecipe(fitted).model.layers.at(-1)).toMatchObject({ type: 'dense', units: 1 });
});

test('numbers of rows that a smaller set does not have become shares', () => {
  const recipe = { ...digits, data: { source: 'digits', train: 40_000, validation: 5000 } };
  const description = {
    task: 'classification',
    outputCount: 10,
    hasTestPart: false,
    inputShape: [8, 8, 1],
    notes: [],
  } as const;
  const { data } = parseRecipe(fitToData(recipe, { ...description, rowCount: 1797 }));
  expect(data).toMatchObject({ validation: 0.2, test: 0.2 });
  expect(data.train).toBeUndefined();
  const large = parseRecipe(fitToData(recipe, { ...description, rowCount: 60_000 }));
  expect(large.data).toMatchObject({ train: 40_000, validation: 5000, test: 0.2 });
});

test.each([
  { sentence: 'model.layers[2] "conv2": a kernel does not fit.', place: { part: 'layers', layer: 2 } },
  { sentence: 'model.layers[0].units: expected a number.', place: { part: 'layers', layer: 0 } },
  { sentence: 'optimizer.learningRate: expected a number above 0, got 0.', place: { part: 'optimizer' } },
  { sentence: 'batch: expected a whole number, got 1.5.', place: { part: 'length' } },
  { sentence: 'members[0]: expected an object.', place: {} },
  { sentence: 'fashion-mnist/train-images-idx3-ubyte.gz: is missing.', place: {} },
])('"$sentence" stands where it belongs', ({ sentence, place }) => {
  expect(placeOfFault(sentence)).toEqual(place);
});

test.each(recipes)('%s as text is the same recipe, at most 80 characters wide where it can be', (_, recipe) => {
  const text = formatJson(recipe, 80);
  expect(JSON.parse(text)).toEqual(recipe);
  const long = text.split('\n').filter((line) => line.length > 80 && !line.includes('"description"'));
  expect(long).toEqual([]);
});

test('a short section stands on one line', () => {
  expect(formatJson({ data: { source: 'digits', test: 0.2 }, empty: {}, list: [] }, 80)).toBe(
    '{\n  "data": { "source": "digits", "test": 0.2 },\n  "empty": {},\n  "list": []\n}',
  );
});

test('the place of a sentence is found in the text', () => {
  const text = formatJson(digits, 60);
  const at = (path: string): string => text.slice(offsetOfPlace(text, path)).split(/[,\n }]/)[0] ?? '';
  expect(at('model.layers[1].rate')).toBe('0.2');
  expect(at('data.source')).toBe('"digits"');
  expect(at('batch')).toBe('32');
  expect(lineOf(text, offsetOfPlace(text, 'name'))).toBe(1);
  // What is missing is looked for where it should be.
  expect(offsetOfPlace(text, 'optimizer.momentum')).toBe(offsetOfPlace(text, 'optimizer'));
  expect(offsetOfPlace(text, 'nothing')).toBe(0);
});

test('the path of a sentence is the one that it begins with', () => {
  expect(pathOfFault('model.layers[2] "conv2": a kernel does not fit.')).toBe('model.layers[2]');
  expect(pathOfFault('"": unknown field.')).toBe('');
});
