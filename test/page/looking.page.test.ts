// Looking inside: what a person draws is answered as the library answers it, while the pen moves.
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { button, openPage, trainButton, usePages, waitForState } from './page.ts';

usePages();

const readBars = (page: Page) =>
  page.getByRole('list', { name: 'Probability of each class' }).locator('li').allInnerTexts();

test('drawing a digit changes the bars while the pen is down', async () => {
  const page = await openPage();
  await page.evaluate((recipe) => globalThis.descent!.replaceDraft(recipe), { ...builtInRecipes['digits'], epochs: 5 });
  await trainButton(page).click();
  await waitForState(page, 'finished');
  await button(page, 'Draw').click();
  const empty = await readBars(page);
  expect(empty).toHaveLength(10);
  const paper = (await page.getByRole('img', { name: /^Paper to draw on/ }).boundingBox())!;
  const at = (x: number, y: number) => [paper.x + x * paper.width, paper.y + y * paper.height] as const;
  await page.mouse.move(...at(0.5, 0.15));
  await page.mouse.down();
  await page.mouse.move(...at(0.5, 0.5), { steps: 10 });
  await expect.poll(() => readBars(page)).not.toEqual(empty);
  const half = await readBars(page);
  await page.mouse.move(...at(0.5, 0.85), { steps: 10 });
  await expect.poll(() => readBars(page)).not.toEqual(half);
  await page.mouse.up();
  const shares = (await readBars(page)).map((text) => Number(/([\d.]+) %/.exec(text)?.[1]));
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 0);
});

test('a cell of the confusion matrix opens the examples behind it', async () => {
  const page = await openPage();
  await page.evaluate((recipe) => globalThis.descent!.replaceDraft(recipe), { ...builtInRecipes['digits'], epochs: 2 });
  await trainButton(page).click();
  await waitForState(page, 'finished');
  await page.getByRole('tab', { name: 'Confusion' }).click();
  // What is right lies on the diagonal: the first cell that is not empty is one of the digit 0.
  const cell = page.getByRole('region', { name: 'Confusion matrix' }).getByRole('button', { disabled: false }).first();
  const given = /\d+ of class (\d) that the model calls/.exec((await cell.getAttribute('aria-label')) ?? '')?.[1];
  expect(given).toBe('0');
  await cell.click();
  const examples = page.getByRole('region', { name: 'Rows behind the number' }).getByRole('button');
  await expect.poll(() => examples.count()).toBeGreaterThan(0);
  expect(await examples.first().getAttribute('aria-label')).toMatch(/^Row \d+: 0, given \d with [\d.]+ %/);
  await examples.first().click();
  await page.getByRole('tab', { name: 'Activations', selected: true }).waitFor();
});
