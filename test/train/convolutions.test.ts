/** Convolutional networks through everything that a run can meet: populations, interruptions, other devices, saved weights. */
import { expect, test } from 'vitest';
import { parameterTensors } from '../../src/model/model.ts';
import { parseRecipe, memberRecipes } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { readCheckpoint, readWeights, writeCheckpoint, writeWeights } from '../../src/train/checkpoint.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { prepare } from '../../src/train/session.ts';
import { evaluateModel } from '../../src/train/use-model.ts';
import expected from './expected.json' with { type: 'json' };
import { cloudImages, everyLayer, hashes, smallRecipe, trainAll, trainUntil } from './support.ts';

const dataset = cloudImages();
const layers = everyLayer;
const recipe = smallRecipe({ model: { layers }, batch: 20, epochs: 3 });

test('a network of every kind of layer ends with the recorded bits', async () => {
  expect(hashes(await trainAll(recipe, { dataset }))).toEqual([expected.everyLayer]);
});

test('a network of every kind of layer learns', async () => {
  const { result, evaluations } = await trainAll(smallRecipe({ model: { layers }, batch: 20, epochs: 12 }), {
    dataset,
  });
  expect(result.train.loss).toBeLessThan(0.5 * evaluations[0]!.members[0]!.train.loss);
  expect(result.validation!.accuracy).toBeGreaterThan(0.6);
});

test('members of a population end with the bits of the runs alone, running statistics too', async () => {
  const members = [{ seed: 1 }, { seed: 2, 'optimizer.learningRate': 0.01 }, { seed: 3, 'model.layers.10.rate': 0.5 }];
  const population = parseRecipe({ ...recipe, members });
  const together = await trainAll(population, { dataset });
  const alone = await Promise.all(memberRecipes(population).map((member) => trainAll(member, { dataset })));
  expect(hashes(together)).toEqual(alone.flatMap(hashes));
  expect(new Set(hashes(together)).size).toBe(3);
});

test('a member that stops early keeps its running statistics', async () => {
  const stopping = {
    evaluation: { everySteps: 2 },
    earlyStopping: { patience: 1, minDelta: 0.05, restoreBest: false },
  };
  const members = [{ seed: 1 }, { seed: 2, 'optimizer.learningRate': 0.3 }, { seed: 3 }];
  const population = parseRecipe({ ...recipe, epochs: 10, ...stopping, members });
  const together = await trainAll(population, { dataset });
  const steps = together.result.members.map((member) => member.steps);
  expect(Math.min(...steps)).toBeLessThan(Math.max(...steps));
  const alone = await Promise.all(memberRecipes(population).map((member) => trainAll(member, { dataset })));
  expect(hashes(together)).toEqual(alone.flatMap(hashes));
});

test('a run that was interrupted goes on to the same bits from the bytes of its checkpoint', async () => {
  const whole = await trainAll(recipe, { dataset });
  const { checkpoints } = await trainUntil(recipe, 4, { dataset });
  const { plan } = prepare(recipe, dataset);
  const bytes = writeCheckpoint(plan.model, checkpoints.at(-1)!, {});
  const rest = await trainAll(recipe, { dataset, checkpoint: readCheckpoint(bytes, 'memory', plan) });
  expect(hashes(rest)).toEqual(hashes(whole));
});

test('saved weights hold the running statistics, and evaluate to the scores of the run', async () => {
  const { result } = await trainAll(recipe, { dataset });
  const { plan } = prepare(recipe, dataset);
  const weights = writeWeights(result.weights);
  const arena = readWeights(weights, 'memory', plan.model, 1);
  const named = Object.fromEntries(
    parameterTensors(plan.model).map(({ name, shape, arenaOffset }) => [
      name,
      arena.slice(arenaOffset, arenaOffset + shape.reduce((a, b) => a * b, 1)),
    ]),
  );
  const running = named['start.runningVariance']!;
  expect(running).toHaveLength(3);
  // It started from ones.
  expect(running.every((value) => value > 0 && value !== 1)).toBe(true);
  expect(plan.model.parameterCount + 6).toBe(Object.values(named).reduce((sum, { length }) => sum + length, 0));
  using device = cpuDevice();
  const trained = { recipe, member: 0, weights, place: 'memory' };
  const { loss, accuracy } = await evaluateModel(trained, dataset, 'validation', device);
  expect({ loss, accuracy }).toMatchObject({
    loss: result.validation!.loss,
    accuracy: result.validation!.accuracy!,
  });
});

test('weight decay leaves running statistics alone, and an l2 penalty the scales and shifts', async () => {
  const frozen = (fields: object): Recipe =>
    parseRecipe({ ...recipe, epochs: 1, optimizer: { type: 'sgd', learningRate: 1e-30 }, ...fields });
  const weightsOf = async (one: Recipe) => (await trainAll(one, { dataset })).result.weights[0]!;
  const plain = await weightsOf(frozen({}));
  // Decay times rate is a half: what is trained halves at every step.
  const decayed = await weightsOf(frozen({ optimizer: { type: 'sgd', learningRate: 1e-30, weightDecay: 5e29 } }));
  expect(decayed['start.scale']!.data[0]).toBeCloseTo(0.5 ** 3, 6);
  expect(plain['start.scale']!.data[0]).toBe(1);
  expect(decayed['start.runningVariance']!.data.every((value) => value > 0.2)).toBe(true);
  const penalised = await weightsOf(frozen({ l2: 2.5e29 }));
  expect(penalised['start.scale']!.data[0]).toBe(1);
  expect(penalised['conv2d1.weight']!.data[0]).not.toBe(plain['conv2d1.weight']!.data[0]);
});
