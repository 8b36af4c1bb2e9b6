// The page fits the window: no view is wider than it, no control lies outside.
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { temporaryFolder, writeFile } from '../cli/run-cli.ts';
import { button, openPage, openProfile, trainButton, usePages, waitForState } from './page.ts';

usePages();

/** Buttons, links and fields that lie beyond the right edge, unless they can be scrolled to. */
const outside = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const edge = document.documentElement.clientWidth;
    return [...document.querySelectorAll('button, a, input, select, summary, td, th')].flatMap((element) => {
      const { right, width } = element.getBoundingClientRect();
      const canScroll = element.closest('.table-scroll, nav') !== null;
      return width > 0 && right > edge + 1 && !canScroll ? [`${element.outerHTML.slice(0, 80)}: ${right}`] : [];
    });
  });

test.each([390, 768, 1024, 1440])('at %d pixels every view fits the window', async (width) => {
  const page = await openPage({ viewport: { width, height: 900 } });
  await page.getByText('One click on Train').waitFor();
  for (const view of ['train', 'search', 'verify', 'runs', 'data']) {
    await page.getByRole('navigation').getByRole('link', { name: view }).click();
    expect(await outside(page), view).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), view).toBeLessThanOrEqual(width);
  }
});

test('inputs with long names stay inside the panel', async () => {
  const page = await openPage({ hash: '#data' });
  const rows = Array.from({ length: 40 }, (_, row) => `${row},${row % 7},${row % 2}`);
  const table = ['length_of_the_petal_in_centimetres,width_of_the_petal_in_centimetres,kind', ...rows].join('\n');
  const path = writeFile(temporaryFolder(), 'petals.csv', table);
  await page.locator('input[type=file]:not([webkitdirectory])').first().setInputFiles(path);
  await button(page, 'Use this table').click();
  await trainButton(page).click();
  await waitForState(page, 'finished');
  await page.getByRole('tab', { name: 'Predict' }).click();
  const [panel, inputs] = await Promise.all([
    page.getByRole('region', { name: 'Look inside' }).boundingBox(),
    page.getByRole('table', { name: 'Inputs of the row' }).boundingBox(),
  ]);
  expect(inputs!.x + inputs!.width).toBeLessThanOrEqual(panel!.x + panel!.width);
});

test('a browser whose language is none, as under the POSIX locale, shows the page', async () => {
  const profile = await openProfile();
  await profile.addInitScript(() => {
    Object.defineProperty(navigator, 'language', { value: 'en-US@posix', configurable: true });
  });
  const page = await openPage({}, profile);
  await trainButton(page).waitFor();
});
