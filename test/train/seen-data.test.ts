// What recipes see alike of a data set is measured once, and only that.
import { expect, test } from 'vitest';
import { loadDigits } from '../../src/data/digits.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { prepare } from '../../src/train/session.ts';
import type { SeenData } from '../../src/train/session.ts';

const recipe = {
  data: { source: 'digits', test: 0.2, validation: 0.1, normalize: 'feature' },
  model: { layers: [{ type: 'dense', units: 10 }] },
  epochs: 1,
};
const dataset = await loadDigits();

test('another model on the same rows takes the view that was made, with the same numbers as without', () => {
  const seenData: SeenData = new WeakMap();
  const first = prepare(parseRecipe(recipe), dataset, { seenData });
  const wider = parseRecipe({ ...recipe, model: { layers: [{ type: 'dense', units: 5 }, ...recipe.model.layers] } });
  const second = prepare(wider, dataset, { seenData });
  expect(second.views[0]).toBe(first.views[0]);
  expect(second.inputs[0]).toBe(first.inputs[0]);
  expect(second.views).toEqual(prepare(wider, dataset).views);
  expect(second.plan.model.layers).toHaveLength(2);
});

test.each([
  { name: 'seed', change: { data: { ...recipe.data, seed: 1 } } },
  { name: 'split', change: { data: { ...recipe.data, validation: 0.3 } } },
  { name: 'scaling', change: { data: { ...recipe.data, normalize: 'unit' } } },
  { name: 'weights of the classes', change: { classWeights: 'balanced' } },
])('another $name is seen anew', ({ change }) => {
  const seenData: SeenData = new WeakMap();
  prepare(parseRecipe(recipe), dataset, { seenData });
  const other = parseRecipe({ ...recipe, ...change });
  expect(prepare(other, dataset, { seenData }).views).toEqual(prepare(other, dataset).views);
});

test('another set is seen anew, and no more than a few views are remembered', () => {
  const seenData: SeenData = new WeakMap();
  const first = prepare(parseRecipe(recipe), dataset, { seenData });
  const copy = { ...dataset };
  expect(prepare(parseRecipe(recipe), copy, { seenData }).views[0]).not.toBe(first.views[0]);
  for (let seed = 1; seed <= 20; seed++) {
    prepare(parseRecipe({ ...recipe, data: { ...recipe.data, seed } }), dataset, { seenData });
  }
  expect(seenData.get(dataset)?.size).toBeLessThan(10);
});

test('what is found again drives nothing out', () => {
  const seenData: SeenData = new WeakMap();
  const see = (seed: number) =>
    prepare(parseRecipe({ ...recipe, data: { ...recipe.data, seed } }), dataset, { seenData }).views[0];
  const views = [0, 1, 2, 3, 4, 5, 6, 7].map(see);
  expect(see(7)).toBe(views[7]);
  expect(see(0)).toBe(views[0]);
});
