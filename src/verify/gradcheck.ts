/**
 * Gradient check: the kernels' twins run in float64, and the gradient of the plan is compared with central differences of the cost.
 * Terms of the cost are subtracted before they are added up, so that nothing of a difference of 1e-5 is lost to rounding.
 */
import { float64 } from '../arithmetic/arithmetic.ts';
import type { Arithmetic, FloatArray } from '../arithmetic/arithmetic.ts';
import { createCpuExecutor } from '../cpu/executor.ts';
import { loadDataset } from '../data/dataset.ts';
import type { DataFiles, Dataset } from '../data/dataset.ts';
import { trainedTensors } from '../model/model.ts';
import { activationCodes } from '../ops/activation.ts';
import { elementCount } from '../formats/shape.ts';
import { regressionKinds, regressionLoss } from '../ops/losses.ts';
import { lossColumns } from '../ops/tables.ts';
import { hyperAt, penalisedGradient } from '../ops/sums.ts';
import type { Call } from '../plan/plan.ts';
import { normals, permutation, streams } from '../random/draws.ts';
import { memberRecipes, parseRecipe } from '../recipe/parse.ts';
import type { Recipe, RecipeInput } from '../recipe/schema.ts';
import { penaltyWeight } from '../train/schedule.ts';
import { createFeed, initialArena, prepare, uploadData } from '../train/session.ts';
import type { Prepared } from '../train/session.ts';
import { noFiles } from '../train/trainer.ts';

/** Largest relative error of a gradient that passes. */
export const gradientTolerance = 1e-7;
/** Step of the central differences. */
export const differenceStep = 1e-5;
const usualCoordinates = 200;
const mostRedraws = 1000;
const mostDirections = 50;
/** Keeps 0/0 out of the relative error. */
const epsilon = 1e-12;
/** A gradient is 0 but for rounding below this: that of a bias whose layer is normalised, for one. */
const vanishing = 1e-14;
/** What differences make of a cost near 1 that does not change: a rounding of it over the step, for each coordinate. */
const differenceNoise = 2 ** -52 / differenceStep;
const seed = 1;

/** How the gradient of one parameter tensor compares. ga: analytic, gn: by differences, both over the sampled coordinates. */
export interface GradientRow {
  readonly name: string;
  readonly elements: number;
  /** Coordinates compared; fewer than were asked for, or than there are, where too many steps went over a kink. */
  readonly coordinates: number;
  /** Coordinates that were passed over because their step goes over a kink: of a ReLU or leaky ReLU, of a max pool, or of the loss. */
  readonly redrawn: number;
  /**
   * norm(ga - gn) / max(1e-12, norm(ga) + norm(gn)): the formula of report 001 (docs/reports.md) with norms. Where ga is 0 but for
   * rounding, norm(gn) in place of a relative error, in such units that the noise of the differences is the tolerance.
   */
  readonly relativeError: number;
  /** Signed mean of ga - gn, as in report 004 (docs/reports.md). */
  readonly meanDifference: number;
  /** Relative error of the slope along one random direction over all elements; absent where each one tried goes over a kink. */
  readonly directionError?: number;
}

export interface GradientCheck {
  readonly tensors: readonly GradientRow[];
  /** Training rows in the batch. */
  readonly examples: number;
  readonly step: number;
  readonly tolerance: number;
  /** Every tensor had coordinates to compare, and every relative error is within the tolerance. */
  readonly passed: boolean;
}

export interface GradcheckOptions {
  /** The dataset, if it is loaded already; else it is loaded from `files`. */
  readonly dataset?: Dataset;
  readonly files?: DataFiles;
  /** The batch: the first so many training rows, at most the recipe's batch and, with a batchNorm, at least 2. Default 16, whose inverse is exact. */
  readonly examples?: number;
  readonly math?: Arithmetic;
  /** Called before each tensor: a large model takes minutes. */
  readonly onTensor?: (name: string, index: number, count: number) => void;
  /** Standard deviation of the random numbers that are added to the biases. Default 0.01. */
  readonly biasDeviation?: number;
  /** The most coordinates of a tensor that are compared: each takes two passes over the batch. Default 200. */
  readonly coordinates?: number;
}

/**
 * Checks the gradient of a recipe at its initial weights; of a population, that of the first member. Dropout and augmentation stay on,
 * with the draws of step 0. The gradient is that of the cost: clipping is no part of it. Throws as `train` does for bad input.
 */
export async function gradcheck(input: RecipeInput | Recipe, options: GradcheckOptions = {}): Promise<GradientCheck> {
  const { files = noFiles, examples = 16, math, biasDeviation, onTensor, coordinates } = options;
  const recipe = memberRecipes(parseRecipe(input))[0]!;
  const dataset = options.dataset ?? (await loadDataset(recipe.data, files));
  // Of one row there is no batch norm.
  const least = recipe.model.layers.some(({ type }) => type === 'batchNorm') ? 2 : 1;
  const batch = Math.min(recipe.batch, Math.max(examples, least));
  const checked = { ...recipe, batch, data: { ...recipe.data, shuffle: false } };
  // Without shared slots every activation can still be read when the step is over.
  return checkGradient(
    prepare(checked, dataset, { maxBindingBytes: 2 ** 30, shareSlots: false }),
    math,
    biasDeviation,
    onTensor,
    coordinates,
  );
}

