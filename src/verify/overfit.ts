/**
 * Overfitting on purpose: a model whose gradients and updates are right learns 100 examples by heart. What works against that (penalty,
 * weight decay, dropout, noise, augmentation, label smoothing, class weights, clipping) is taken out of the recipe.
 */
import { NonFiniteError } from '../errors.ts';
import { loadDataset, splitDataset } from '../data/dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import { elementCount } from '../formats/shape.ts';
import { memberRecipes, parseRecipe } from '../recipe/parse.ts';
import type { LayerRecipe, Recipe, RecipeInput } from '../recipe/schema.ts';
import { noFiles, train } from '../train/trainer.ts';
import type { TrainOptions } from '../train/trainer.ts';

const smallBatch = 10;
/** Near 0: cross-entropy below this, losses of a regression below this share of what the best constant gives. */
const nearZero = 0.05;

export interface Overfitting {
  readonly examples: number;
  readonly epochs: number;
  /** Mean loss over the last epoch. */
  readonly loss: number;
  /** The loss counts as near 0 below this. */
  readonly threshold: number;
  readonly learningRate: number;
  readonly passed: boolean;
}

export interface OverfitOptions extends Pick<
  TrainOptions,
  'device' | 'dataset' | 'files' | 'signal' | 'chunkMilliseconds'
> {
  /** First rows of the training split. Default 100. */
  readonly examples?: number;
  /** Gives up after so many. Default 2,000. */
  readonly epochs?: number;
  /** Goes on through all epochs when the loss is near 0. Default: stops there. */
  readonly toTheEnd?: boolean;
  /** Told the mean loss of every epoch, from 1; where a rate diverges, the next one begins again. */
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

/**
 * Trains on the first examples of the training split, at the recipe's highest learning rate (or a tenth or hundredth of it, where that
 * diverges) and in batches of at most 10, until the loss is near 0. Throws as `train` does.
 */
export async function overfit(input: RecipeInput | Recipe, options: OverfitOptions): Promise<Overfitting> {
  const {
    device,
    files = noFiles,
    signal,
    chunkMilliseconds,
    examples = 100,
    epochs = 2000,
    toTheEnd = false,
    onEpoch,
  } = options;
  const recipe = memberRecipes(parseRecipe(input))[0]!;
  const whole = options.dataset ?? (await loadDataset(recipe.data, files));
  const dataset = takeRows(whole, splitDataset(whole, recipe.data).train.slice(0, examples));
  const threshold = recipe.loss === 'crossEntropy' ? nearZero : nearZero * constantLoss(dataset, recipe);
  const plain = plainRecipe(recipe, dataset.rowCount, epochs);
  const attempt = async (share: number): Promise<Overfitting> => {
    const learningRate = plain.optimizer.learningRate * share;
    const slower = { ...plain, optimizer: { ...plain.optimizer, learningRate } };
    let epoch = 0;
    let loss = Infinity;
    for await (const event of train(slower, { device, dataset, signal, chunkMilliseconds })) {
      if (event.type !== 'evaluation') continue;
      epoch = event.epoch;
      loss = event.members[0]!.train.loss;
      onEpoch?.(epoch, loss);
      if (loss < threshold && !toTheEnd) break;
    }
    return { examples: dataset.rowCount, epochs: epoch, loss, threshold, learningRate, passed: loss < threshold };
  };
  for (const share of [1, 0.1]) {
    try {
      return await attempt(share);
    } catch (cause) {
      if (!(cause instanceof NonFiniteError)) throw cause;
    }
  }
  return attempt(0.01);
}

function plainRecipe(recipe: Recipe, rowCount: number, epochs: number): Recipe {
  const { steps: _steps, cycles: _cycles, earlyStopping: _earlyStopping, schedule, optimizer, ...rest } = recipe;
  const learningRate = 'etaMax' in schedule ? schedule.etaMax : optimizer.learningRate;
  return {
    ...rest,
    data: { ...rest.data, train: undefined, validation: undefined, test: undefined, stratify: false },
    model: { layers: rest.model.layers.map(withoutNoise) },
    l2: 0,
    clipNorm: 0,
    labelSmoothing: 0,
    classWeights: undefined,
    augmentation: { horizontalFlip: false, cropPadding: 0, contrast: 0, brightness: 0, cutout: 0 },
    optimizer: { ...optimizer, learningRate, weightDecay: 0 },
    schedule: { type: 'constant', warmupSteps: 0 },
    batch: Math.min(rest.batch, smallBatch, rowCount),
    epochs,
    evaluation: { batch: rest.evaluation.batch, everyEpochs: 1 },
  };
}

/** Layers that others name stay in their places. */
function withoutNoise(layer: LayerRecipe): LayerRecipe {
  if (layer.type === 'dropout') return { ...layer, rate: 0 };
  return layer.type === 'gaussianNoise' ? { ...layer, standardDeviation: 0 } : layer;
}

/** A dataset of these rows only. */
function takeRows(dataset: Dataset, rows: Uint32Array): Dataset {
  const { inputs, labels, targets, inputShape, outputCount } = dataset;
  const pick = <T extends Uint8Array | Uint32Array | Float32Array | Float64Array>(values: T, width: number): T => {
    const taken = values.slice(0, rows.length * width) as T;
    for (const [at, row] of rows.entries()) taken.set(values.subarray(row * width, (row + 1) * width), at * width);
    return taken;
  };
  return {
    ...dataset,
    rowCount: rows.length,
    parts: {},
    inputs: pick(inputs, elementCount(inputShape)),
    ...(labels && { labels: pick(labels, 1) }),
    ...(targets && { targets: pick(targets, outputCount) }),
  };
}

/** Loss of the best constant outputs, mean or median: what a model without inputs would reach. */
function constantLoss({ targets, labels, outputCount, rowCount }: Dataset, { loss, huberDelta }: Recipe): number {
  const target = (row: number, output: number) =>
    targets === undefined ? Number(labels?.[row] === output) : targets[row * outputCount + output]!;
  const term = (difference: number): number => {
    const size = Math.abs(difference);
    if (loss === 'mae') return size;
    if (loss === 'huber' && size > huberDelta) return huberDelta * (size - huberDelta / 2);
    return loss === 'mse' ? size ** 2 : size ** 2 / 2;
  };
  let sum = 0;
  for (let output = 0; output < outputCount; output++) {
    const column = Array.from({ length: rowCount }, (_, row) => target(row, output)).sort((a, b) => a - b);
    const mean = column.reduce((total, value) => total + value, 0) / rowCount;
    const median = column[rowCount >>> 1]!;
    const lossOf = (constant: number) => column.reduce((total, value) => total + term(value - constant), 0) / rowCount;
    sum += Math.min(lossOf(mean), lossOf(median));
  }
  return loss === 'quadratic' ? sum : sum / outputCount;
}
