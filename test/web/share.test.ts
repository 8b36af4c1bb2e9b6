// The recipe in the address: every built-in recipe fits, comes back whole, and a broken link is told as such.
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { decodeRecipe, encodeRecipe, linkTo, recipeTextOfHash } from '../../web/share/recipe-link.ts';

const mostCharacters = 2000;
const page = 'https://example.org/descent/?hooks#runs';
const digits = builtInRecipes['digits']!;

test.each(Object.entries(builtInRecipes))('%s fits an address and comes back the same', (_, recipe) => {
  const link = linkTo(recipe, page);
  expect(link.length).toBeLessThanOrEqual(mostCharacters);
  const back = decodeRecipe(recipeTextOfHash(new URL(link).hash) ?? '');
  expect(parseRecipe(back)).toEqual(parseRecipe(recipe));
});

test('a recipe with every default written out makes the same link as the one that leaves them out', () => {
  const full = parseRecipe(digits);
  const back = decodeRecipe(encodeRecipe(full));
  expect(encodeRecipe(back)).toBe(encodeRecipe(full));
  expect(encodeRecipe(full).length).toBeLessThan(1.1 * encodeRecipe(digits).length);
});

test('a link opens the training view and keeps nothing else of the address', () => {
  const link = linkTo(digits, page);
  expect(link).toMatch(/^https:\/\/example\.org\/descent\/#train\?recipe=[\w-]+$/);
});

test('an address without a recipe brings none', () => {
  expect(recipeTextOfHash('')).toBeUndefined();
  expect(recipeTextOfHash('#search')).toBeUndefined();
  expect(recipeTextOfHash('#train?other=1')).toBeUndefined();
});

const text = encodeRecipe(digits);

test.each([
  { fault: 'cut off', broken: text.slice(0, -20) },
  { fault: 'empty', broken: '' },
  { fault: 'not base64', broken: '%%%' },
  { fault: 'with a character changed', broken: `${text.slice(0, 30)}${text[30] === 'A' ? 'B' : 'A'}${text.slice(31)}` },
])('a link that is $fault gives one sentence', ({ broken }) => {
  expect(() => decodeRecipe(broken)).toThrow(/^\S.*\.$/);
});

test('a link that inflates to far more than a recipe is refused', () => {
  const bomb = encodeRecipe({ ...digits, description: 'x'.repeat(2 << 20) });
  expect(() => decodeRecipe(bomb)).toThrow('holds no whole recipe');
});

test('a recipe of a link that is wrong is refused with the sentence of the schema', () => {
  const wrong = encodeRecipe({ ...digits, batch: -1 });
  expect(() => decodeRecipe(wrong)).toThrow('batch: expected a number of at least 1, got -1.');
});
