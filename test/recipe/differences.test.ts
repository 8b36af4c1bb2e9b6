// What a comparison of two recipes tells.
import { expect, test } from 'vitest';
import { recipeDifferences } from '../../src/recipe/differences.ts';
import { overrideRecipe } from '../../src/recipe/parse.ts';
import { digitsRun } from '../train/digits-run.ts';

test('recipes differ in every field that differs, by its dotted path, and in no other', () => {
  const first = overrideRecipe(digitsRun, {});
  const second = overrideRecipe(digitsRun, { 'model.layers.0.units': 64, 'schedule.etaMax': 0.02, seed: 3, l2: 0 });
  expect(recipeDifferences(first, overrideRecipe(digitsRun, {}))).toEqual([]);
  const found = recipeDifferences(first, second).toSorted((a, b) => a.place.localeCompare(b.place));
  expect(found).toEqual([
    { place: 'l2', first: 1e-4, second: 0 },
    { place: 'model.layers.0.units', first: 32, second: 64 },
    { place: 'schedule.etaMax', first: 0.01, second: 0.02 },
    { place: 'seed', first: 0, second: 3 },
  ]);
});

test('a field that one of them lacks differs, and one that JSON leaves out does not', () => {
  expect(recipeDifferences({ batch: 8, epochs: 3 }, { batch: 8, steps: 5, epochs: undefined })).toEqual([
    { place: 'epochs', first: 3, second: undefined },
    { place: 'steps', first: undefined, second: 5 },
  ]);
  expect(recipeDifferences({ layers: [1, 2] }, { layers: [1] })).toEqual([
    { place: 'layers.1', first: 2, second: undefined },
  ]);
});
