/**
 * The program behind `npm run bench:page`: the built page in a browser, training a recipe in turns with the command line's trainer on the same
 * adapter. How soon the first loss comes, how smooth the page stays, what looking inside costs, how fast it trains.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { chromium } from 'playwright';
import type { Browser, Page } from 'playwright';
import { parsePositive } from '../node/cli/options.ts';
import { openDevice } from '../node/device.ts';
import { formatJson } from '../node/output.ts';
import { openServer } from '../node/serve/server.ts';
import { builtInRecipes } from '../src/recipe/built-in.ts';
import { overrideRecipe } from '../src/recipe/parse.ts';
import type { Recipe } from '../src/recipe/schema.ts';
import type { ResultJson } from '../src/train/result-json.ts';
import { train } from '../src/train/trainer.ts';
import { findBrowser } from './browser.ts';
import { summarize } from './statistics.ts';

interface PageOptions {
  readonly recipe: string;
  readonly epochs: number;
  readonly rounds: number;
  readonly gpu: boolean;
}

/**
 * What goes on beside the training. `bare`: nothing, the page stands idle. `observed`: the worker takes statistics ten times a second, which
 * nobody draws. `drawn`: the page as it is, with its curves; `looking`: with the activations of a row too.
 */
type Way = 'bare' | 'observed' | 'drawn' | 'looking';
const ways: readonly Way[] = ['bare', 'observed', 'drawn', 'looking'];

/** What one training in the page was like. */
interface Visit {
  /** From opening the address to the first loss, with Train clicked as soon as it can be. */
  readonly firstLossMs: number;
  readonly stepsPerSecond: number;
  /** Tasks of the page's own thread above 50 ms, while it trained. */
  readonly longTasks: readonly number[];
  readonly framesPerSecond: number;
  readonly adapter: string;
}

interface ShownRun {
  readonly state: string;
  readonly step: number;
  readonly result?: ResultJson;
  readonly message?: string;
}

/** The parts of the hooks that are used here; see web/state/hooks.ts. */
interface Hooks {
  readonly run: { readonly value: ShownRun | undefined };
  readonly engine: { call(name: 'train', request: object): Promise<{ readonly result: ResultJson }> };
  replaceDraft(recipe: Recipe): void;
}
type WithHooks = typeof globalThis & { descent: Hooks; longTasks: number[]; frames: number; began: number };

async function main(): Promise<void> {
  const command = new Command('bench:page')
    .description('train in the built page and by the command line, in turns, on the same adapter')
    .option('--recipe <name>', 'a built-in recipe whose data is embedded', 'digits')
    .option('--epochs <n>', 'length of each training', parsePositive, 40)
    .option('--rounds <n>', 'trainings on each side; the median is given', parsePositive, 5)
    .option('--gpu', "the machine's GPU in place of SwiftShader (Linux)", false)
    .parse();
  const options = command.opts<PageOptions>();
  const recipe = overrideRecipe(builtInRecipes[options.recipe], { epochs: options.epochs });
  const pageFolder = join(dirname(fileURLToPath(import.meta.url)), 'page');
  await using server = await openServer({ pageFolder, dataFolders: [], host: 'localhost', port: 0 });
  const browser = await chromium.launch(await findBrowser({ gpu: options.gpu }));
  const visits: Record<Way, Visit[]> = { bare: [], observed: [], drawn: [], looking: [] };
  const headless: number[] = [];
  try {
    for (let round = 0; round < options.rounds; round++) {
      for (const way of ways) visits[way].push(await visit(browser, server.url, recipe, way));
      headless.push(await trainHeadless(recipe, options.gpu));
    }
  } finally {
    await browser.close();
  }
  const median = (values: readonly number[]): number => Number(summarize(values).median.toPrecision(3));
  const describe = (way: Way) => {
    const tasks = visits[way].flatMap(({ longTasks }) => longTasks);
    return {
      stepsPerSecond: median(speedOf(way)),
      framesPerSecond: median(visits[way].map((each) => each.framesPerSecond)),
      longTasks: tasks.length,
      longestTaskMs: Math.round(Math.max(0, ...tasks)),
    };
  };
  const speedOf = (way: Way): number[] => visits[way].map((each) => each.stepsPerSecond);
  const ratios = (a: readonly number[], b: readonly number[]): number =>
    median(a.map((value, index) => value / b[index]!));
  process.stdout.write(
    formatJson({
      recipe: options.recipe,
      epochs: options.epochs,
      rounds: options.rounds,
      adapter: visits.drawn[0]!.adapter,
      browser: browser.version(),
      firstLossMs: median(visits.drawn.map(({ firstLossMs }) => firstLossMs)),
      ...Object.fromEntries(ways.map((way) => [way, describe(way)])),
      headlessStepsPerSecond: median(headless),
      bareOverHeadless: ratios(speedOf('bare'), headless),
      observedOverBare: ratios(speedOf('observed'), speedOf('bare')),
      drawnOverObserved: ratios(speedOf('drawn'), speedOf('observed')),
      lookingOverDrawn: ratios(speedOf('looking'), speedOf('drawn')),
    }),
  );
}

