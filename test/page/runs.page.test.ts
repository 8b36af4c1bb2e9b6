// Runs that the browser keeps: compared, renamed, deleted, and exchanged with the command line as zip files.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { descent, temporaryFolder, writeFile } from '../cli/run-cli.ts';
import { button, openPage, readRun, trainButton, usePages, waitForState, waitForStep } from './page.ts';

usePages();

const recipe = { ...builtInRecipes['digits'], epochs: 10 };

test('a run that is paused on the page and exported goes on in Node to the same weights, and comes back', async () => {
  const folder = temporaryFolder();
  const page = await openPage();
  await page.evaluate((json) => globalThis.descent!.replaceDraft(json), recipe);
  await trainButton(page).click();
  await waitForStep(page, 40);
  await button(page, 'Pause').click();
  const { step, name } = await waitForState(page, 'paused');
  await page.getByRole('link', { name: 'Runs' }).click();
  await button(page, `More for ${name}`).click();
  const download = page.waitForEvent('download');
  await button(page, 'Export as zip').click();
  const zip = join(folder, 'run.zip');
  await (await download).saveAs(zip);

  const run = join(folder, 'run');
  expect((await descent(['unpack', zip, '--out', run])).code).toBe(0);
  const written = writeFile(folder, 'recipe.json', recipe);
  const device = ['--adapter', 'swiftshader', '--json'];
  const resumed = await descent(['train', written, '--resume', '--out', run, ...device]);
  expect(resumed.code).toBe(0);
  expect(resumed.stderr).toContain(`Going on from step ${step} of 440`);
  const { weightsSha256 } = JSON.parse(resumed.stdout) as { weightsSha256: string };
  const whole = await descent(['train', written, '--out', join(folder, 'whole'), ...device]);
  expect(weightsSha256).toBe((JSON.parse(whole.stdout) as { weightsSha256: string }).weightsSha256);

  await page.getByRole('link', { name: 'Train', exact: true }).click();
  await button(page, 'Resume').click();
  const finished = await waitForState(page, 'finished');
  expect(finished.start?.step).toBe(step);
  expect(finished.result?.weightsSha256).toBe(weightsSha256);

  expect((await descent(['pack', run, '--out', join(folder, 'back.zip')])).code).toBe(0);
  await page.getByRole('link', { name: 'Runs' }).click();
  await page.getByLabel('Run as a zip file').setInputFiles(join(folder, 'back.zip'));
  await page.getByText(/^Imported /).waitFor();
  expect(await page.locator('[data-run][data-state="finished"]').count()).toBe(2);
});

test('two runs lie over each other, and what their recipes differ in is named', async () => {
  const page = await openPage();
  for (const [name, l2] of [
    ['plain', 0],
    ['penalised', 0.01],
  ] as const) {
    await page.evaluate((json) => globalThis.descent!.replaceDraft(json), { ...recipe, name, l2, epochs: 1 });
    await trainButton(page).click();
    await page.waitForFunction((wanted) => {
      const run = globalThis.descent?.run.value;
      return run?.name === wanted && run.state === 'finished';
    }, name);
  }
  await page.getByRole('link', { name: 'Runs' }).click();
  await page.getByRole('checkbox', { name: 'Compare plain' }).check();
  await page.getByRole('checkbox', { name: 'Compare penalised' }).check();
  const differences = page.getByRole('table', { name: 'Fields in which the recipes differ' });
  await expect.poll(() => differences.getByRole('rowheader').allInnerTexts()).toEqual(['l2']);
  await button(page, 'More for plain').click();
  await button(page, 'Delete').click();
  await expect.poll(() => page.locator('[data-run]').count()).toBe(1);
  await button(page, 'Undo').first().click();
  await expect.poll(() => page.locator('[data-run]').count()).toBe(2);
  expect((await readRun(page))?.name).toBe('penalised');
});

test('a file that is no run gets a sentence', async () => {
  const page = await openPage({ hash: '#runs' });
  const path = writeFile(temporaryFolder(), 'broken.zip', new Uint8Array([80, 75, 3, 4, 0]));
  await page.getByLabel('Run as a zip file').setInputFiles(path);
  await page.getByRole('alert').filter({ hasText: 'broken.zip: is no zip file' }).waitFor();
});
