// The fields of a search as axes: what is drawn along numbers and what as categories, where marks stand, and how labels are broken.
import { expect, test } from 'vitest';
import { textWidth } from '../../node/report/font.ts';
import { wrapLabel } from '../../node/report/search/fields.ts';
import type { SearchData } from '../../node/report/search/search-data.ts';
import { axisTicks, searchFields } from '../../src/recipe/search-axes.ts';

const trialsOf = (path: string, values: readonly unknown[]): Pick<SearchData, 'table'> => ({
  table: values.map((value, index) => ({
    index,
    values: { [path]: value },
    stage: 'only',
    state: 'done',
    step: 1,
    runs: 1,
    divergedRuns: 0,
  })),
});

test.each([
  { what: 'a range of decades', space: { logUniform: [1e-5, 1e-1] }, values: [1e-3, 1e-2], kind: 'log' },
  { what: 'a narrow logarithmic range', space: { logUniform: [5e-3, 9e-3] }, values: [6e-3], kind: 'log' },
  { what: 'an even range', space: { uniform: [0.8, 0.99] }, values: [0.9], kind: 'linear' },
  {
    what: 'numbers that span decades',
    space: { grid: [1e-4, 1e-3, 1e-2, 0.1, 1, 10] },
    values: [1e-4, 10, 1],
    kind: 'log',
  },
  { what: 'a fine grid', space: { grid: [0.006, 0.0065, 0.007] }, values: [0.006, 0.0065, 0.007], kind: 'linear' },
  { what: 'numbers that many share', space: { grid: [10, 25] }, values: [10, 25, 10, 25], kind: ['10', '25'] },
  {
    what: 'zero beside small numbers',
    space: { grid: [1e-4, 0, 1e-6] },
    values: [0, 1e-6, 1e-4],
    kind: ['0', '0.000001', '0.0001'],
  },
  { what: 'texts', space: { choice: ['relu', 'gelu'] }, values: ['gelu', 'relu'], kind: ['relu', 'gelu'] },
  { what: 'true and false', space: { choice: [true, false] }, values: [false], kind: ['true', 'false'] },
  { what: 'objects', space: { choice: [{ type: 'sgd' }] }, values: [{ type: 'sgd' }], kind: ['{type: sgd}'] },
])('a field of $what has the axis for it', ({ space, values, kind }) => {
  const search = { space: { 'a.b': space }, strategy: 'random', repeats: 1, seed: 0, factor: 3 } as never;
  const [field] = searchFields({ search, ...trialsOf('a.b', values) });
  const axis = field?.kind === 'category' ? field.labels : field?.isLog === true ? 'log' : 'linear';
  expect(axis).toEqual(kind);
});

test.each([
  { isLog: true, domain: [1e-5, 1e-1], ticks: [1e-5, 1e-4, 1e-3, 1e-2, 1e-1] },
  { isLog: true, domain: [0.005, 0.009], ticks: [0.005, 0.006, 0.007, 0.008, 0.009] },
  { isLog: false, domain: [0, 1], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
  { isLog: false, domain: [-0.31, 0.32], ticks: [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3] },
] as const)('marks from $domain.0 to $domain.1 are round', ({ isLog, domain, ticks }) => {
  expect(axisTicks({ isLog, domain }, 7)).toEqual(ticks);
});

test('a label is broken at dots and spaces, and cut where it does not fit', () => {
  expect(wrapLabel('optimizer.learningRate', 90, 13, 4)).toEqual(['optimizer.', 'learningRate']);
  expect(wrapLabel('', 90, 13, 4)).toEqual(['']);
  const lines = wrapLabel('{type: exponential, decay: 0.1, warmupSteps: 100}', 80, 12, 2);
  expect(lines).toHaveLength(2);
  expect(lines.at(-1)).toMatch(/…$/);
  for (const line of lines) expect(textWidth(line, 12)).toBeLessThanOrEqual(80);
});