/** One training in a fresh profile. */
async function visit(browser: Browser, url: string, recipe: Recipe, way: Way): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const page = await context.newPage();
    const opened = performance.now();
    await page.goto(`${url}?hooks`);
    await page.evaluate((json) => (globalThis as WithHooks).descent.replaceDraft(json), recipe);
    await observe(page);
    if (way === 'bare' || way === 'observed') {
      return await page.evaluate(trainUndrawn, { recipe, observe: way === 'observed' });
    }
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.waitForFunction(() => ((globalThis as WithHooks).descent.run.value?.step ?? 0) > 0);
    const firstLossMs = performance.now() - opened;
    if (way === 'looking') await page.getByRole('tab', { name: 'Activations' }).click();
    await page.waitForFunction(
      () => ['finished', 'failed'].includes((globalThis as WithHooks).descent.run.value?.state ?? ''),
      undefined,
      { timeout: 0 },
    );
    return await page.evaluate(readVisit, firstLossMs);
  } finally {
    await context.close();
  }
}

/** Runs in the page: the same training, of which the page is told nothing. */
async function trainUndrawn({ recipe, observe }: { recipe: Recipe; observe: boolean }): Promise<Visit> {
  const scope = globalThis as WithHooks;
  const request = { runId: 'undrawn', name: 'undrawn', recipe, observe };
  const { result } = await scope.descent.engine.call('train', request);
  return {
    firstLossMs: Number.NaN,
    stepsPerSecond: Number(result.steps) / result.seconds.train,
    longTasks: scope.longTasks,
    framesPerSecond: (1000 * scope.frames) / (performance.now() - scope.began),
    adapter: result.adapter,
  };
}

/** Counts frames and long tasks from now on. */
async function observe(page: Page): Promise<void> {
  await page.evaluate(() => {
    const scope = globalThis as WithHooks;
    Object.assign(scope, { longTasks: [], frames: 0, began: performance.now() });
    new PerformanceObserver((list) => {
      scope.longTasks.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ entryTypes: ['longtask'] });
    const count = (): void => {
      scope.frames++;
      requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
  });
}

/** Runs in the page. */
function readVisit(firstLossMs: number): Visit {
  const scope = globalThis as WithHooks;
  const run = scope.descent.run.value;
  if (run?.result === undefined) throw new Error(run?.message ?? 'the run has no result');
  const { seconds, adapter } = run.result;
  return {
    firstLossMs,
    stepsPerSecond: run.step / seconds.train,
    longTasks: scope.longTasks,
    framesPerSecond: (1000 * scope.frames) / (performance.now() - scope.began),
    adapter,
  };
}

async function trainHeadless(recipe: Recipe, gpu: boolean): Promise<number> {
  using device = await openDevice(gpu ? {} : { adapter: 'swiftshader' });
  const { steps, seconds } = await train(recipe, { device }).result;
  return steps / seconds.train;
}

await main();
