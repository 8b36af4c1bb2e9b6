// How trials are written: as a table for people and as CSV for programs.
import { expect, test } from 'vitest';
import { trialsCsv } from '../../node/search/csv.ts';
import { sayMean, tableRows } from '../../node/search/table.ts';
import { readTable } from '../../src/formats/csv.ts';
import { formatNumber } from '../../src/numbers.ts';
import { shortNames } from '../../src/recipe/search-axes.ts';
import { sayInJson, sayValue, sayValues } from '../../src/recipe/search-values.ts';
import { runKey, summarise } from '../../src/search/summary.ts';
import type { RunState } from '../../src/search/summary.ts';
import type { RunRecord, TrialSummary } from '../../src/search/trials.ts';

test.each([
  [
    ['optimizer.learningRate', 'l2'],
    ['learningRate', 'l2'],
  ],
  [
    ['model.layers.0.units', 'model.layers.1.units'],
    ['layers.0.units', 'layers.1.units'],
  ],
  [
    ['seed', 'data.seed'],
    ['seed', 'data.seed'],
  ],
  [
    ['model.layers.*.rate', 'schedule.type'],
    ['rate', 'type'],
  ],
  [
    ['schedule.type', 'optimizer.type'],
    ['schedule.type', 'optimizer.type'],
  ],
])('%j are called %j', (paths, names) => {
  expect(shortNames(paths)).toEqual(names);
});

test.each([
  [0.00123456, '0.001235'],
  ['relu', 'relu'],
  [true, 'true'],
  [{ type: 'sgd' }, '{"type":"sgd"}'],
  [{ type: 'adam', learningRate: 0.001 }, '{"type":"adam","learningRat…'],
  [undefined, ''],
])('the value %j is written %s', (value, text) => {
  expect(sayValue(value, formatNumber)).toBe(text);
});

const adam = { type: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999 };

test.each<[unknown[], string[]]>([
  [
    [adam, { type: 'sgd', learningRate: 0.1 }, adam],
    ['{"type":"adam"}', '{"type":"sgd"}', '{"type":"adam"}'],
  ],
  [
    [adam, { ...adam, beta2: 0.99 }, undefined],
    ['{"beta2":0.999}', '{"beta2":0.99}', ''],
  ],
  [
    [{ width: { at: 1, of: 2 } }, { width: { at: 1, of: 3 } }],
    ['{"width":{"of":2}}', '{"width":{"of":3}}'],
  ],
  [
    [{ type: 'a' }, { type: 'a', more: 1 }],
    ['{}', '{"more":1}'],
  ],
  [
    [
      [{ type: 'dense', units: 5 }, { type: 'dropout' }],
      [{ type: 'dense', units: 9 }, { type: 'dropout' }],
    ],
    ['[{"units":5},…]', '[{"units":9},…]'],
  ],
  [
    [[1], [1, 2]],
    ['[1]', '[1,2]'],
  ],
  [
    [adam, adam],
    [sayValue(adam, formatNumber), sayValue(adam, formatNumber)],
  ],
  [
    [`${'a'.repeat(40)}b`, `${'a'.repeat(40)}c`],
    [`${'a'.repeat(40)}b`, `${'a'.repeat(40)}c`],
  ],
  [
    [0.00123456, 'auto'],
    ['0.001235', 'auto'],
  ],
])('a column of %j holds what tells its values apart', (values, cells) => {
  expect(sayValues(values, formatNumber)).toEqual(cells);
});

test('a value in full is not cut', () => {
  expect(sayInJson(adam, formatNumber)).toBe('{"type":"adam","learningRate":0.001,"beta1":0.9,"beta2":0.999}');
});

test('a mean has its deviation behind it', () => {
  expect(sayMean('accuracy', { value: 0.51234, deviation: 0.0123 })).toBe('51.23 ± 1.23 %');
  expect(sayMean('loss', { value: 0.51234, deviation: 0.0123 })).toBe('0.5123 ± 0.012');
  expect(sayMean('accuracy', { value: 0.5 })).toBe('50.00 %');
  expect(sayMean('accuracy', {})).toBe('');
});

test('a mean over runs is of what all of them have', () => {
  const trial = { index: 0, values: {}, stage: 'only' } as const;
  const runs = [0, 1].map((seed) => ({ trial: 0, seed }));
  const measured = [
    { loss: 1, cost: 2, rmse: 3 },
    { loss: 3, cost: 4 },
  ];
  const states = runs.map((run, index): [string, RunState] => {
    const metrics = measured[index] ?? { loss: 0, cost: 0 };
    return [runKey(run), { step: 9, state: 'done', train: metrics, validation: metrics }];
  });
  const [row] = summarise([trial], runs, new Map(states), new Set(), 'loss');
  expect(row).toMatchObject({ value: 2, train: { loss: 2, cost: 3 } });
  expect(row?.validation).toEqual({ loss: 2, cost: 3 });
});

const metrics = { loss: 0.5, cost: 0.6, accuracy: 0.9 };
const table: readonly TrialSummary[] = [
  {
    index: 3,
    values: { l2: 1e-7, optimizer: { type: 'sgd', learningRate: 0.1 } },
    stage: 'only',
    state: 'done',
    step: 1200,
    value: 0.87,
    deviation: 0.01,
    train: metrics,
    validation: { ...metrics, accuracy: 0.87 },
    runs: 2,
    divergedRuns: 0,
  },
  { index: 1, values: { l2: 1 }, stage: 'only', state: 'diverged', step: 40, runs: 2, divergedRuns: 1 },
];

test('a trial is a row, and one of which a run diverged says so without a rank', () => {
  expect(tableRows(table, ['l2'], 'accuracy')).toEqual([
    ['rank', 'trial', 'accuracy', 'l2', 'train', 'steps', 'state'],
    ['1', '3', '87.00 ± 1.00 %', '1.00e-7', '90.00 %', '1,200', 'done'],
    ['', '1', '', '1', '', '40', '1 of 2 diverged'],
  ]);
});

/** Both runs of trial 3 went on from the first population. */
const records = [
  ['001', 4, 0, 40],
  ['001', 5, 1, 40],
  ['003', 1, 0, 1200],
  ['003', 0, 1, 1200],
].map(([population, member, seed, step]) => ({ trial: 3, population, member, seed, step }) as RunRecord);

test('the CSV is read back as it was: every number whole, objects as JSON, empty where there is nothing', () => {
  const text = trialsCsv(table, ['l2', 'optimizer'], records);
  const { columns, rows } = readTable(new TextEncoder().encode(text), 'trials.csv');
  const objects = rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])));
  expect(objects).toEqual([
    {
      rank: '1',
      trial: '3',
      stage: 'only',
      state: 'done',
      l2: '1e-7',
      optimizer: '{"type":"sgd","learningRate":0.1}',
      value: '0.87',
      deviation: '0.01',
      train_loss: '0.5',
      train_cost: '0.6',
      train_accuracy: '0.9',
      validation_loss: '0.5',
      validation_cost: '0.6',
      validation_accuracy: '0.87',
      runs: '2',
      steps: '1200',
      populations: '003/1 003/0',
    },
    expect.objectContaining({ rank: '', trial: '1', state: 'diverged', l2: '1', optimizer: '', value: '', runs: '2' }),
  ]);
});
