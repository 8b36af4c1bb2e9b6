/**
 * Fifty steps of every optimizer beside PyTorch's, recorded by optimizers.py. Bounds: in float64 the recorded 13 digits, in float32 ten
 * times the distance that PyTorch's own float32 run has from its float64 run.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { float32, float64 } from '../../src/arithmetic/arithmetic.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import {
  arenaOf,
  datasetOf,
  denseNetwork,
  denseValues,
  follow,
  recipeOf,
  relativeDistance,
  weightDistance,
} from './follow.ts';
import type { LayerValues, RecordedModel, Tamper } from './follow.ts';

interface Recording {
  readonly loss: readonly number[];
  readonly cost?: readonly number[];
  readonly weights: Readonly<Record<string, readonly LayerValues[]>>;
}

interface RecordedRun {
  readonly name: string;
  readonly model: string;
  readonly optimizer: string;
  readonly options: {
    readonly lr: number;
    readonly momentum?: number;
    readonly nesterov?: boolean;
    readonly alpha?: number;
    readonly eps?: number;
    readonly betas?: readonly [number, number];
    readonly weight_decay: number;
  };
  readonly l2?: number;
  readonly max_norm?: number;
  readonly distance: { readonly loss: number; readonly weights: Readonly<Record<string, number>> };
  readonly float32: Recording;
  readonly float64: Recording;
}

interface Oracle {
  readonly steps: number;
  readonly models: Readonly<Record<string, RecordedModel>>;
  readonly runs: readonly RecordedRun[];
}

const oracle = JSON.parse(readFileSync(new URL('optimizers.json', import.meta.url), 'utf8')) as Oracle;
const recordedSteps = [1, 10, oracle.steps];
const float64Bound = 1e-10;
const networkOf = (run: RecordedRun) => denseNetwork(oracle.models[run.model]!);

function optimizerOf({ optimizer, options }: RecordedRun): object {
  const { lr: learningRate, momentum, nesterov, alpha, eps: epsilon, betas, weight_decay: weightDecay } = options;
  switch (optimizer) {
    case 'SGD':
      return momentum ? { type: 'momentum', learningRate, momentum, nesterov } : { type: 'sgd', learningRate };
    case 'RMSprop':
      return { type: 'rmsprop', learningRate, alpha, epsilon };
    case 'Adam':
      return { type: 'adam', learningRate, beta1: betas?.[0], beta2: betas?.[1], epsilon };
    case 'AdamW':
      return { type: 'adamw', learningRate, beta1: betas?.[0], beta2: betas?.[1], epsilon, weightDecay };
    default:
      throw new Error(`no recipe for ${optimizer}`);
  }
}

function recordedRecipe(run: RecordedRun) {
  // RMSprop's weight_decay·w in the gradient is the penalty lambda·sum(w²) with lambda = weight_decay/2.
  const l2 = run.l2 ?? (run.optimizer === 'RMSprop' ? run.options.weight_decay / 2 : 0);
  const fields = { optimizer: optimizerOf(run), l2, clipNorm: run.max_norm ?? 0, batch: 8, steps: oracle.steps };
  return recipeOf(networkOf(run), fields);
}

const followRun = (run: RecordedRun, format: 'float32' | 'float64', tamper?: Tamper) =>
  follow(networkOf(run), recordedRecipe(run), format === 'float64' ? float64 : float32, recordedSteps, tamper);

test('both models were recorded with every optimizer', () => {
  const names = ['sgd', 'momentum', 'nesterov', 'rmsprop', 'adam', 'adamw'];
  for (const model of Object.keys(oracle.models)) {
    const recorded = oracle.runs.filter((run) => run.model === model).map(({ name }) => name);
    expect(recorded).toEqual(expect.arrayContaining([...names, 'sgd-l2', 'rmsprop-weight-decay', 'adam-clipped']));
  }
  expect(oracle.steps).toBe(50);
});

test.each(oracle.runs)('$name of the $model stays with PyTorch in float64', async (run) => {
  const { losses, costs, weights } = await followRun(run, 'float64');
  expect(relativeDistance(losses, run.float64.loss)).toBeLessThan(float64Bound);
  if (run.float64.cost) expect(relativeDistance(costs, run.float64.cost)).toBeLessThan(float64Bound);
  for (const step of recordedSteps) {
    expect(weightDistance(weights[step]!, denseValues(run.float64.weights[step]!)), `after ${step}`).toBeLessThan(
      float64Bound,
    );
  }
});

test.each(oracle.runs)('$name of the $model stays with PyTorch in float32', async (run) => {
  const { losses, costs, weights } = await followRun(run, 'float32');
  expect(relativeDistance(losses, run.float64.loss)).toBeLessThan(10 * run.distance.loss);
  if (run.float64.cost) expect(relativeDistance(costs, run.float64.cost)).toBeLessThan(10 * run.distance.loss);
  for (const step of recordedSteps) {
    const bound = 10 * run.distance.weights[step]!;
    expect(weightDistance(weights[step]!, denseValues(run.float64.weights[step]!)), `after ${step}`).toBeLessThan(
      bound,
    );
  }
});

test('the trainer itself takes the same course from given parameters', async () => {
  const run = oracle.runs.find(({ name }) => name === 'adam')!;
  const network = networkOf(run);
  const { weights } = await followRun(run, 'float32');
  using device = cpuDevice();
  const parameters: Parameters<typeof train>[1]['parameters'] = ({ plan }) =>
    arenaOf(plan.model, network.initial) as Float32Array;
  const result = await train(recordedRecipe(run), { device, dataset: datasetOf(network), parameters }).result;
  const expected = weights[oracle.steps]!;
  expect(Object.keys(result.weights[0]!)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    expect([...result.weights[0]![name]!.data], name).toEqual(values);
  }
});

interface PlantedFault {
  readonly name: string;
  readonly run: string;
  readonly tamper: Tamper;
}

const faults: readonly PlantedFault[] = [
  {
    name: 'an epsilon added before the bias correction',
    run: 'adam',
    tamper: (row) => (row.epsilon /= row.correction2),
  },
  {
    name: 'a missing correction of the first moment',
    run: 'adam',
    tamper: (row, step) => (row.rate *= 1 - 0.9 ** (step + 1)),
  },
  { name: 'a missing correction of the second moment', run: 'adam', tamper: (row) => (row.correction2 = 1) },
  {
    name: 'a correction that is one step behind',
    run: 'adam',
    tamper: (row, step) => (row.correction2 = Math.sqrt(1 - 0.999 ** Math.max(1, step))),
  },
  { name: 'no epsilon', run: 'rmsprop', tamper: (row) => (row.epsilon = 0) },
  { name: 'a dampened momentum', run: 'momentum', tamper: (row) => (row.rate *= 0.1) },
  { name: 'half the penalty', run: 'sgd-l2', tamper: (row) => (row.penalty /= 2) },
  { name: 'no decay', run: 'adamw', tamper: (row) => (row.keep = 1) },
  { name: 'a clipping norm off by a millionth', run: 'adam-clipped', tamper: (row) => (row.clipNorm *= 1 + 1e-6) },
];

test.each(faults)('$name is noticed', async ({ run: name, tamper }) => {
  const run = oracle.runs.find((candidate) => candidate.name === name)!;
  const { weights } = await followRun(run, 'float64', tamper);
  const distances = recordedSteps.map((step) =>
    weightDistance(weights[step]!, denseValues(run.float64.weights[step]!)),
  );
  expect(Math.max(...distances)).toBeGreaterThan(float64Bound);
});
