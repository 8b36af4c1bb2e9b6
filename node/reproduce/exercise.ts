/**
 * Exercise 1 of report 002, computed by the project's own plan in float64 on the CPU path. The report's weights are lost; these are the ones
 * of docs/worked-example.md, which goes through the same numbers by hand.
 */
import { float64 } from '../../src/arithmetic/arithmetic.ts';
import { createCpuExecutor } from '../../src/cpu/executor.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { parameterTensors } from '../../src/model/model.ts';
import type { Executor } from '../../src/plan/executor.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { createFeed, prepare, uploadData } from '../../src/train/session.ts';
import type { Prepared } from '../../src/train/session.ts';
import type { ResultOf } from './stored.ts';

const x = [0.5, 0.5, 0.1];
const target = [0.9, 0.1];

/** By tensor, [inputs][outputs] flat: the weight from input j to unit k stands at j * units + k. */
export const exerciseParameters: Readonly<Record<string, readonly number[]>> = {
  'dense1.weight': [0.2, -0.3, 0.4, 0.1, -0.5, 0.2],
  'dense1.bias': [0.1, -0.2],
  'dense2.weight': [0.3, -0.4, 0.6, 0.2],
  'dense2.bias': [0.1, -0.1],
};

const dataset: Dataset = {
  name: 'exercise 1',
  task: 'regression',
  rowCount: 1,
  inputShape: [3],
  inputs: Float64Array.from(x),
  targets: Float32Array.from(target),
  outputCount: 2,
  parts: {},
  notes: [],
};

const recipe = parseRecipe({
  name: 'exercise 1',
  data: { source: 'csv', file: 'exercise 1', task: 'regression', shuffle: false, shuffleSplit: false },
  model: {
    layers: [
      { type: 'dense', units: 2, activation: 'sigmoid' },
      { type: 'dense', units: 2, activation: 'sigmoid' },
    ],
  },
  loss: 'quadratic',
  optimizer: { type: 'sgd', learningRate: 0.1 },
  batch: 1,
  steps: 2,
});

/** One pass forward and back, one update, and the loss after it. */
export async function solveExercise(): Promise<ResultOf<'exercise'>> {
  const started = performance.now();
  const prepared = prepare(recipe, dataset, { shareSlots: false });
  using executor = createCpuExecutor(prepared.plan, float64);
  uploadData(prepared, executor);
  // 0.1 is no float32: the rows are written once more, unrounded.
  executor.write('inputs0', Float64Array.from(x));
  executor.write('targets', Float64Array.from(target));
  executor.write('parameters', arena(prepared));
  const feed = createFeed(prepared, float64);
  // In training, gradients take the place of outputs.
  executor.run('predict', { steps: feed.loadRows(executor, [Uint32Array.of(0)], 0).steps });
  const activations: number[][] = [];
  for (const { tensor } of prepared.plan.activations) activations.push([...(await executor.read(tensor.buffer))]);
  const step = async (index: number): Promise<number> => {
    executor.run('train', { steps: feed.loadTraining(executor, index, 1, [1]) });
    return (await executor.read('metrics'))[0] ?? Number.NaN;
  };
  const loss = await step(0);
  const gradient = await firstWeight(prepared, executor, 'gradients');
  const after = await firstWeight(prepared, executor, 'parameters');
  const lossAfter = await step(1);
  const [hidden = [], outputs = []] = activations;
  const before = exerciseParameters['dense1.weight']?.[0] ?? Number.NaN;
  const seconds = (performance.now() - started) / 1000;
  return { kind: 'exercise', seconds, hidden, outputs, loss, gradient, before, after, lossAfter };
}

function arena({ plan }: Prepared): Float64Array {
  const values = new Float64Array(plan.model.memberStride);
  for (const { name, arenaOffset } of parameterTensors(plan.model)) {
    values.set(exerciseParameters[name] ?? [], arenaOffset);
  }
  return values;
}

/** w1_11, or its gradient. */
async function firstWeight(
  { plan }: Prepared,
  executor: Executor,
  buffer: 'gradients' | 'parameters',
): Promise<number> {
  const weight = parameterTensors(plan.model).find(({ name }) => name === 'dense1.weight');
  return (await executor.read(buffer))[weight?.arenaOffset ?? 0] ?? Number.NaN;
}