/**
 * Initial weights with small random biases: with biases of 0, a row whose hidden units are all off puts the next layer exactly onto
 * the kink of a ReLU, where there is no gradient to compare.
 */
function checkedParameters(prepared: Prepared, biasDeviation: number): Float32Array {
  const arena = initialArena(prepared);
  for (const [salt, { penalised, arenaOffset, shape }] of trainedTensors(prepared.plan.model).entries()) {
    if (penalised) continue;
    const draws = normals(elementCount(shape), { seed, stream: streams.init, step: 1, salt });
    for (const [index, draw] of draws.entries()) arena[arenaOffset + index]! += biasDeviation * draw;
  }
  return arena;
}

/** Checks the gradient of a plan without shared slots, of one member, near its initial weights. */
export async function checkGradient(
  prepared: Prepared,
  math: Arithmetic = float64,
  biasDeviation = 0.01,
  onTensor?: GradcheckOptions['onTensor'],
  mostCoordinates = usualCoordinates,
): Promise<GradientCheck> {
  const { plan, recipe, views } = prepared;
  using executor = createCpuExecutor(plan, math);
  uploadData(prepared, executor);
  executor.write('parameters', checkedParameters(prepared, biasDeviation));
  const steps = createFeed(prepared, math).loadTraining(executor, 0, 1, [1]);
  const calls = plan.programs.train;
  const lossCall = calls.findIndex(({ tensors }) => 'rows' in tensors);
  const firstUpdate = calls.findIndex(({ layer }) => layer === 'update');
  executor.run('train', { steps, callCount: firstUpdate });
  // Gradients have taken the place of some activations.
  executor.run('train', { steps, callCount: lossCall + 1 });

  const floats = (buffer: string) => executor.values(buffer) as FloatArray;
  const parameters = floats('parameters');
  const rows = floats(calls[lossCall]!.tensors.rows!.buffer);
  const sides = calls.slice(0, lossCall + 1).flatMap(sidesOf);
  const here = () => sides.map(({ buffer, side }) => floats(buffer).map(side));
  const sidesHere = here();
  const flips = () => here().some((side, index) => side.some((value, i) => value !== sidesHere[index]![i]));
  const weight = penaltyWeight(recipe, views[0]!.split.train.length);
  const penalty = hyperAt(floats('hyper'), 0, 1, 0, 'penalty');
  const penalised = executor.values('penalised') as Uint32Array;

  const tensors: GradientRow[] = [];
  const trained = trainedTensors(plan.model);
  for (const [salt, tensor] of trained.entries()) {
    const { name, arenaOffset, shape } = tensor;
    onTensor?.(name, salt, trained.length);
    const elements = elementCount(shape);
    const w = parameters.subarray(arenaOffset, arenaOffset + elements);
    const base = w.slice();
    const gradient = Float64Array.from(base, (value, i) => {
      const dw = floats('gradients')[arenaOffset + i]!;
      return penalisedGradient(math, dw, value, penalised, arenaOffset + i, () => penalty);
    });
    const block = plan.model.blocks.findLast((candidate) => candidate.arenaOffset <= arenaOffset);
    const firstCall = calls.findIndex((call) => readsBlock(call, block?.arenaOffset ?? 0));

    /** Row losses at the present weights, or undefined on another side of a kink. */
    const lossesHere = (): FloatArray | undefined => {
      executor.run('train', { steps, firstCall, callCount: lossCall + 1 - firstCall });
      return flips() ? undefined : rows.slice();
    };
    /** Difference of the cost between two settings of the weights at `indices`; undefined across a kink. */
    const costDifference = (indices: Iterable<number>, shift: (index: number) => number) => {
      const touched = [...indices];
      for (const i of touched) w[i] = base[i]! + shift(i);
      const above = touched.map((i) => w[i]!);
      const lossesAbove = lossesHere();
      for (const i of touched) w[i] = base[i]! - shift(i);
      const below = touched.map((i) => w[i]!);
      const lossesBelow = lossesAbove && lossesHere();
      for (const i of touched) w[i] = base[i]!;
      if (lossesAbove === undefined || lossesBelow === undefined) return undefined;
      let difference = 0;
      for (let row = 0; row < plan.batch; row++)
        difference += lossesAbove[row * lossColumns]! - lossesBelow[row * lossColumns]!;
      difference /= plan.batch;
      let expected = 0;
      for (const [at, i] of touched.entries()) {
        // What the weight really moved by: w + h is rounded.
        const moved = above[at]! - below[at]!;
        if (tensor.penalised) difference += weight * (above[at]! + below[at]!) * moved;
        expected += gradient[i]! * moved;
      }
      return { difference, expected };
    };
    tensors.push({
      name,
      elements,
      ...compareCoordinates(elements, salt, mostCoordinates, costDifference),
      ...compareDirection(gradient, salt, costDifference),
    });
    // The tensors after this one start from the activations of the weights as they were.
    lossesHere();
    // Lets timers and signals in between the tensors of a long check.
    await executor.read('seeds');
  }
  const passes = ({ coordinates, relativeError, directionError = 0 }: GradientRow) =>
    coordinates > 0 && Math.max(relativeError, directionError) <= gradientTolerance;
  return {
    tensors,
    examples: plan.batch,
    step: differenceStep,
    tolerance: gradientTolerance,
    passed: tensors.every(passes),
  };
}

