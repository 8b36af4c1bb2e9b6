// A search on the page: it finishes, and each of its trials ends with the weights of the same recipe trained alone.
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { overrideRecipe } from '../../src/recipe/parse.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import { button, openPage, usePages } from './page.ts';

usePages();

const values = [0, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 1e-1];
const base = { ...builtInRecipes['digits']!, epochs: 3, data: { ...builtInRecipes['digits']!.data, validation: 0.2 } };

test('a search over eight values finishes, and its trials have the weights of single runs', async () => {
  const page = await openPage();
  const search = { space: { l2: { grid: values } }, strategy: 'grid' };
  await page.evaluate((recipe) => globalThis.descent!.replaceDraft(recipe), { ...base, search });
  await page.getByRole('link', { name: 'Search' }).click();
  await button(page, 'Start the search').click();
  await page.locator('[data-search-state="finished"]').waitFor({ timeout: 100_000 });
  const rows = page.locator('tr[data-trial]');
  expect(await rows.count()).toBe(8);
  const found = await rows.evaluateAll((each) =>
    each.map(({ dataset }) => [Number(dataset['trial']), dataset['weightsSha256']] as const),
  );
  using device = cpuDevice();
  const alone = await Promise.all(
    values.map(async (l2, trial) => {
      const { weightsSha256 } = await train(overrideRecipe(base, { l2 }), { device }).result;
      return [trial, weightsSha256] as const;
    }),
  );
  expect(new Map(found)).toEqual(new Map(alone));
});
