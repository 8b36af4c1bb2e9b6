/** NaN and infinity: named with the step and the first layer that shows them, and never kept. */
import { expect, test } from 'vitest';
import { DataError, NonFiniteError } from '../../src/errors.ts';
import { parameterTensors } from '../../src/model/model.ts';
import { memberRecipes } from '../../src/recipe/parse.ts';
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

test.each([
  ['adam', {}, 'the second moment of out.weight'],
  ['rmsprop', {}, 'the second moment of out.weight'],
  ['rmsprop', { members: [{ seed: 1 }, { seed: 2 }] }, 'the second moment of out.weight of member 0'],
])(
  'a moment of %s that overflows while the loss is finite is named with its layer: %j',
  async (type, fields, where) => {
    // Inputs of 1e21 give a finite loss, and gradients whose squares are beyond float32.
    const dataset = { ...clouds(), inputs: (clouds().inputs as Float64Array).map((value) => value * 1e21) };
    const recipe = smallRecipe({
      data: { source: 'csv', file: 'in memory', normalize: 'none' },
      model: { layers: [{ type: 'dense', units: 3, name: 'out' }] },
      optimizer: { type, learningRate: 1e-30 },
      ...fields,
    });
    const { error } = await trainToFailure(recipe, { dataset, checkpointSeconds: 0, chunkMilliseconds: 0 });
    expect(error).toMatchObject({ name: 'NonFiniteError', step: 1, layer: 'out' });
    expect((error as NonFiniteError).message).toMatch(
      new RegExp(
        `^the training is no longer finite at step 1: "out" shows it first \\(infinity in ${where}, kernel ${type}\\)`,
      ),
    );
  },
);

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

test('in a population of which every member diverges the first is named', async () => {
  const layers = [
    { type: 'dense', units: 12, activation: 'relu' },
    { type: 'dense', units: 3 },
  ];
  const fields = { optimizer: { type: 'sgd' }, model: { layers } };
  const rates = (...all: number[]) => all.map((rate, index) => ({ seed: index, 'optimizer.learningRate': rate }));
  const { error } = await trainToFailure(smallRecipe({ ...fields, members: rates(1e10, 1e30) }));
  expect(error).toMatchObject({ name: 'NonFiniteError', step: 1 });
  expect(String(error)).toMatch(/ of member 1, kernel /);
});

const unlucky = {
  optimizer: { type: 'sgd', learningRate: 0.1 },
  evaluation: { everySteps: 20 },
  steps: 600,
  members: [{ seed: 1 }, { seed: 2, 'optimizer.learningRate': 4 }, { seed: 3 }],
};

test('a member that diverges leaves the others to the bits of their plain runs', async () => {
  const recipe = diverging(unlucky);
  const { result, evaluations, checkpoints, events } = await trainAll(recipe, {
    dataset: curves(),
    checkpointSeconds: 0,
  });
  const plain = memberRecipes(recipe);
  for (const index of [0, 2]) {
    const alone = await trainAll(plain[index]!, { dataset: curves() });
    expect(result.members[index]).toEqual(alone.result.members[0]);
    expect(evaluations.map(({ members }) => members[index])).toEqual(
      alone.evaluations.map(({ members }) => members[0]),
    );
  }
  const { error } = await trainToFailure(plain[1]!, { dataset: curves() });
  const step = (error as NonFiniteError).step;
  expect(step).toBeGreaterThan(15);
  expect(result.members[1]).toMatchObject({
    divergedAt: step,
    steps: step,
    train: { loss: NaN },
    validation: { cost: NaN },
  });
  expect(Object.values(result.weights[1]!).every(({ data }) => data.every((value) => value === 0))).toBe(true);
  expect(result).toMatchObject({ steps: 600, weightsSha256: result.members[0]!.weightsSha256 });
  expect(checkpoints.every(({ arenas }) => finite(arenas))).toBe(true);
  const losses = events.flatMap((event) => (event.type === 'progress' && event.step > step ? [event.losses] : []));
  expect(losses.every(([first, second]) => Number.isFinite(first) && Number.isNaN(second))).toBe(true);
});

test('a population with a member that has diverged goes on from every checkpoint to the same bits', async () => {
  const recipe = diverging(unlucky);
  const options = { dataset: curves(), checkpointSeconds: 0, chunkMilliseconds: 0 };
  const whole = await trainAll(recipe, { dataset: curves() });
  const { checkpoints } = await trainAll(recipe, options);
  const after = checkpoints.filter(({ counters }) => counters.members[1]!.divergedAt !== null);
  const { plan } = prepare(recipe, curves());
  for (const one of [checkpoints[1]!, after[0]!, after.at(-1)!]) {
    const checkpoint = readCheckpoint(writeCheckpoint(plan.model, one, {}), 'memory', plan);
    const { result } = await trainAll(recipe, { dataset: curves(), checkpoint });
    expect(result.members).toEqual(whole.result.members);
  }
});

test('a member whose weights overflow in the very last update has diverged, and the others have not', async () => {
  const members = [{ seed: 1 }, { seed: 2, 'optimizer.learningRate': 1e39 }];
  const { result, checkpoints } = await trainAll(smallRecipe({ steps: 1, optimizer: { type: 'sgd' }, members }));
  expect(result.members.map(({ divergedAt }) => divergedAt)).toEqual([undefined, 1]);
  expect(finite(checkpoints.at(-1)!.arenas)).toBe(true);
});

test('early stopping goes on without a member that has diverged', async () => {
  const recipe = diverging({ ...unlucky, earlyStopping: { patience: 2, restoreBest: true } });
  const { result } = await trainAll(recipe, { dataset: curves() });
  expect(result.members.map(({ divergedAt }) => divergedAt === undefined)).toEqual([true, false, true]);
  const alone = await trainAll(memberRecipes(recipe)[0]!, { dataset: curves() });
  expect(result.members[0]).toEqual(alone.result.members[0]);
});

test('data in shards do not change which layer is named', async () => {
  const layers = [
    { type: 'dense', units: 64, activation: 'relu' },
    { type: 'dense', units: 64, activation: 'relu' },
    { type: 'dense', units: 3 },
  ];
  // Evaluation leaves infinities in the place of its inputs, in rows that smaller batches of training do not write over.
  const sizes = { batch: 4, evaluation: { batch: 12, everySteps: 1 }, steps: 3 };
  const recipe = smallRecipe({ model: { layers }, optimizer: { type: 'sgd', learningRate: 1e30 }, ...sizes });
  const dataset = clouds({ rowCount: 701, features: 64 });
  const whole = await trainToFailure(recipe, { dataset });
  const prepared = prepare(recipe, dataset, { maxBindingBytes: 48 * 1024 });
  expect(prepared.plan.buffers.filter(({ name }) => /^inputs\d+$/.test(name)).length).toBeGreaterThan(1);
  const sharded = await trainToFailure(recipe, { prepared });
  expect((whole.error as NonFiniteError).message).toMatch(/step 1: "dense2" shows it first/);
  expect((sharded.error as NonFiniteError).message).toBe((whole.error as NonFiniteError).message);
});
