// The space of a search as the page edits it: what it offers for a recipe, and how a field's values are changed and written.
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { overrideJson, overrideRecipe, parseRecipe } from '../../src/recipe/parse.ts';
import type { Dimension } from '../../src/recipe/search-schema.ts';
import { readSpace } from '../../src/search/space.ts';
import {
  changeKind,
  changeSpace,
  kindOf,
  kinds,
  parseValues,
  sayListed,
  startingSearch,
  suggestFields,
} from '../../web/search/space-fields.ts';

const digits = parseRecipe(builtInRecipes['digits']);

test.each(Object.entries(builtInRecipes))('every field that is offered for %s can be searched', (_, json) => {
  const { members: _members, search: _search, ...base } = parseRecipe(json);
  const fields = suggestFields(parseRecipe(base));
  expect(fields.length).toBeGreaterThan(3);
  expect(new Set(fields.map(({ path }) => path)).size).toBe(fields.length);
  for (const { path, dimension } of fields) {
    const recipe = overrideRecipe(base, { search: { space: { [path]: dimension } } });
    expect(readSpace(recipe).map((field) => field.path)).toEqual([path]);
  }
});

test('the learning rate is that of the schedule, where the schedule has rates of its own', () => {
  const pathFor = (schedule: object): string | undefined =>
    suggestFields(overrideRecipe(digits, { schedule }))[0]?.path;
  expect(pathFor({ type: 'cosine' })).toBe('optimizer.learningRate');
  expect(pathFor({ type: 'cyclic', stepSize: 100 })).toBe('schedule.etaMax');
  expect(pathFor({ type: 'oneCycle', etaMax: 0.01 })).toBe('schedule.etaMax');
});

test('units are offered for every layer but the one that answers', () => {
  const paths = suggestFields(digits).map(({ path }) => path);
  expect(paths).toContain('model.layers.0.units');
  expect(paths).not.toContain('model.layers.2.units');
});

test('a recipe without a space begins with learning rate and l2, on rows that are set aside if there are none', () => {
  const fields = startingSearch(digits);
  expect(fields['data.validation']).toBe(0.2);
  const recipe = parseRecipe(overrideJson(builtInRecipes['digits'], fields));
  expect(Object.keys(recipe.search?.space ?? {})).toEqual(['optimizer.learningRate', 'l2']);
  expect(startingSearch(overrideRecipe(digits, { 'data.validation': 100 }))).not.toHaveProperty('data.validation');
});

test.each<Dimension>([
  { logUniform: [1e-5, 1e-1] },
  { uniform: [-1, 0] },
  { int: [2, 8] },
  { choice: ['relu', 'tanh'] },
  { grid: [0, 1, 2] },
  { grid: [7] },
])('%j stays a right field when it is varied in another way', (dimension) => {
  for (const kind of kinds) {
    const changed = changeKind(dimension, kind);
    expect(kindOf(changed)).toBe(kind);
    expect(Object.keys(changed)).toEqual([kind]);
    const range = changed.uniform ?? changed.logUniform ?? changed.int;
    if (range === undefined) continue;
    expect(range[0]).toBeLessThan(range[1]);
    if (kind === 'logUniform') expect(range[0]).toBeGreaterThan(0);
    if (kind === 'int') expect(range.every(Number.isInteger)).toBe(true);
  }
});

test.each<[string, readonly unknown[]]>([
  ['32, 64', [32, 64]],
  ['relu, tanh', ['relu', 'tanh']],
  ['relu, 3e-4', ['relu', 3e-4]],
  ['"relu", true', ['relu', true]],
  ['{"type":"sgd"}, {"type":"adam"}', [{ type: 'sgd' }, { type: 'adam' }]],
  ['  ', []],
])('the list %s is read as %j', (text, values) => {
  expect(parseValues(text)).toEqual(values);
});

test.each<readonly unknown[][]>([[[1e-5, 0.1, 3]], [['relu', 'tanh']], [[{ type: 'sgd', nesterov: true }]]])(
  'the list %j is read as it was written',
  (values) => {
    expect(parseValues(sayListed(values))).toEqual(values);
  },
);

test('a field that is renamed keeps its place in the space', () => {
  const space = { l2: { uniform: [0, 1] }, batch: { grid: [16] }, seed: { grid: [0] } } as const;
  const entries = (changed: object): string[] => Object.keys(changed);
  const given = structuredClone(space) as unknown as Parameters<typeof changeSpace>[0];
  expect(entries(changeSpace(given, 1, ['epochs', { int: [1, 3] }]))).toEqual(['l2', 'epochs', 'seed']);
  expect(entries(changeSpace(given, 3, ['epochs', { int: [1, 3] }]))).toEqual(['l2', 'batch', 'seed', 'epochs']);
  expect(entries(changeSpace(given, 0, undefined))).toEqual(['batch', 'seed']);
});
