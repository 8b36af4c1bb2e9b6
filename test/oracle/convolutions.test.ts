/**
 * Layers of image networks, and whole networks trained for twenty steps, beside PyTorch's, recorded by convolutions.py. Bounds: in
 * float64 its rounding, in float32 ten times the distance that PyTorch's own float32 run has from its float64 run.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { float32, float64 } from '../../src/arithmetic/arithmetic.ts';
import type { Arithmetic } from '../../src/arithmetic/arithmetic.ts';
import { distance, follow, recipeOf, relativeDistance, weightDistance } from './follow.ts';
import type { NamedValues, RecordedNetwork } from './follow.ts';
import { runLayer } from './run-layer.ts';
import type { LayerInput } from './run-layer.ts';

interface RecordedLayer extends LayerInput {
  readonly outShape: readonly number[];
  readonly y: readonly number[];
  readonly dx: readonly number[];
  readonly gradients?: NamedValues;
  readonly statistics?: NamedValues;
  readonly evaluated?: readonly number[];
}

interface ModelFields {
  readonly inShape: readonly number[];
  readonly loss: string;
  readonly layers: readonly { readonly type: string }[];
  readonly x: readonly number[];
  readonly labels?: readonly number[];
  readonly targets?: readonly number[];
  readonly initial: NamedValues;
}

interface RecordedRun {
  readonly model: string;
  readonly optimizer: 'SGD' | 'Adam';
  readonly options: { readonly lr: number; readonly momentum?: number };
  readonly distance: {
    readonly loss: number;
    readonly weights: Readonly<Record<string, number>>;
    readonly outputs: number;
  };
  readonly loss: readonly number[];
  readonly weights: Readonly<Record<string, NamedValues>>;
  readonly outputs: readonly number[];
}

interface Oracle {
  readonly steps: number;
  readonly batch: number;
  /** Inputs, targets and gradients are given as whole numbers over this. */
  readonly grid: number;
  readonly layers: readonly RecordedLayer[];
  readonly models: Readonly<Record<string, ModelFields>>;
  readonly runs: readonly RecordedRun[];
}

const oracle = JSON.parse(readFileSync(new URL('convolutions.json', import.meta.url), 'utf8')) as Oracle;
const recordedSteps = [1, oracle.steps];
const outputCount = 4;
/** Roundings of 1.1e-16, one for each term of sums of at most a hundred. */
const layerBound = 1e-14;
/** The same for sums of at most 512 terms (those of batchNorm) in each of twenty steps. */
const trainedBound = 1e-12;

const fromGrid = (values: ArrayLike<number>) => Array.from(values, (value) => value / oracle.grid);

const layers = oracle.layers.map((layer) => {
  const { type, ...fields } = layer.recipe;
  const details = Object.entries(fields).map(([name, value]) => ` ${name} ${JSON.stringify(value)}`);
  return [`${type}${details.join('')} of ${layer.inShape.join('x')}`, layer] as const;
});

test.each(layers)('%s is PyTorch’s, forward and backward', (_title, recorded) => {
  const { x, dy } = recorded;
  const came = runLayer({ ...recorded, x: x.map(fromGrid), dy: fromGrid(dy) }, float64);
  expect(came.outShape).toEqual(recorded.outShape);
  const arrays = (from: typeof came | RecordedLayer): NamedValues => ({
    y: from.y,
    ...(recorded.evaluated && { evaluated: from.evaluated! }),
    ...Object.fromEntries(Object.keys(recorded.statistics ?? {}).map((name) => [name, from.statistics![name] ?? []])),
    dx: from.dx,
    ...Object.fromEntries(
      Object.keys(recorded.gradients ?? {}).map((name) => [`d${name}`, from.gradients![name] ?? []]),
    ),
  });
  const expected = arrays(recorded);
  const apart = Object.entries(arrays(came)).map(([name, values]) => [name, distance(values, expected[name]!)]);
  const wrong = apart.filter(([, value]) => !((value as number) < layerBound));
  expect(Object.fromEntries(wrong)).toEqual({});
});

test('every layer that computes was recorded by itself and in a network', () => {
  const types = ['add', 'averagePool2d', 'batchNorm', 'conv2d', 'globalAveragePool2d', 'layerNorm', 'maxPool2d'];
  const alone = new Set(oracle.layers.map(({ recipe }) => recipe.type));
  expect([...alone]).toEqual(expect.arrayContaining(types));
  const trained = new Set(oracle.runs.flatMap(({ model }) => oracle.models[model]!.layers.map(({ type }) => type)));
  expect([...trained]).toEqual(expect.arrayContaining(types));
  expect(oracle.steps).toBe(20);
});

function networkOf({ model }: RecordedRun): RecordedNetwork {
  const { inShape, x, targets, ...fields } = oracle.models[model]!;
  return {
    ...fields,
    inputShape: inShape,
    outputCount,
    x: fromGrid(x),
    ...(targets && { targets: fromGrid(targets) }),
  };
}

function followRun(run: RecordedRun, math: Arithmetic, network = networkOf(run)) {
  const { lr: learningRate, momentum } = run.options;
  const optimizer = momentum ? { type: 'momentum', learningRate, momentum } : { type: 'adam', learningRate };
  const recipe = recipeOf(network, { optimizer, batch: oracle.batch, steps: oracle.steps });
  return follow(network, recipe, math, recordedSteps);
}

test.each(oracle.runs)('the network $model stays with PyTorch’s $optimizer in float64', async (run) => {
  const { losses, weights, outputs } = await followRun(run, float64);
  expect(relativeDistance(losses, run.loss)).toBeLessThan(trainedBound);
  for (const step of recordedSteps) {
    expect(weightDistance(weights[step]!, run.weights[step]!), `after ${step}`).toBeLessThan(trainedBound);
  }
  expect(distance(outputs, run.outputs)).toBeLessThan(trainedBound);
});

test.each(oracle.runs)('the network $model stays with PyTorch’s $optimizer in float32', async (run) => {
  const { losses, weights, outputs } = await followRun(run, float32);
  expect(relativeDistance(losses, run.loss)).toBeLessThan(10 * run.distance.loss);
  for (const step of recordedSteps) {
    const bound = 10 * run.distance.weights[step]!;
    expect(weightDistance(weights[step]!, run.weights[step]!), `after ${step}`).toBeLessThan(bound);
  }
  expect(distance(outputs, run.outputs)).toBeLessThan(10 * run.distance.outputs);
});

const faults = [
  { name: 'a larger epsilon of batchNorm', model: 'residual', layer: 1, change: { epsilon: 1.01e-5 } },
  { name: 'a larger share in the running statistics', model: 'residual', layer: 1, change: { momentum: 0.1001 } },
  { name: 'an epsilon of layerNorm', model: 'windows', layer: 4, change: { epsilon: 1.01e-5 } },
  { name: 'another activation', model: 'windows', layer: 3, change: { activation: 'linear' } },
] as const;

test.each(faults)('$name is noticed', async ({ model, layer, change }) => {
  const run = oracle.runs.find((candidate) => candidate.model === model)!;
  const network = networkOf(run);
  const changed = network.layers.map((each, index) => (index === layer ? { ...each, ...change } : each));
  const { weights } = await followRun(run, float64, { ...network, layers: changed });
  expect(weightDistance(weights[oracle.steps]!, run.weights[oracle.steps]!)).toBeGreaterThan(10 * trainedBound);
});
