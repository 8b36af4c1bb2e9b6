// The order of the folders of src: each imports only from those before it, and none knows Node or a page.

import { expect, test } from 'vitest';
import { importsOf, withoutComments } from './imports.ts';

const order = [
  'errors.ts',
  'numbers.ts',
  'arithmetic',
  'random',
  'shader',
  'recipe',
  'formats',
  'data',
  'ops',
  'layers',
  'model',
  'plan',
  'cpu',
  'gpu',
  'train',
  'lr-find',
  'search',
  'verify',
  'index.ts',
];
/** Packages that run in Node and in a browser alike. */
const packages = ['valibot', 'nanotar', 'csv-parse/browser/esm/sync', 'fflate'];
const mostLines = 400;

type Files = Readonly<Record<string, string>>;

/** Faults of files by path from src (`ops/dense.ts`), one sentence each. */
function findFaults(files: Files): string[] {
  return Object.entries(files).flatMap(([path, text]) => [
    ...importsOf(text).flatMap(({ target }) => importFault(path, target) ?? []),
    ...(text.split('\n').length > mostLines ? [`${path} has more than ${mostLines} lines`] : []),
    ...(/(?<!\/)\b(window|document|localStorage|process|Buffer|require)\b[.(]/.test(withoutComments(text))
      ? [`${path} uses a global of Node or of a page`]
      : []),
  ]);
}

function importFault(path: string, target: string): string | undefined {
  if (!target.startsWith('.')) return packages.includes(target) ? undefined : `${path} imports ${target}`;
  const resolved = new URL(target, `file:///src/${path}`).pathname;
  if (!resolved.startsWith('/src/')) return `${path} imports ${target} from outside src`;
  const from = order.indexOf(path.split('/')[0] ?? '');
  const to = order.indexOf(resolved.split('/')[2] ?? '');
  if (from < 0 || to < 0) return `${path} imports ${target}: a folder without a place in the order`;
  return to <= from ? undefined : `${path} imports ${target} from a later folder`;
}

const sources = import.meta.glob<string>('../../src/**/*.ts', { query: '?raw', import: 'default', eager: true });
const files: Files = Object.fromEntries(
  Object.entries(sources).map(([path, text]) => [path.slice('../../src/'.length), text]),
);

test('every folder of src imports only from folders before it, and nothing from Node or a page', () => {
  expect(Object.keys(files).length).toBeGreaterThan(50);
  expect(findFaults(files)).toEqual([]);
});

test('every folder of src is in the order, and the order holds no folder that is gone', () => {
  const tops = new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''));
  expect([...tops].toSorted()).toEqual(order.toSorted());
});

/** Everything above src, by path from the top. */
const above: Files = Object.fromEntries(
  Object.entries(
    import.meta.glob<string>(['../../{node,web,bench}/**/*.ts', '!**/node_modules/**'], {
      query: '?raw',
      import: 'default',
      eager: true,
    }),
  ).map(([path, text]) => [path.slice('../../'.length), text]),
);

/** The benchmark is a program of its own beside the command line: it may use src, shaders and node; only its command uses it. */
function findBenchFaults(sources: Files): string[] {
  return Object.entries(sources).flatMap(([path, text]) => {
    const isBench = path.startsWith('bench/');
    const faults = importsOf(text).flatMap(({ target }) => {
      if (!target.startsWith('.')) return [];
      const top = new URL(target, `file:///${path}`).pathname.split('/')[1] ?? '';
      const allowed = isBench ? ['bench', 'node', 'src', 'shaders', 'package.json'].includes(top) : top !== 'bench';
      return allowed || path === 'node/cli/bench.ts' ? [] : [`${path} imports ${target}`];
    });
    const isLong = isBench && text.split('\n').length > mostLines;
    return isLong ? [...faults, `${path} has more than ${mostLines} lines`] : faults;
  });
}

test('bench uses only what the command line may use, and only its command uses bench', () => {
  expect(Object.keys(above).filter((path) => path.startsWith('bench/')).length).toBeGreaterThan(10);
  expect(findBenchFaults(above)).toEqual([]);
});

test.each([
  ['bench/new.ts', "import { x } from '../web/device.ts';", 'bench/new.ts imports ../web/device.ts'],
  ['bench/new.ts', "import { x } from '../test/device.ts';", 'bench/new.ts imports ../test/device.ts'],
  ['node/cli/train.ts', "import { x } from '../../bench/side.ts';", 'node/cli/train.ts imports ../../bench/side.ts'],
  ['bench/new.ts', '\n'.repeat(400), 'bench/new.ts has more than 400 lines'],
])('a planted fault around bench is found: %s', (path, text, fault) => {
  expect(findBenchFaults({ [path]: text })).toEqual([fault]);
});

test.each([
  ["import { train } from '../train/trainer.ts';", 'ops/dense.ts imports ../train/trainer.ts from a later folder'],
  ["import type { Plan } from '../plan/plan.ts';", 'ops/dense.ts imports ../plan/plan.ts from a later folder'],
  ["export * from '../verify/compare.ts';", 'ops/dense.ts imports ../verify/compare.ts from a later folder'],
  ["const later = await import('../gpu/device.ts');", 'ops/dense.ts imports ../gpu/device.ts from a later folder'],
  ["import '../cpu/executor.ts';", 'ops/dense.ts imports ../cpu/executor.ts from a later folder'],
  ["import { readFile } from 'node:fs/promises';", 'ops/dense.ts imports node:fs/promises'],
  ["import { create } from 'webgpu';", 'ops/dense.ts imports webgpu'],
  ["import { x } from '../../node/files.ts';", 'ops/dense.ts imports ../../node/files.ts from outside src'],
  ["import { x } from '../../shaders/index.ts';", 'ops/dense.ts imports ../../shaders/index.ts from outside src'],
  ["import { x } from '../new/x.ts';", 'ops/dense.ts imports ../new/x.ts: a folder without a place in the order'],
  ['const path = process.cwd();', 'ops/dense.ts uses a global of Node or of a page'],
  ["document.title = '';", 'ops/dense.ts uses a global of Node or of a page'],
  ['\n'.repeat(400), 'ops/dense.ts has more than 400 lines'],
])('a planted fault is found: %s', (line, fault) => {
  const text = "import { defineKernel } from './kernel.ts';\nimport { x } from '../random/draws.ts';\n";
  expect(findFaults({ 'ops/dense.ts': text })).toEqual([]);
  expect(findFaults({ 'ops/dense.ts': `${text}${line}` })).toEqual([fault]);
});
