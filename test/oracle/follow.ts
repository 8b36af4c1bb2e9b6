/**
 * Follows a recorded PyTorch network step by step through the project's own plan and CPU executor, in any number format. The recorded
 * rows are the data set, taken in file order; parameters and running statistics go by name.
 */
import { float32 } from '../../src/arithmetic/arithmetic.ts';
import type { Arithmetic } from '../../src/arithmetic/arithmetic.ts';
import { createCpuExecutor } from '../../src/cpu/executor.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { elementCount } from '../../src/formats/shape.ts';
import { parameterTensors } from '../../src/model/model.ts';
import type { Model } from '../../src/model/model.ts';
import { hyperColumn, hyperColumns, lossColumns } from '../../src/ops/tables.ts';
import type { HyperColumn } from '../../src/ops/tables.ts';
import type { Executor } from '../../src/plan/executor.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { sumOfSquares } from '../../src/train/evaluate.ts';
import { penaltyWeight } from '../../src/train/schedule.ts';
import { createFeed, prepare, uploadData } from '../../src/train/session.ts';

/** Parameters and running statistics, flat, by name. */
export type NamedValues = Readonly<Record<string, ArrayLike<number>>>;

export interface RecordedNetwork {
  /** As in a recipe. */
  readonly layers: readonly object[];
  readonly loss: string;
  readonly inputShape: readonly number[];
  readonly outputCount: number;
  /** Inputs of all rows, flat. */
  readonly x: readonly number[];
  readonly labels?: readonly number[];
  readonly targets?: readonly number[];
  readonly initial: NamedValues;
}

/** A dense layer's numbers; w is [inSize][outSize]. */
export interface LayerValues {
  readonly w: readonly (readonly number[])[];
  readonly b: readonly number[];
}

/** A chain of dense layers. */
export interface RecordedModel {
  readonly sizes: readonly number[];
  readonly activations: readonly string[];
  readonly loss: string;
  readonly x: readonly (readonly number[])[];
  readonly labels?: readonly number[];
  readonly targets?: readonly (readonly number[])[];
  readonly initial: readonly LayerValues[];
}

export interface Trajectory {
  /** Batch means before each update, without and with the penalty. */
  readonly losses: readonly number[];
  readonly costs: readonly number[];
  /** What is trained, and running statistics, after so many updates. */
  readonly weights: Readonly<Record<number, NamedValues>>;
  /** Outputs of all rows in evaluation, after the last update. */
  readonly outputs: ArrayLike<number>;
}

export function denseNetwork(model: RecordedModel): RecordedNetwork {
  const { sizes, activations, loss, x, labels, targets, initial } = model;
  return {
    layers: activations.map((activation, index) => ({ type: 'dense', units: sizes[index + 1], activation })),
    loss: loss === 'softmax-cross-entropy' ? 'crossEntropy' : loss,
    inputShape: sizes.slice(0, 1),
    outputCount: sizes.at(-1) ?? 0,
    x: x.flat(),
    ...(labels && { labels }),
    ...(targets && { targets: targets.flat() }),
    initial: denseValues(initial),
  };
}

export function denseValues(layers: readonly LayerValues[]): NamedValues {
  return Object.fromEntries(
    layers.flatMap(({ w, b }, index) => [
      [`dense${index + 1}.weight`, w.flat()],
      [`dense${index + 1}.bias`, b],
    ]),
  );
}

export function datasetOf({ inputShape, outputCount, x, labels, targets }: RecordedNetwork): Dataset {
  return {
    name: 'recorded rows',
    task: labels === undefined ? 'regression' : 'classification',
    rowCount: x.length / elementCount(inputShape),
    inputShape,
    inputs: Float32Array.from(x),
    labels: labels && Uint32Array.from(labels),
    targets: targets && Float32Array.from(targets),
    outputCount,
    parts: {},
    notes: [],
  };
}

/** The recipe of a recorded network; `fields` hold the optimizer and what else is not the network's. */
export function recipeOf({ layers, loss }: RecordedNetwork, fields: object): Recipe {
  return parseRecipe({
    data: { source: 'csv', file: 'recorded', shuffle: false, shuffleSplit: false },
    model: { layers },
    loss,
    ...fields,
  });
}

