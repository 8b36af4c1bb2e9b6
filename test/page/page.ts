/**
 * The built page in a real browser, as a person has it: `descent serve` gives it, Chromium opens it on SwiftShader. Needs `npm run build`.
 */
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { openServer } from '../../node/serve/server.ts';
import type { PageServer } from '../../node/serve/server.ts';
import type { CurrentRun } from '../../web/state/run.ts';
import { findBrowser } from '../../bench/browser.ts';

let server: PageServer | undefined;
let browser: Browser | undefined;

/** To be called at the top of a file of tests: starts the server and the browser for them. */
export function usePages(dataFolders: readonly string[] = []): void {
  beforeAll(async () => {
    const pageFolder = fileURLToPath(new URL('../../dist/page', import.meta.url));
    server = await openServer({ pageFolder, dataFolders, host: 'localhost', port: 0 });
    browser = await chromium.launch(await findBrowser());
  });
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });
}

export interface OpenOptions {
  /** What comes behind the address, such as `#verify`. */
  readonly hash?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** A fresh browser profile, closed after the test. */
export async function openProfile(options: OpenOptions = {}): Promise<BrowserContext> {
  const context = await browser!.newContext({ viewport: options.viewport ?? { width: 1440, height: 900 } });
  onTestFinished(() => context.close());
  return context;
}

/** The page in a profile of its own, or in one that is given. Whatever the page throws or logs as an error fails the test. */
export async function openPage(options: OpenOptions = {}, profile?: BrowserContext): Promise<Page> {
  const context = profile ?? (await openProfile(options));
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  onTestFinished(() => {
    if (faults.length > 0) throw new Error(`the page has logged errors:\n${faults.join('\n')}`);
  });
  await page.goto(`${server!.url}?hooks${options.hash ?? ''}`);
  return page;
}

/** The run on the page. */
export function readRun(page: Page): Promise<CurrentRun | undefined> {
  return page.evaluate(() => globalThis.descent?.run.value);
}

export const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' });
export const trainButton = (page: Page) => button(page, 'Train');

/** Waits until the run on the page is in a state. Fails at once where it has failed. */
export async function waitForState(page: Page, state: CurrentRun['state']): Promise<CurrentRun> {
  await page.waitForFunction(
    (wanted) => [wanted, 'failed'].includes(globalThis.descent?.run.value?.state ?? ''),
    state,
    { timeout: 100_000 },
  );
  const run = await readRun(page);
  if (run?.state !== state) throw new Error(`the run has failed: ${run?.message ?? 'no message'}`);
  return run;
}

/** Waits until the run on the page has done so many steps. */
export async function waitForStep(page: Page, step: number): Promise<void> {
  await page.waitForFunction((wanted) => (globalThis.descent?.run.value?.step ?? 0) >= wanted, step, {
    timeout: 60_000,
  });
}
