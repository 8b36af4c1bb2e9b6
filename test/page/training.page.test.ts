// The page trains as the command line does, to the bit, and comes through whatever happens to it on the way.
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright';
import { beforeAll, expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import { descent, temporaryFolder } from '../cli/run-cli.ts';
import { button, openPage, openProfile, readRun, trainButton, usePages, waitForState, waitForStep } from './page.ts';

usePages();

/** Some seconds on SwiftShader: long enough for something to happen on the way. */
const longRecipe = { ...builtInRecipes['digits']!, epochs: 40 };

let longSha256: string | undefined;
beforeAll(async () => {
  using device = cpuDevice();
  ({ weightsSha256: longSha256 } = await train(longRecipe, { device }).result);
});

/** The page with the long recipe. */
async function openLong(profile?: BrowserContext): Promise<Page> {
  const page = await openPage({}, profile);
  await page.evaluate((recipe) => globalThis.descent!.replaceDraft(recipe), longRecipe);
  return page;
}

test('opens, trains digits with one click to 95 %, and ends with the weights of the command line', async () => {
  const page = await openPage();
  const options = ['--adapter', 'swiftshader', '--json', '--out', join(temporaryFolder(), 'run')];
  const { stdout } = await descent(['train', 'digits', ...options]);
  const { weightsSha256: expectedSha256 } = JSON.parse(stdout) as { weightsSha256: string };
  await trainButton(page).click();
  const run = await waitForState(page, 'finished');
  expect(run.start?.adapter).toMatch(/swiftshader/i);
  expect(run.result?.test?.accuracy).toBeGreaterThan(0.95);
  expect(run.result?.weightsSha256).toBe(expectedSha256);
  await page.locator(`[data-weights-sha256="${expectedSha256}"]`).waitFor();
  const { points, evaluations } = await page.evaluate(() => globalThis.descent!.curves);
  expect(points.at(-1)?.step).toBe(run.start?.steps);
  expect(points.every(({ losses }) => Number.isFinite(losses[0]))).toBe(true);
  expect(evaluations).toHaveLength(run.start!.steps / run.start!.stepsPerEpoch);
});

test('a run that is paused in the middle of an epoch, whose tab is reloaded, goes on to the same weights', async () => {
  const profile = await openProfile();
  const page = await openLong(profile);
  await trainButton(page).click();
  await waitForStep(page, 100);
  await button(page, 'Pause').click();
  const paused = await waitForState(page, 'paused');
  expect(paused.step).toBeLessThan(paused.start!.steps);
  await page.reload();
  await button(page, /^Resume/).click();
  const run = await waitForState(page, 'finished');
  expect(run.start?.step).toBe(paused.step);
  expect(run.result?.weightsSha256).toBe(longSha256);
});

test('a tab that is closed while it trains leaves a run that goes on to the same weights', async () => {
  const profile = await openProfile();
  const first = await openLong(profile);
  await trainButton(first).click();
  await waitForStep(first, 1);
  // Checkpoints come every second and a half.
  const savedStep = async (): Promise<number> => {
    const { runs } = await first.evaluate(() => globalThis.descent!.engine.call('listRuns', undefined));
    return runs[0]?.step ?? 0;
  };
  await expect.poll(savedStep, { timeout: 60_000 }).toBeGreaterThan(0);
  expect(await readRun(first)).toMatchObject({ state: 'training' });
  await first.close();
  const second = await openLong(profile);
  await button(second, /^Resume/).click();
  const run = await waitForState(second, 'finished');
  expect(run.start?.step).toBeGreaterThan(0);
  expect(run.result?.weightsSha256).toBe(longSha256);
});

test('a device that is lost while it trains is opened anew, and the run ends with the same weights', async () => {
  const page = await openLong();
  await trainButton(page).click();
  await waitForStep(page, 100);
  await page.evaluate(() => globalThis.descent!.engine.call('loseDevice', undefined));
  const run = await waitForState(page, 'finished');
  expect(run.message).toContain('device was lost');
  expect(run.result?.weightsSha256).toBe(longSha256);
});

test('single steps, then the rest, end with the same weights', async () => {
  const page = await openLong();
  for (const step of [1, 2, 3]) {
    await button(page, 'Step').click();
    await waitForStep(page, step);
    expect((await waitForState(page, 'paused')).step).toBe(step);
  }
  await button(page, 'Resume').click();
  expect((await waitForState(page, 'finished')).result?.weightsSha256).toBe(longSha256);
});

test('a tab that is told to be hidden goes on training', async () => {
  const page = await openLong();
  await trainButton(page).click();
  await waitForStep(page, 1);
  // A headless browser shows every tab.
  const tell = (state: DocumentVisibilityState) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'visibilityState', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  await tell('hidden');
  const { step } = (await readRun(page))!;
  await waitForStep(page, step + 200);
  await tell('visible');
  expect((await waitForState(page, 'finished')).result?.weightsSha256).toBe(longSha256);
});

test('twenty runs leave as many buffers on the device as two', async () => {
  const page = await openLong();
  const count = async () =>
    (await page.evaluate(() => globalThis.descent!.engine.call('countBuffers', undefined))).liveBuffers;
  const counts: number[] = [];
  for (let index = 0; index < 20; index++) {
    await trainButton(page).click();
    await waitForStep(page, 1);
    await button(page, 'Pause').click();
    await waitForState(page, 'paused');
    counts.push(await count());
  }
  expect(counts[19]).toBe(counts[1]);
});
