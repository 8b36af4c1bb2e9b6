/**
 * Follows a recorded PyTorch model step by step through the project's own plan and CPU executor, in any number format. The recorded
 * rows are the data set, taken in file order.
 */
import { float32 } from '../../src/arithmetic/arithmetic.ts';
import type { Arithmetic } from '../../src/arithmetic/arithmetic.ts';
import { createCpuExecutor } from '../../src/cpu/executor.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { parameterTensors } from '../../src/model/model.ts';
import type { Model } from '../../src/model/model.ts';
import { hyperColumn, hyperColumns } from '../../src/ops/tables.ts';
import type { HyperColumn } from '../../src/ops/tables.ts';
import type { Executor } from '../../src/plan/executor.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { sumOfSquares } from '../../src/train/evaluate.ts';
import { penaltyWeight } from '../../src/train/schedule.ts';
import { createFeed, prepare, uploadData } from '../../src/train/session.ts';

/** A layer's numbers; w is [inSize][outSize]. */
export interface LayerValues {
  readonly w: readonly (readonly number[])[];
  readonly b: readonly number[];
}

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
  /** Layers after so many updates. */
  readonly weights: Readonly<Record<number, readonly LayerValues[]>>;
}

export function datasetOf({ sizes, x, labels, targets }: RecordedModel): Dataset {
  return {
    name: 'recorded rows',
    task: labels === undefined ? 'regression' : 'classification',
    rowCount: x.length,
    inputShape: [sizes[0] ?? 0],
    inputs: Float32Array.from(x.flat()),
    labels: labels && Uint32Array.from(labels),
    targets: targets && Float32Array.from(targets.flat()),
    outputCount: sizes.at(-1) ?? 0,
    parts: {},
    notes: [],
  };
}

/** The recipe of a recorded model; `fields` hold the optimizer and what else is not the model's. */
export function recipeOf({ sizes, activations, loss }: RecordedModel, fields: object): Recipe {
  return parseRecipe({
    data: { source: 'csv', file: 'recorded', shuffle: false, shuffleSplit: false },
    model: {
      layers: activations.map((activation, index) => ({ type: 'dense', units: sizes[index + 1], activation })),
    },
    loss: loss === 'softmax-cross-entropy' ? 'crossEntropy' : loss,
    ...fields,
  });
}

/** A member's share of the arena with these layers in it. */
export function arenaOf(model: Model, layers: readonly LayerValues[], math: Arithmetic = float32) {
  const arena = math.array(model.memberStride);
  for (const [index, { arenaOffset }] of parameterTensors(model).entries()) {
    const { w, b } = layers[Math.floor(index / 2)]!;
    arena.set(index % 2 === 0 ? w.flat() : b, arenaOffset);
  }
  return arena;
}

export function layersOf(model: Model, arena: ArrayLike<number>): LayerValues[] {
  const at = (offset: number, length: number) => Array.from({ length }, (_, index) => arena[offset + index]!);
  return model.blocks.map(({ arenaOffset, fanIn, fanOut }) => ({
    w: Array.from({ length: fanIn }, (_, row) => at(arenaOffset + row * fanOut, fanOut)),
    b: at(arenaOffset + fanIn * fanOut, fanOut),
  }));
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
  model: RecordedModel,
  recipe: Recipe,
  math: Arithmetic,
  recordedSteps: readonly number[],
  tamper?: Tamper,
): Promise<Trajectory> {
  const prepared = prepare(recipe, datasetOf(model));
  using executor = createCpuExecutor(prepared.plan, math);
  uploadData(prepared, executor);
  executor.write('parameters', arenaOf(prepared.plan.model, model.initial, math));
  const feed = createFeed(prepared, math);
  const penalty = penaltyWeight(recipe, model.x.length);
  const losses: number[] = [];
  const costs: number[] = [];
  const weights: Record<number, readonly LayerValues[]> = {};
  for (let step = 0; step < Math.max(...recordedSteps);) {
    // The cost of each step needs the weights before it.
    const count = penalty > 0 ? 1 : Math.min(...recordedSteps.filter((recorded) => recorded > step)) - step;
    const squares = penalty > 0 ? (await sumOfSquares(executor))[0]! : 0;
    const target = tamper === undefined ? executor : tampered(executor, tamper, step);
    executor.run('train', { steps: feed.loadTraining(target, step, count, [1]) });
    const metrics = await executor.read('metrics', 0, 2 * count);
    for (let row = 0; row < count; row++) {
      const loss = metrics[2 * row]! / recipe.batch;
      losses.push(loss);
      costs.push(loss + penalty * squares);
    }
    step += count;
    if (recordedSteps.includes(step)) weights[step] = layersOf(prepared.plan.model, await executor.read('parameters'));
  }
  return { losses, costs, weights };
}

/** Largest difference, each relative to the expected value of the same place. */
export function relativeDistance(values: readonly number[], expected: readonly number[]): number {
  if (values.length !== expected.length) throw new Error(`${values.length} values for ${expected.length}`);
  return Math.max(...values.map((value, index) => Math.abs(value - expected[index]!) / Math.abs(expected[index]!)));
}

/** Largest difference of two sets of layers, relative to the largest expected number. */
export function weightDistance(values: readonly LayerValues[], expected: readonly LayerValues[]): number {
  const flat = (layers: readonly LayerValues[]) => layers.flatMap(({ w, b }) => [...w.flat(), ...b]);
  const wanted = flat(expected);
  const came = flat(values);
  if (came.length !== wanted.length) throw new Error(`${came.length} weights for ${wanted.length}`);
  const largest = Math.max(...wanted.map(Math.abs));
  return Math.max(...came.map((value, index) => Math.abs(value - wanted[index]!))) / largest;
}
