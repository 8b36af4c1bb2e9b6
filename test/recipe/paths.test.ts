// What recipes say at dotted paths.
import { expect, test } from 'vitest';
import { isObject, valueAt } from '../../src/recipe/paths.ts';

const recipe = { l2: 0, model: { layers: [{ type: 'flatten' }, { type: 'dropout', rate: 0.2 }] }, search: null };

test.each([
  ['', recipe],
  ['l2', 0],
  ['model.layers.1.rate', 0.2],
  ['model.layers.0.rate', undefined],
  ['model.layers.*.rate', 0.2],
  ['model.layers.*.units', undefined],
  ['optimizer.type', undefined],
  ['search.space', undefined],
  ['l2.toFixed', undefined],
])('at "%s" stands %j', (path, value) => expect(valueAt(recipe, path)).toEqual(value));

test('a list and null are no objects', () => {
  expect([{}, [], null, 'a', undefined].map(isObject)).toEqual([true, false, false, false, false]);
});
