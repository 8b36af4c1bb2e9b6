// What a browser loads: the core library is small, and the page's main bundle has nothing of the engine, which the worker's has.

import { beforeAll, expect, test } from 'vitest';
import { measureCore, measurePage, mostCoreBytes } from '../../bench/bundle-sizes.ts';
import type { Bundle } from '../../bench/bundle-sizes.ts';

/** All of src but what checks recipes and says numbers, and the shaders. */
function engineFiles({ modules }: Bundle): string[] {
  return modules.filter((path) => /^(src\/(?!(?:errors|numbers)\.ts|recipe\/)|shaders\/)/.test(path));
}

let page: Awaited<ReturnType<typeof measurePage>>;
beforeAll(async () => {
  page = await measurePage();
});

test("the page's main bundle has nothing of the engine", () => {
  expect(page.main.modules).toEqual(expect.arrayContaining(['web/main.tsx', 'web/engine/engine.ts']));
  expect(engineFiles(page.main)).toEqual([]);
});

test('the worker has the engine, and nothing that draws', () => {
  const folders = new Set(engineFiles(page.worker).map((path) => path.split('/', 2).join('/')));
  for (const folder of ['cpu', 'gpu', 'ops', 'plan', 'train', 'verify']) expect(folders).toContain(`src/${folder}`);
  expect(page.worker.modules).toEqual(expect.arrayContaining(['web/worker/worker.ts', 'shaders/index.ts']));
  expect(page.worker.modules.filter((path) => /preact|uplot|\.tsx$|^web\/state\//.test(path))).toEqual([]);
});

test('the core library is smaller than its limit, gzipped, and holds what trains but none of what loads when it is used', async () => {
  const core = await measureCore();
  expect(core.gzippedBytes).toBeLessThan(mostCoreBytes);
  expect(core.modules).toEqual(
    expect.arrayContaining([
      'src/train/trainer.ts',
      'src/gpu/executor.ts',
      'src/cpu/executor.ts',
      'src/recipe/parse.ts',
    ]),
  );
  const later = /csv-parse|nanotar|embedded|built-in|src\/(verify|search|lr-find)\/|src\/gpu\/tune\.ts/;
  expect(core.modules.filter((path) => later.test(path))).toEqual([]);
});

test('a file of the engine in the main bundle would be found', () => {
  const modules = ['web/main.tsx', 'src/errors.ts', 'src/recipe/parse.ts', 'src/ops/tables.ts', 'shaders/index.ts'];
  expect(engineFiles({ gzippedBytes: 0, modules })).toEqual(['src/ops/tables.ts', 'shaders/index.ts']);
});