type CostDifference = (
  indices: Iterable<number>,
  shift: (index: number) => number,
) => { readonly difference: number; readonly expected: number } | undefined;

/** The fixed sample of coordinates, in the order of a random permutation, which also gives the redraws. */
function compareCoordinates(
  elements: number,
  salt: number,
  most: number,
  costDifference: CostDifference,
): Pick<GradientRow, 'coordinates' | 'redrawn' | 'relativeError' | 'meanDifference'> {
  let coordinates = 0;
  let redrawn = 0;
  let analytic = 0;
  let numeric = 0;
  let error = 0;
  let signed = 0;
  for (const index of permutation(elements, seed, streams.synthetic, salt)) {
    if (coordinates === most || redrawn === mostRedraws) break;
    const found = costDifference([index], () => differenceStep);
    if (found === undefined) {
      redrawn++;
      continue;
    }
    coordinates++;
    const ga = found.expected / (2 * differenceStep);
    const gn = found.difference / (2 * differenceStep);
    analytic += ga * ga;
    numeric += gn * gn;
    error += (ga - gn) ** 2;
    signed += ga - gn;
  }
  return {
    coordinates,
    redrawn,
    relativeError: relative(Math.sqrt(error), Math.sqrt(analytic), Math.sqrt(numeric), Math.sqrt(coordinates)),
    meanDifference: coordinates === 0 ? 0 : signed / coordinates,
  };
}

/** error / (ga + gn); where the gradient vanishes, the tolerance for an error that is no more than noise. */
function relative(error: number, ga: number, gn: number, scale: number): number {
  if (ga < vanishing * scale) return (gradientTolerance * error) / (differenceNoise * scale);
  return error / Math.max(epsilon, ga + gn);
}

/** The slope along one random direction of length 1 over all elements of a tensor. */
function compareDirection(
  gradient: Float64Array,
  salt: number,
  costDifference: CostDifference,
): Pick<GradientRow, 'directionError'> {
  const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
  for (let attempt = 0; attempt < mostDirections; attempt++) {
    const direction = normals(gradient.length, { seed, stream: streams.synthetic, step: attempt, salt });
    const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
    const slope = direction.reduce((sum, value, i) => sum + value * gradient[i]!, 0) / length;
    // Nearly at right angles to the gradient there is nothing to measure.
    if (Math.abs(slope) < (0.25 * norm) / Math.sqrt(gradient.length)) continue;
    const found = costDifference(gradient.keys(), (i) => (differenceStep * direction[i]!) / length);
    if (found === undefined) continue;
    const ga = found.expected / (2 * differenceStep);
    const gn = found.difference / (2 * differenceStep);
    return { directionError: relative(Math.abs(ga - gn), Math.abs(ga), Math.abs(gn), 1) };
  }
  return {};
}

/** Where a call has kinks: what it writes, and a number that tells on which side of them each element is. */
interface Sides {
  readonly buffer: string;
  readonly side: (value: number) => number;
}

function sidesOf({ kernel, tensors, constants, params }: Call): Sides[] {
  const { relu, leakyRelu } = activationCodes;
  const written = Object.keys(kernel.writes);
  const bufferOf = (binding = '') => tensors[binding]?.buffer ?? '';
  return [
    ...(constants.ACTIVATION === relu || constants.ACTIVATION === leakyRelu
      ? [{ buffer: bufferOf(written[0]), side: (value: number) => (value > 0 ? 1 : 0) }]
      : []),
    // An absolute error bends at 0, Huber's where its slope reaches its largest.
    ...(kernel === regressionLoss && constants.KIND !== regressionKinds.squared
      ? [{ buffer: bufferOf('dy'), side: (value: number) => errorSide(value, constants, params) }]
      : []),
    // Which element of its window a pool has chosen.
    ...(written.includes('choice') ? [{ buffer: bufferOf('choice'), side: (value: number) => value }] : []),
  ];
}

/** On which side of the kinks of a regression loss a difference is, from its gradient. */
function errorSide(
  gradient: number,
  { KIND }: Call['constants'],
  { delta = 0, gradientScale = 0 }: Call['params'],
): number {
  return KIND === regressionKinds.absolute || Math.abs(gradient) >= delta * gradientScale ? Math.sign(gradient) : 0;
}

function readsBlock({ tensors }: Call, arenaOffset: number): boolean {
  return Object.values(tensors).some(
    ({ buffer, elementOffset }) => buffer === 'parameters' && elementOffset === arenaOffset,
  );
}
