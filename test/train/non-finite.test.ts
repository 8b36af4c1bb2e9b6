/** NaN and infinity: named with the step and the first layer that shows them, and never kept. */
import { expect, test } from 'vitest';
import { DataError, NonFiniteError } from '../../src/errors.ts';
import { parameterTensors } from '../../src/model/model.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/train/checkpoint.ts';
import { initialArena, prepare } from '../../src/train/session.ts';
import { clouds, curves, smallRecipe, trainAll, trainToFailure } from './support.ts';

const finite = (arenas: Readonly<Record<string, Float32Array>>) =>
  Object.values(arenas).every((arena) => arena.every(Number.isFinite));

test.each([
  ['sgd', { type: 'sgd', learningRate: 1e30 }],
  ['momentum', { type: 'momentum', learningRate: 1e30 }],
  ['adam', { type: 'adam', learningRate: 1e30 }],
])('a huge rate under %s is a NonFiniteError', async (_name, optimizer) => {
  const layers = [
    { type: 'dense', units: 12, activation: 'relu' },
    { type: 'dense', units: 3, name: 'out' },
  ];
  const { error } = await trainToFailure(smallRecipe({ optimizer, model: { layers } }));
  expect(error).toBeInstanceOf(NonFiniteError);
  const { step, layer, message, kind } = error as NonFiniteError;
  // The first update makes the weights huge; the products of the next step overflow where two of them meet.
  expect({ step, layer, kind }).toEqual({ step: 1, layer: 'out', kind: 'check' });
  expect(message).toMatch(
    /^the loss is not finite at step 1: "out" shows it first \((infinity|NaN) in out\.y, kernel dense_forward\)\. Lower the learning rate, or set clipNorm\.$/,
  );
});

test('a NaN planted into a layer is found in that layer', async () => {
  const recipe = smallRecipe();
  const { error } = await trainToFailure(recipe, {
    parameters: (prepared) => {
      const arena = initialArena(prepared);
      const { arenaOffset } = parameterTensors(prepared.plan.model).find(({ name }) => name === 'dense2.weight')!;
      arena[arenaOffset + 5] = Number.NaN;
      return arena;
    },
  });
  expect(error).toMatchObject({ name: 'NonFiniteError', step: 0, layer: 'dense2' });
});

/** Diverges exponentially: the loss overflows after some hundred steps. */
const diverging = (fields: object) =>
  smallRecipe({
    data: { source: 'csv', file: 'in memory', task: 'regression', validation: 14 },
    model: { layers: [{ type: 'dense', units: 2 }] },
    loss: 'mse',
    steps: 3000,
    evaluation: { everySteps: 20 },
    ...fields,
  });

test.each([
  ['sgd', { optimizer: { type: 'sgd', learningRate: 4 } }],
  ['momentum, the state of which has to be repeated', { optimizer: { type: 'momentum', learningRate: 0.9 } }],
  [
    'a plateau that has lowered the rate on the way',
    {
      optimizer: { type: 'sgd', learningRate: 12 },
      schedule: { type: 'plateau', factor: 0.8, patience: 0 },
      evaluation: { everySteps: 5 },
    },
  ],
])('the place does not depend on when the last checkpoint was: %s', async (_name, fields) => {
  const recipe = diverging(fields);
  const often = await trainToFailure(recipe, { dataset: curves(), checkpointSeconds: 0, chunkMilliseconds: 0 });
  const never = await trainToFailure(recipe, { dataset: curves(), checkpointSeconds: 1000 });
  expect(often.error).toBeInstanceOf(NonFiniteError);
  expect((often.error as NonFiniteError).message).toMatch(/shows it first/);
  expect((often.error as NonFiniteError).step).toBeGreaterThan(15);
  expect((never.error as NonFiniteError).message).toBe((often.error as NonFiniteError).message);
});

