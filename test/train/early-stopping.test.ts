/** Early stopping and reduce-on-plateau, on labels that cannot be learnt: the validation loss soon rises. */
import { expect, test } from 'vitest';
import { drawBits } from '../../src/random/draws.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/train/checkpoint.ts';
import { prepare } from '../../src/train/session.ts';
import { clouds, smallRecipe, trainAll } from './support.ts';

const noise = { ...clouds(), labels: Uint32Array.from({ length: 90 }, (_, row) => drawBits(44, 8, 0, 0, row) % 3) };
const watched = (earlyStopping: object, fields: object = {}) =>
  smallRecipe({ epochs: 40, evaluation: { everySteps: 4 }, earlyStopping, ...fields });
/** The same run without early stopping, for so many steps. */
const plainHash = async (steps: number) =>
  (await trainAll(smallRecipe({ steps, evaluation: { everySteps: 4 } }), { dataset: noise })).result.weightsSha256;

function bestStep(
  evaluations: Awaited<ReturnType<typeof trainAll>>['evaluations'],
  metric: 'loss' | 'accuracy',
): number {
  const values = evaluations.map(({ members }) => {
    const { loss, accuracy = 0 } = members[0]!.validation!;
    return metric === 'loss' ? loss : -accuracy;
  });
  return evaluations[values.indexOf(Math.min(...values))]!.step;
}

test.each(['loss', 'accuracy'] as const)(
  'it stops when the %s has not improved, and restores the best',
  async (metric) => {
    const { evaluations, result } = await trainAll(watched({ patience: 3, metric }), { dataset: noise });
    const best = bestStep(evaluations, metric);
    expect(result.steps).toBe(best + 3 * 4);
    expect(result.steps).toBeLessThan(240);
    expect(evaluations.at(-1)!.step).toBe(result.steps);
    expect(result.weightsSha256).toBe(await plainHash(best));
    const atBest = evaluations.find(({ step }) => step === best)!.members[0]!;
    expect(result.validation).toEqual(atBest.validation);
  },
);

test('without restoring, the last weights stay', async () => {
  const { result } = await trainAll(watched({ patience: 3, restoreBest: false }), { dataset: noise });
  expect(result.weightsSha256).toBe(await plainHash(result.steps));
});

test('a run that never waits long enough still ends with its best weights', async () => {
  const { evaluations, result } = await trainAll(watched({ patience: 1000 }, { epochs: 10 }), { dataset: noise });
  expect(result.steps).toBe(60);
  const best = bestStep(evaluations, 'loss');
  expect(best).toBeLessThan(60);
  expect(result.weightsSha256).toBe(await plainHash(best));
});

test('an improvement by less than minDelta does not count', async () => {
  const { evaluations, result } = await trainAll(watched({ patience: 2, minDelta: 0.5 }), { dataset: noise });
  expect(evaluations[0]!.members[0]!.validation!.loss).toBeLessThan(1.7);
  expect(result.steps).toBe(3 * 4);
});

test('without a validation split the training loss is watched', async () => {
  const data = { source: 'csv', file: 'in memory' };
  const { result, evaluations } = await trainAll(watched({ patience: 1, minDelta: 0.2 }, { data }), { dataset: noise });
  const losses = evaluations.map(({ members }) => members[0]!.train.loss);
  expect(losses.at(-1)).toBeGreaterThan(losses.at(-2)! - 0.2);
  expect(result.steps).toBe(4 * losses.length);
});

test('a checkpoint of a finished run gives its result again without a step', async () => {
  const recipe = watched({ patience: 3 });
  const { result, checkpoints } = await trainAll(recipe, { dataset: noise });
  const { plan } = prepare(recipe, noise);
  const bytes = writeCheckpoint(plan.model, checkpoints.at(-1)!, {});
  const again = await trainAll(recipe, { dataset: noise, checkpoint: readCheckpoint(bytes, 'memory', plan) });
  expect(again.events.some(({ type }) => type === 'progress' || type === 'evaluation')).toBe(false);
  expect(again.result.members).toEqual(result.members);
  expect(again.result.steps).toBe(result.steps);
});

test('reduce on plateau lowers the rate of the steps after an evaluation without improvement', async () => {
  const schedule = { type: 'plateau', factor: 0.5, patience: 0 };
  const recipe = smallRecipe({ schedule, epochs: 20, optimizer: { type: 'sgd', learningRate: 0.5 } });
  const { evaluations } = await trainAll(recipe, { dataset: noise });
  const losses = evaluations.map(({ members }) => members[0]!.validation!.loss);
  let rate = 0.5;
  let best = Infinity;
  const expected = losses.map((loss) => {
    const before = rate;
    if (loss < best * (1 - 1e-4)) best = loss;
    else rate /= 2;
    return before;
  });
  expect(evaluations.map(({ members }) => members[0]!.learningRate)).toEqual(expected);
  expect(expected.at(-1)).toBeLessThan(0.1);
});
