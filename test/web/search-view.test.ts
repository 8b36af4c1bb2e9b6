// The trials of a search as the page shows them: sorted, along axes, in words.
import { expect, test } from 'vitest';
import { searchFields } from '../../src/recipe/search-axes.ts';
import type { TrialSummary } from '../../src/search/trials.ts';
import {
  axisAround,
  axisOf,
  byRank,
  nextSort,
  sayMean,
  sayState,
  sayTick,
  scatterPoints,
  sortTrials,
} from '../../web/search/trial-view.ts';

function trial(index: number, l2: number, value: number | undefined, fields: Partial<TrialSummary> = {}): TrialSummary {
  const known = value === undefined ? {} : { value };
  return {
    index,
    values: { l2, activation: index % 2 ? 'relu' : 'tanh' },
    stage: 'only',
    state: 'done',
    step: 10,
    runs: 1,
    divergedRuns: 0,
    ...known,
    ...fields,
  };
}
/** Best first. */
const table = [
  trial(2, 1e-3, 0.9),
  trial(0, 1e-1, 0.8),
  trial(3, 1e-5, 0.8),
  trial(1, 1e-4, undefined, { state: 'waiting', step: 0 }),
];
const order = (sorted: readonly TrialSummary[]): number[] => sorted.map(({ index }) => index);

test.each([
  ['rank', false, [2, 0, 3, 1]],
  ['rank', true, [1, 3, 0, 2]],
  ['trial', false, [0, 1, 2, 3]],
  ['l2', false, [3, 1, 2, 0]],
  ['l2', true, [0, 2, 1, 3]],
  ['value', false, [0, 3, 2, 1]],
  ['value', true, [2, 0, 3, 1]],
  ['activation', false, [3, 1, 2, 0]],
])('sorted by %s, descending %s, what has no value comes last', (key, descending, indices) => {
  expect(order(sortTrials(table, 'accuracy', { key, descending }))).toEqual(indices);
});

test('a column that is chosen again is sorted the other way round', () => {
  const once = nextSort(byRank, 'l2');
  expect(once).toEqual({ key: 'l2', descending: false });
  expect(nextSort(once, 'l2')).toEqual({ key: 'l2', descending: true });
  expect(nextSort(nextSort(once, 'l2'), 'l2')).toEqual(once);
});

test('numbers over decades lie along a logarithmic axis, words beside each other', () => {
  const search = {
    space: { l2: { logUniform: [1e-5, 1e-1] as [number, number] }, activation: { choice: ['relu', 'tanh'] } },
  };
  const [l2, activation] = searchFields({ search, table });
  if (l2 === undefined || activation === undefined) throw new Error('two fields');
  expect(axisOf(l2)).toMatchObject({ isLog: true, label: 'l2' });
  expect(axisOf(l2).ticks).toEqual([1e-5, 1e-4, 1e-3, 1e-2, 1e-1]);
  expect(scatterPoints(table, l2).map(({ x, y }) => [x, y])).toEqual([
    [1e-3, 0.9],
    [1e-1, 0.8],
    [1e-5, 0.8],
  ]);
  const words = axisOf(activation);
  expect(words.ticks.map(words.format)).toEqual(['relu', 'tanh']);
  expect(scatterPoints(table, activation).map(({ x }) => x)).toEqual([1, 1, 0]);
});

test.each([[[]], [[0.5]], [[Number.NaN, 0.2, 0.7]]])('an axis around %j has a length and marks', (values) => {
  const { domain, ticks } = axisAround('accuracy', values, String);
  expect(domain[0]).toBeLessThan(domain[1]);
  expect(ticks.length).toBeGreaterThan(1);
  for (const value of values) if (Number.isFinite(value)) expect(value > domain[0] && value < domain[1]).toBe(true);
});

test('means have their deviation, and trials of which a run diverged say so', () => {
  expect(sayMean('accuracy', { value: 0.9325 })).toBe('93.25 %');
  expect(sayMean('accuracy', { value: 0.9325, deviation: 0.0041 })).toBe('93.25 ± 0.41 %');
  expect(sayMean('loss', { value: 0.25, deviation: 0.0312 })).toBe('0.25 ± 0.031');
  expect(sayMean('loss', {})).toBe('–');
  expect(sayState(trial(0, 0, undefined, { state: 'diverged', runs: 3, divergedRuns: 2 }), false)).toBe(
    '2 of 3 diverged',
  );
  expect([true, false].map((goesOn) => sayState(trial(0, 0, 1, { state: 'running' }), goesOn))).toEqual([
    'running',
    'interrupted',
  ]);
  expect([1e-5, 0.01, 50, 1e5, 0].map(sayTick)).toEqual(['1e-5', '0.01', '50', '1e+5', '0']);
});