test('the checkpoint before it is intact, and leads to the same place again', async () => {
  const recipe = diverging({ optimizer: { type: 'momentum', learningRate: 0.9 } });
  const options = { dataset: curves(), checkpointSeconds: 0, chunkMilliseconds: 0 };
  const { error, checkpoints } = await trainToFailure(recipe, options);
  const last = checkpoints.at(-1)!;
  expect(checkpoints.every(({ arenas }) => finite(arenas))).toBe(true);
  expect(last.counters.step).toBeGreaterThan(0);
  expect(last.counters.step).toBeLessThanOrEqual((error as NonFiniteError).step);
  const { plan } = prepare(recipe, curves());
  const checkpoint = readCheckpoint(writeCheckpoint(plan.model, last, {}), 'memory', plan);
  const again = await trainToFailure(recipe, { dataset: curves(), checkpoint });
  expect((again.error as NonFiniteError).message).toBe((error as NonFiniteError).message);
});

test('weights that have overflowed never become a checkpoint', async () => {
  const fields = { data: { source: 'csv', file: 'in memory' }, evaluation: { everySteps: 1 } };
  const recipe = smallRecipe({ ...fields, optimizer: { type: 'sgd', learningRate: 1e39 } });
  const { error, checkpoints, evaluations } = await trainToFailure(recipe, { checkpointSeconds: 0 });
  expect(error).toMatchObject({ name: 'NonFiniteError', step: 1, layer: 'dense1' });
  // The first step's own loss was fine; its update was not.
  expect(evaluations).toHaveLength(1);
  expect(checkpoints.map(({ counters }) => counters.step)).not.toContain(1);
  expect(checkpoints.every(({ arenas }) => finite(arenas))).toBe(true);
});

test('weights that overflow in the very last update are an error, not a result', async () => {
  const layers = [
    { type: 'dense', units: 12, activation: 'relu' },
    { type: 'dense', units: 3 },
  ];
  const fields = { steps: 1, optimizer: { type: 'sgd', learningRate: 1e30 }, model: { layers } };
  const { error, events } = await trainToFailure(smallRecipe(fields));
  expect(error).toMatchObject({ name: 'NonFiniteError', step: 1, layer: 'dense2' });
  expect(events.some(({ type }) => type === 'evaluation')).toBe(false);
  const unwatched = smallRecipe({ ...fields, data: { source: 'csv', file: 'in memory' } });
  expect((await trainToFailure(unwatched)).error).toMatchObject({ name: 'NonFiniteError', step: 1, layer: 'dense2' });
});

test('a penalty that overflows alone is named, and is none of a run without a penalty', async () => {
  const fields = { steps: 1, optimizer: { type: 'sgd', learningRate: 1e26 } };
  const { error } = await trainToFailure(smallRecipe({ ...fields, l2: 1e-9 }));
  expect(error).toMatchObject({ name: 'NonFiniteError', step: 1, layer: 'penalty' });
  const { result } = await trainAll(smallRecipe(fields));
  expect(result.train.cost).toBe(result.train.loss);
});

test('clipping the gradient keeps a run finite that overflows without', async () => {
  const recipe = diverging({ optimizer: { type: 'sgd', learningRate: 4 }, steps: 300 });
  await trainToFailure(recipe, { dataset: curves() });
  const { result } = await trainAll({ ...recipe, clipNorm: 0.1 }, { dataset: curves() });
  expect(Number.isFinite(result.train.loss)).toBe(true);
});

test('NaN in the data is named with row and column before a step is made', async () => {
  const inputs = (clouds().inputs as Float64Array).slice();
  inputs[6 * 7 + 2] = Number.NaN;
  const { error, events } = await trainToFailure(smallRecipe(), { dataset: { ...clouds(), inputs } });
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).message).toBe(
    'clouds: row 7, column 2 is NaN. Remove the row or fill in a finite value.',
  );
  expect(events).toEqual([]);
});

test('in a population the member that diverges is named', async () => {
  const layers = [
    { type: 'dense', units: 12, activation: 'relu' },
    { type: 'dense', units: 3 },
  ];
  const members = [{ seed: 1 }, { seed: 2, 'optimizer.learningRate': 1e30 }];
  const { error } = await trainToFailure(smallRecipe({ optimizer: { type: 'sgd' }, model: { layers }, members }));
  expect(String(error)).toMatch(/ of member 1, kernel /);
});
