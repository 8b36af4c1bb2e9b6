// A browser that keeps nothing for the page, as some private windows do.
import { expect, test } from 'vitest';
import { button, openPage, openProfile, trainButton, usePages, waitForState } from './page.ts';

usePages();

const csv = ['a,b,kind', ...Array.from({ length: 60 }, (_, row) => `${row},${row % 7},${row % 2}`)].join('\n');
const ownTable = {
  data: { source: 'csv', file: 'mine.csv', target: 'kind' },
  model: { layers: [{ type: 'dense', units: 2 }] },
  epochs: 2,
};

test('trains on a table of one’s own, and checks its gradient in a second worker', async () => {
  const profile = await openProfile();
  const refuse = 'Object.defineProperty(globalThis, "indexedDB", { value: undefined });';
  await profile.addInitScript(refuse);
  await profile.route('**/worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: refuse + (await response.text()) });
  });
  const page = await openPage({}, profile);
  const { memoryOnly } = await page.evaluate(() => globalThis.descent!.engine.call('listRuns', undefined));
  expect(memoryOnly).toContain('keeps nothing');
  await page.evaluate(async (text) => {
    const files = [{ path: 'mine.csv', bytes: new Blob([text]) }];
    await globalThis.descent!.engine.call('addFiles', { files });
  }, csv);
  await page.evaluate((recipe) => globalThis.descent!.replaceDraft(recipe), ownTable);
  await trainButton(page).click();
  await waitForState(page, 'finished');
  await page.evaluate(() => {
    location.hash = 'verify';
  });
  await button(page, 'Start gradient check').click();
  await expect.poll(() => page.getByRole('table', { name: 'Gradients' }).innerText()).toContain('dense1.weight');
});