/** A member's share of the arena with these values in it. Throws unless they are all that the model has. */
export function arenaOf(model: Model, values: NamedValues, math: Arithmetic = float32) {
  const arena = math.array(model.memberStride);
  const tensors = parameterTensors(model);
  const names = tensors.map(({ name }) => name);
  const unknown = Object.keys(values).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`the model has no ${unknown.join(', ')}, but ${names.join(', ')}`);
  for (const { name, shape, arenaOffset } of tensors) {
    const given = values[name];
    if (given?.length !== elementCount(shape))
      throw new Error(`${name} needs ${shape.join('x')}, not ${given?.length}`);
    arena.set(given, arenaOffset);
  }
  return arena;
}

export function valuesOf(model: Model, arena: ArrayLike<number>): NamedValues {
  return Object.fromEntries(
    parameterTensors(model).map(({ name, shape, arenaOffset }) => [
      name,
      Array.from({ length: elementCount(shape) }, (_, index) => arena[arenaOffset + index]!),
    ]),
  );
}

/** A fault planted into the hyper-parameters of a step (from 0). */
export type Tamper = (row: Record<HyperColumn, number>, step: number) => void;

/** The executor with a fault planted into every row of hyper-parameters from here on; of one member. */
function tampered(executor: Executor, tamper: Tamper, firstStep: number): Executor {
  return {
    ...executor,
    write(buffer, values, elementOffset) {
      if (buffer !== 'hyper') return executor.write(buffer, values, elementOffset);
      for (let start = 0; start < values.length; start += hyperColumns.length) {
        const at = (name: HyperColumn) => start + hyperColumn[name];
        const columns = hyperColumns.map((name) => [name, values[at(name)]!]);
        const row = Object.fromEntries(columns) as Record<HyperColumn, number>;
        tamper(row, firstStep + start / hyperColumns.length);
        for (const name of hyperColumns) values[at(name)] = row[name];
      }
      executor.write(buffer, values, elementOffset);
    },
  };
}

export async function follow(
  network: RecordedNetwork,
  recipe: Recipe,
  math: Arithmetic,
  recordedSteps: readonly number[],
  tamper?: Tamper,
): Promise<Trajectory> {
  const prepared = prepare(recipe, datasetOf(network));
  const { plan, dataset } = prepared;
  using executor = createCpuExecutor(plan, math);
  uploadData(prepared, executor);
  executor.write('parameters', arenaOf(plan.model, network.initial, math));
  const feed = createFeed(prepared, math);
  const penalty = penaltyWeight(recipe, dataset.rowCount);
  const losses: number[] = [];
  const costs: number[] = [];
  const weights: Record<number, NamedValues> = {};
  for (let step = 0; step < Math.max(...recordedSteps);) {
    // The cost of each step needs the weights before it.
    const count = penalty > 0 ? 1 : Math.min(...recordedSteps.filter((recorded) => recorded > step)) - step;
    const squares = penalty > 0 ? (await sumOfSquares(executor))[0]! : 0;
    const target = tamper === undefined ? executor : tampered(executor, tamper, step);
    executor.run('train', { steps: feed.loadTraining(target, step, count, [1]) });
    const metrics = await executor.read('metrics', 0, lossColumns * count);
    for (let row = 0; row < count; row++) {
      const loss = metrics[lossColumns * row]! / recipe.batch;
      losses.push(loss);
      costs.push(loss + penalty * squares);
    }
    step += count;
    if (recordedSteps.includes(step)) weights[step] = valuesOf(plan.model, await executor.read('parameters'));
  }
  // All rows fit one batch of evaluation.
  const rows = Uint32Array.from({ length: dataset.rowCount }, (_, row) => row);
  executor.run('predict', { steps: feed.loadRows(executor, [rows], 0).steps });
  return { losses, costs, weights, outputs: await executor.read('outputs') };
}

/** Largest difference, each relative to the expected value of the same place. */
export function relativeDistance(values: ArrayLike<number>, expected: ArrayLike<number>): number {
  return largestDifference(values, expected, (index) => Math.abs(expected[index]!));
}

/** Largest difference, relative to the largest expected number. */
export function distance(values: ArrayLike<number>, expected: ArrayLike<number>): number {
  const largest = Math.max(...Array.from(expected, Math.abs));
  return largestDifference(values, expected, () => largest);
}

function largestDifference(values: ArrayLike<number>, expected: ArrayLike<number>, unit: (index: number) => number) {
  if (values.length !== expected.length) throw new Error(`${values.length} values for ${expected.length}`);
  return Math.max(...Array.from(values, (value, index) => Math.abs(value - expected[index]!) / unit(index)));
}

/** The same over all values by name. */
export function weightDistance(values: NamedValues, expected: NamedValues): number {
  const joined = (from: NamedValues) => Object.keys(expected).flatMap((name) => Array.from(from[name] ?? []));
  return distance(joined(values), joined(expected));
}
