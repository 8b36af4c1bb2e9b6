// The structure of the page: folders import downwards only, only the worker touches the engine, and the protocol is nothing but types.

import { expect, test } from 'vitest';
import { importsOf, withoutComments } from './imports.ts';
import type { Import } from './imports.ts';

/** The parts of the page, which know nothing of each other. */
const rooms: readonly string[] = ['build', 'train', 'look', 'search', 'verify', 'runs', 'share', 'data'];
/** From the bottom to the top; files of one group may use each other, but for the rooms. */
const groups: readonly (readonly string[])[] = [
  ['protocol', 'storage'],
  ['engine'],
  ['state'],
  ['ui', 'charts'],
  rooms,
  ['header.tsx', 'webgpu-notice.tsx', 'train-view.tsx', 'app.tsx'],
  ['main.tsx'],
];
/** Beside the page: what computes, and the library's entry for browsers. */
const apart = ['worker', 'index.ts', 'tuning-store.ts'];
const belowWorker = ['storage', 'protocol', ...apart];
/** Storage knows how runs are written, which is the engine's; the page takes only what does not from there. */
const knowEngine = ['storage', ...apart];
/** What the page may use of the library, beside types; the rest is the engine. */
const pageSources = ['src/errors.ts', 'src/numbers.ts', 'src/recipe/'];
const mostLines = 400;

type Files = Readonly<Record<string, string>>;

const rankOf = (top: string): number => groups.findIndex((group) => group.includes(top));

/** Faults of files by path from web (`state/run.ts`), one sentence each. */
function findFaults(files: Files): string[] {
  return Object.entries(files).flatMap(([path, text]) => [
    ...importsOf(text).flatMap((one) => importFault(path, one, files) ?? []),
    ...(path.startsWith('protocol/') && hasValues(text) ? [`${path} holds more than types`] : []),
    ...(text.split('\n').length > mostLines ? [`${path} has more than ${mostLines} lines`] : []),
  ]);
}

function importFault(path: string, { target, isType }: Import, files: Files): string | undefined {
  const from = path.split('/')[0] ?? '';
  if (!target.startsWith('.')) {
    const isOfThePage = /^(preact|@preact\/signals|uplot)(\/|$)/.test(target);
    return apart.includes(from) && isOfThePage ? `${path} imports ${target}: the worker has no page` : undefined;
  }
  const resolved = new URL(target, `file:///web/${path}`).pathname.slice(1);
  const to = resolved.split('/')[1] ?? '';
  if (!resolved.startsWith('web/')) {
    const isFree = isType || knowEngine.includes(from) || !isEngine(resolved);
    return isFree ? undefined : `${path} imports ${target}: only the worker may use the engine`;
  }
  if (to === 'style') return undefined;
  if (resolved.endsWith('.css'))
    return from === to ? undefined : `${path} imports ${target}, the style of another part`;
  if (apart.includes(from)) {
    return belowWorker.includes(to) ? undefined : `${path} imports ${target}: the worker has no page`;
  }
  const usesEngine = apart.includes(to) || (from !== to && hasEngine(resolved.slice('web/'.length), files));
  if (usesEngine && !isType) return `${path} imports ${target}: only the worker may use the engine`;
  if (apart.includes(to)) return undefined;
  if (rankOf(from) < 0 || rankOf(to) < 0) return `${path} imports ${target}: a part without a place in the order`;
  if (from !== to && rooms.includes(from) && rooms.includes(to)) return `${path} imports ${target} from another room`;
  return rankOf(to) <= rankOf(from) ? undefined : `${path} imports ${target} from a later part`;
}

const isEngine = (resolved: string): boolean => !pageSources.some((source) => resolved.startsWith(source));

/** Whether a file brings the engine along when it is loaded. */
function hasEngine(path: string, files: Files): boolean {
  return importsOf(files[path] ?? '').some(({ target, isType }) => {
    const resolved = new URL(target, `file:///web/${path}`).pathname.slice(1);
    return !isType && target.startsWith('.') && !resolved.startsWith('web/') && isEngine(resolved);
  });
}

