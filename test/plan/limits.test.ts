/** Plans beyond what an adapter binds: the sentence says what would fit, and that does fit. */
import { expect, test } from 'vitest';
import { LimitError } from '../../src/errors.ts';
import { buildPlan } from '../../src/plan/build.ts';
import type { DataShape } from '../../src/plan/build.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';

const shape: DataShape = {
  rowCount: 5000,
  inputShape: [64],
  inputs: 'floats',
  task: 'classification',
  outputCount: 10,
};
const small = { batch: 16, evaluation: { batch: 16 } };
const maxBindingBytes = 2 ** 23;

function planOf(units: number, fields: object = {}, population = 1, data = shape) {
  const layers = [
    { type: 'dense', units, activation: 'relu' },
    { type: 'dense', units: 10 },
  ];
  const recipe = parseRecipe({ data: { source: 'csv', file: 'x' }, model: { layers }, epochs: 1, ...fields });
  return buildPlan({ recipe, population, data, maxBindingBytes });
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (cause) {
    if (cause instanceof LimitError) return cause.message;
    throw cause;
  }
  throw new Error('it fits');
}

test('a plan that fits is built', () => {
  expect(planOf(100).buffers.every(({ elements }) => elements * 4 <= maxBindingBytes)).toBe(true);
});

test('a model that is too wide names the layer and a width that fits', () => {
  const message = refusal(() => planOf(30_000));
  expect(message).toMatch(
    /^the model has 2,250,010 parameters \(9 MiB\): this adapter binds at most 8 MiB at a time\. Make "dense1" at most \d+ units wide\.$/,
  );
  const units = Number(/at most (\d+) units/.exec(message)?.[1]);
  planOf(units, small);
  // Padding is allowed for: at most a few units are given away.
  refusal(() => planOf(units + 4, small));
});

test('a population that is too large says how many members fit together', () => {
  const message = refusal(() => planOf(1000, small, 40));
  expect(message).toMatch(
    /^a population of 40 with 75,010 parameters \(11 MiB\) is too large: .*Train at most 27 members together\.$/,
  );
  planOf(1000, small, 27);
  refusal(() => planOf(1000, small, 28));
});

test.each([
  ['batch', { batch: 3000 }],
  ['evaluation.batch', { evaluation: { batch: 3000 } }],
])('a %s that is too large says how many rows fit', (field, fields) => {
  const message = refusal(() => planOf(1000, fields));
  expect(message).toMatch(/^a batch needs 11 MiB for one tensor: this adapter binds at most 8 MiB at a time\. Set /);
  expect(message).toContain(`Set ${field} to at most `);
  const rows = Number(/at most (\d+)\.$/.exec(message)?.[1]);
  const fitting = field === 'batch' ? { batch: rows } : { evaluation: { batch: rows } };
  planOf(1000, fitting);
  refusal(() => planOf(1000, field === 'batch' ? { batch: rows + 1 } : { evaluation: { batch: rows + 1 } }));
});

test('a row that is too long says so', () => {
  const wide = { ...shape, inputShape: [2_500_000] };
  expect(refusal(() => planOf(1, {}, 1, wide))).toBe(
    'one row of the data has 10000000 bytes, more than this adapter binds (8388608).',
  );
});

test('data that is too large for one binding is split into shards', () => {
  const large = { ...shape, rowCount: 80_000 };
  const shards = planOf(100, {}, 1, large).buffers.filter(({ name }) => /^inputs\d+$/.test(name));
  expect(shards.map(({ elements }) => elements / 64)).toEqual([32_768, 32_768, 14_464]);
});

test('data whose labels do not fit one binding says how many rows do', () => {
  const rows = (rowCount: number) => () => planOf(8, small, 1, { ...shape, inputShape: [1], rowCount });
  const message = refusal(rows(2 ** 21 + 4));
  expect(message).toBe(
    'the labels need 8 MiB: this adapter binds at most 8 MiB at a time. Use at most 2097152 rows of data.',
  );
  rows(2 ** 21)();
});

test('where the widths of other layers hang on it, no number is given for the widest', () => {
  const layers = [
    { type: 'conv2d', filters: 4000, kernel: 5, padding: 'same' },
    { type: 'dense', units: 10 },
  ];
  const recipe = parseRecipe({ data: { source: 'csv', file: 'x' }, model: { layers }, epochs: 1, ...small });
  const images = { ...shape, inputShape: [6, 4, 3] };
  expect(refusal(() => buildPlan({ recipe, data: images, maxBindingBytes: 2 ** 20 }))).toBe(
    'the model has 1,264,010 parameters (5 MiB): this adapter binds at most 1 MiB at a time. Make "dense1" narrower.',
  );
});
