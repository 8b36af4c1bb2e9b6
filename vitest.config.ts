/**
 * Four test projects: `cpu` anywhere, `gpu` on a WebGPU adapter under Node, `browser` in a page, `page` on the built page as a person
 * uses it. They run one after the other; the GPU tests share one process, since Dawn's root object has to live as long as its device.
 */
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { findBrowser } from './bench/browser.ts';

const gpuTests = 'test/**/*.gpu.test.ts';
const browserTests = 'test/**/*.browser.test.ts';
const pageTests = 'test/**/*.page.test.ts';

export default defineConfig(async () => ({
  assetsInclude: ['**/*.gz'],
  test: {
    projects: [
      {
        extends: true as const,
        test: {
          name: 'cpu',
          include: ['test/**/*.test.ts'],
          exclude: [gpuTests, browserTests, pageTests],
          // Some seconds of arithmetic each; the limits are for machines that do other work meanwhile.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true as const,
        test: {
          name: 'gpu',
          include: [gpuTests],
          globalSetup: ['test/setup-gpu.ts'],
          pool: 'forks' as const,
          maxWorkers: 1,
          isolate: false,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true as const,
        // Named here, since a dependency that is discovered while tests run reloads the page under them.
        optimizeDeps: { include: ['csv-parse/browser/esm/sync', 'fflate', 'idb', 'nanotar', 'valibot'] },
        test: {
          name: 'browser',
          include: [browserTests],
          fileParallelism: false,
          testTimeout: 120_000,
          sequence: { groupOrder: 2 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: await findBrowser() }),
            instances: [{ browser: 'chromium' as const }],
          },
        },
      },
      {
        extends: true as const,
        test: {
          name: 'page',
          include: [pageTests],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
}));