/** Whether anything is left of a file at run time. */
function hasValues(text: string): boolean {
  return (
    importsOf(text).some(({ isType }) => !isType) ||
    /^(export\s+)?(default|declare|const|let|var|function|async|class|enum)\b|^export\s*[{*]/m.test(
      withoutComments(text),
    )
  );
}

const sources = import.meta.glob<string>('../../web/**/*.{ts,tsx,css}', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const files: Files = Object.fromEntries(
  Object.entries(sources).map(([path, text]) => [path.slice('../../web/'.length), text]),
);

test('every part of the page imports only from parts below it, and only the worker uses the engine', () => {
  expect(Object.keys(files).length).toBeGreaterThan(50);
  expect(findFaults(files)).toEqual([]);
});

test('every part of the page is in the order, and the order holds no part that is gone', () => {
  const tops = new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''));
  tops.delete('style');
  expect([...tops].toSorted()).toEqual([...groups.flat(), ...apart].toSorted());
});

test.each([
  ['state/run.ts', "import { App } from '../app.tsx';", 'state/run.ts imports ../app.tsx from a later part'],
  [
    'search/search-view.tsx',
    "import type { Place } from '../build/fault-place.ts';",
    'search/search-view.tsx imports ../build/fault-place.ts from another room',
  ],
  [
    'ui/button.tsx',
    "import type { Props } from '../train/run-panel.tsx';",
    'ui/button.tsx imports ../train/run-panel.tsx from a later part',
  ],
  ['storage/runs.ts', "export * from '../state/run.ts';", 'storage/runs.ts imports ../state/run.ts from a later part'],
  [
    'ui/new.tsx',
    "import { x } from '../new/x.ts';",
    'ui/new.tsx imports ../new/x.ts: a part without a place in the order',
  ],
  [
    'train/run-panel.tsx',
    "import { train } from '../../src/train/trainer.ts';",
    'train/run-panel.tsx imports ../../src/train/trainer.ts: only the worker may use the engine',
  ],
  [
    'state/run.ts',
    "const later = await import('../../src/index.ts');",
    'state/run.ts imports ../../src/index.ts: only the worker may use the engine',
  ],
  [
    'state/run.ts',
    "import {\n  openTuningStore,\n} from '../tuning-store.ts';",
    'state/run.ts imports ../tuning-store.ts: only the worker may use the engine',
  ],
  [
    'engine/engine.ts',
    "import { createHandlers } from '../worker/handlers.ts';",
    'engine/engine.ts imports ../worker/handlers.ts: only the worker may use the engine',
  ],
  [
    'worker/training.ts',
    "import { run } from '../state/run.ts';",
    'worker/training.ts imports ../state/run.ts: the worker has no page',
  ],
  [
    'worker/training.ts',
    "import { signal } from '@preact/signals';",
    'worker/training.ts imports @preact/signals: the worker has no page',
  ],
  [
    'look/look.tsx',
    "import '../train/train.css';",
    'look/look.tsx imports ../train/train.css, the style of another part',
  ],
  ['protocol/x.ts', 'export const x = 1;', 'protocol/x.ts holds more than types'],
  ['protocol/x.ts', 'export function f(): void {}', 'protocol/x.ts holds more than types'],
  ['protocol/x.ts', "export { x } from './calls.ts';", 'protocol/x.ts holds more than types'],
  ['protocol/x.ts', "import './calls.ts';", 'protocol/x.ts holds more than types'],
  ['charts/plot.ts', '\n'.repeat(400), 'charts/plot.ts has more than 400 lines'],
])('a planted fault is found in %s: %s', (path, line, fault) => {
  const harmless =
    "import type { Recipe } from '../../src/train/trainer.ts';\nimport type { Calls } from '../protocol/index.ts';\n";
  expect(findFaults({ [path]: harmless })).toEqual([]);
  expect(findFaults({ [path]: `${harmless}${line}` })).toEqual([fault]);
});

test('a part that takes what knows the engine from storage is found, and one that takes the rest is not', () => {
  const stored: Files = {
    'storage/runs.ts': "import { writeCheckpoint } from '../../src/train/checkpoint.ts';",
    'storage/files.ts': "import { DataError } from '../../src/errors.ts';",
  };
  expect(findFaults({ ...stored, 'state/run.ts': "import { listFiles } from '../storage/files.ts';" })).toEqual([]);
  expect(findFaults({ ...stored, 'state/run.ts': "import type { Run } from '../storage/runs.ts';" })).toEqual([]);
  expect(findFaults({ ...stored, 'worker/runs.ts': "import { openRun } from '../storage/runs.ts';" })).toEqual([]);
  expect(findFaults({ ...stored, 'state/run.ts': "import { openRun } from '../storage/runs.ts';" })).toEqual([
    'state/run.ts imports ../storage/runs.ts: only the worker may use the engine',
  ]);
});
