// The recipe editor: cards and JSON say the same, what is wrong is said as the command line says it, links open the same recipe.
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { parseJson } from '../../src/recipe/json.ts';
import { overrideJson, parseRecipe } from '../../src/recipe/parse.ts';
import { temporaryFolder, writeFile } from '../cli/run-cli.ts';
import { button, openPage, readRun, trainButton, usePages, waitForState } from './page.ts';

usePages();

const digits = builtInRecipes['digits']!;

/** The sentence of an error. */
function sentenceOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

test('what is changed on a card stands in the JSON, what is changed in the JSON on the card, and undo takes it back', async () => {
  const page = await openPage();
  const json = page.getByRole('textbox', { name: 'Recipe as JSON' });
  const units = page.getByRole('group', { name: /^Layer 1/ }).getByLabel('Units', { exact: true });
  await units.fill('96');
  await button(page, 'JSON').click();
  expect(JSON.parse(await json.inputValue())).toEqual(overrideJson(digits, { 'model.layers.0.units': 96 }));
  await json.fill(JSON.stringify(overrideJson(digits, { 'model.layers.0.units': 48 })));
  await button(page, 'Cards').click();
  await expect.poll(() => units.inputValue()).toBe('48');
  await button(page, 'Undo').click();
  await expect.poll(() => units.inputValue()).toBe('96');
  await button(page, 'Undo').click();
  await expect.poll(() => units.inputValue()).toBe('128');
  await button(page, 'Redo').click();
  await expect.poll(() => units.inputValue()).toBe('96');
});

test('a layer that is added is trained', async () => {
  const page = await openPage();
  await page.evaluate((recipe) => globalThis.descent!.replaceDraft(recipe), { ...digits, epochs: 1 });
  await button(page, 'Add a layer').click();
  await page
    .getByRole('list', { name: 'Kinds of layers' })
    .getByRole('button', { name: /layerNorm/i })
    .click();
  await trainButton(page).click();
  const run = await waitForState(page, 'finished');
  expect(run.recipe.model.layers.map(({ type }) => type).toSorted()).toEqual([
    'dense',
    'dense',
    'dropout',
    'layerNorm',
  ]);
  expect(run.start?.parameters).toBeGreaterThan(9610);
});

test.each([
  ['a slip', '{ "data": { "source": "digits" ', (text: string) => parseJson(text, 'recipe')],
  ['an unknown field', JSON.stringify({ ...digits, learningrate: 1 }), (text: string) => parseRecipe(JSON.parse(text))],
  ['a wrong value', JSON.stringify({ ...digits, batch: 0 }), (text: string) => parseRecipe(JSON.parse(text))],
])('JSON with %s gets the sentence of the command line, and the draft stays', async (_, text, parse) => {
  const page = await openPage();
  await button(page, 'JSON').click();
  await page.getByRole('textbox', { name: 'Recipe as JSON' }).fill(text);
  await expect
    .poll(() => page.getByRole('alert').allInnerTexts())
    .toEqual([expect.stringContaining(sentenceOf(() => parse(text)))]);
  await button(page, 'Cards').click();
  expect(
    await page
      .getByRole('group', { name: /^Layer 1/ })
      .getByLabel('Units', { exact: true })
      .inputValue(),
  ).toBe('128');
});

test('a layer that does not fit gets its sentence, and is not trained', async () => {
  const page = await openPage();
  const last = page.getByRole('group', { name: /^Layer 3/ }).getByLabel('Units', { exact: true });
  await last.fill('7');
  await page
    .getByRole('alert')
    .filter({ hasText: /dense2.*has 7 units/ })
    .first()
    .waitFor();
  expect(await trainButton(page).isDisabled()).toBe(true);
  await last.fill('10');
  await expect.poll(() => trainButton(page).isDisabled()).toBe(false);
  expect(await readRun(page)).toBeUndefined();
});

test('a file that is no data gets a sentence that names the place and the cure', async () => {
  const page = await openPage({ hash: '#data' });
  const path = writeFile(temporaryFolder(), 'bad.csv', 'a,b\n1,2\n3\n');
  await page.locator('input[type=file]:not([webkitdirectory])').first().setInputFiles(path);
  await page
    .getByRole('alert')
    .filter({ hasText: /bad\.csv:3: / })
    .first()
    .waitFor();
});

test('the link of a recipe opens the same recipe', async () => {
  const page = await openPage();
  await page
    .getByRole('group', { name: /^Layer 1/ })
    .getByLabel('Units', { exact: true })
    .fill('33');
  await button(page, 'Share').click();
  const link = await page.getByRole('textbox', { name: 'Link' }).inputValue();
  expect(link.length).toBeLessThan(2000);
  const other = await openPage({ hash: new URL(link).hash });
  await button(other, 'JSON').click();
  const shown: unknown = JSON.parse(await other.getByRole('textbox', { name: 'Recipe as JSON' }).inputValue());
  expect(parseRecipe(shown)).toEqual(parseRecipe(overrideJson(digits, { 'model.layers.0.units': 33 })));
});
