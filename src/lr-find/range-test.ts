/**
 * The learning-rate range test (L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", 2015, section 3.3): one training in
 * which the rate rises from step to step, loss and accuracy of every batch against the rate, and what these curves suggest.
 */
import { NonFiniteError, RecipeError } from '../errors.ts';
import { loadDataset, splitDataset } from '../data/dataset.ts';
import type { DataFiles, Dataset } from '../data/dataset.ts';
import { lossColumns } from '../ops/tables.ts';
import { parseRecipe } from '../recipe/parse.ts';
import type { Recipe, RecipeInput } from '../recipe/schema.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import type { ChunkBudget } from '../train/chunks.ts';
import type { Device } from '../train/device.ts';
import { planDuration } from '../train/duration.ts';
import { learningRate } from '../train/schedule.ts';
import type { Duration } from '../train/schedule.ts';
import { noFiles, train } from '../train/trainer.ts';
import { startAverage } from './range-curves.ts';
import type { RangePoint } from './range-curves.ts';
import { suggestRates } from './rate-suggestions.ts';
import type { RateSuggestions } from './rate-suggestions.ts';

export type { RangePoint } from './range-curves.ts';
export type { RateSuggestions } from './rate-suggestions.ts';

export const rangeCurves = ['exponential', 'linear'] as const;
export type RangeCurve = (typeof rangeCurves)[number];

/** What a range test takes where nothing is said. */
export const rangeDefaults = {
  from: 1e-5,
  to: 1,
  /** Of a linear test from 1e-5 to 1, nine steps of ten are above 0.1 and one of a thousand is below 0.001. */
  curve: 'exponential',
  /**
   * Several, as Smith and report 004 take: in one epoch the accuracy of large sets hardly leaves the ground at the low rates. At least
   * `steps` steps, so that each of the five decades has 200, since an epoch of a small set is a few dozen.
   */
  epochs: 5,
  steps: 1000,
  /** fastai's `Recorder(beta=0.98)`; of short tests less, see `chooseSmoothing`. */
  smoothing: 0.98,
} as const;

/** The test ends where the smoothed loss is more than so many times its lowest so far: fastai's `LRFinder`. */
const divergence = 4;

export interface RangeTestOptions {
  readonly device: Device;
  /** The dataset, if it is loaded already; else it is loaded from `files`. */
  readonly dataset?: Dataset;
  readonly files?: DataFiles;
  readonly from?: number;
  readonly to?: number;
  readonly curve?: RangeCurve;
  /** Length: so many epochs, or so many steps. */
  readonly epochs?: number;
  readonly steps?: number;
  /** Share of the average that each step keeps, from 0 (none) to below 1. */
  readonly smoothing?: number;
  /** Once aborted, the test finishes its chunk and throws InterruptedError. */
  readonly signal?: AbortSignal;
  readonly chunkMilliseconds?: ChunkBudget;
  readonly onStart?: (start: RangeStart) => void;
  /** Called after each chunk of steps. */
  readonly onProgress?: (progress: RangeProgress) => void;
}

export interface RangeStart {
  readonly steps: number;
  readonly parameters: number;
  readonly trainRows: number;
  readonly notes: readonly string[];
}

export interface RangeProgress {
  readonly steps: number;
  readonly last: RangePoint;
  readonly samplesPerSecond: number;
}

export interface RangeTest {
  /** The recipe that was trained. */
  readonly recipe: Recipe;
  readonly adapter: string;
  readonly device: 'gpu' | 'cpu';
  readonly from: number;
  readonly to: number;
  readonly curve: RangeCurve;
  /** That the whole test would have taken. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly smoothing: number;
  /** One for each step up to the end, whose losses are all finite. */
  readonly points: readonly RangePoint[];
  /** `diverged`: the smoothed loss grew beyond its bound. `notFinite`: the loss or the weights were NaN or infinite after the last point. */
  readonly ended: 'complete' | 'diverged' | 'notFinite';
  readonly suggestions: RateSuggestions;
  readonly seconds: number;
}

/**
 * Runs the test: the recipe with the rate rising, everything else as it is, but without early stopping, evaluations or a search. Throws
 * RecipeError for a population, for bounds that are none, and whatever `train` throws for bad input; a loss that is not finite ends the
 * test like one that diverges.
 */
export async function rangeTest(input: RecipeInput | Recipe, options: RangeTestOptions): Promise<RangeTest> {
  const started = performance.now();
  const { device, files = noFiles } = options;
  const { from = rangeDefaults.from, to = rangeDefaults.to, curve = rangeDefaults.curve } = options;
  checkBounds(from, to);
  const given = parseRecipe(input);
  if (given.members !== undefined) refuseMembers(given.members.length);
  const dataset = options.dataset ?? (await loadDataset(given.data, files));
  const trainRows = splitDataset(dataset, given.data).train.length;
  const recipe = rangeRecipe(given, { type: 'rangeTest', from, to, curve, warmupSteps: 0 }, trainRows, options);
  const duration = planDuration(recipe, trainRows);
  const smoothing = chooseSmoothing(options.smoothing, duration.steps);
  const collector = startPoints(recipe, dataset, duration, smoothing);

  let last: Checkpoint | undefined;
  /** Trains until the test ends or `until` steps are done. Gives the step at which the loss was found not finite, if it was. */
  async function collect(trained: Recipe, until: number, checkpoint?: Checkpoint): Promise<number | undefined> {
    try {
      for await (const event of train(trained, {
        ...trainingOptions(options, dataset),
        ...(checkpoint && { checkpoint }),
      })) {
        if (event.type === 'checkpoint') last = event.checkpoint;
        if (event.type === 'start' && collector.points.length === 0) {
          options.onStart?.({ steps: duration.steps, parameters: event.parameters, trainRows, notes: event.notes });
        }
        if (event.type !== 'progress') continue;
        const goesOn = collector.add(event.batchSums, event.step);
        const point = collector.points.at(-1);
        if (point) {
          options.onProgress?.({ steps: duration.steps, last: point, samplesPerSecond: event.samplesPerSecond });
        }
        if (!goesOn || event.step >= until) break;
      }
      return undefined;
    } catch (cause) {
      if (cause instanceof NonFiniteError) return cause.step;
      throw cause;
    }
  }

  const faultStep = await collect(recipe, duration.steps);
  // The losses of the fault's chunk are lost. Where a chunk ends depends on the time, so they are fetched: an evaluation ends one, too.
  if (faultStep !== undefined && collector.points.length < faultStep) {
    await collect({ ...recipe, evaluation: { ...recipe.evaluation, everySteps: faultStep } }, faultStep, last);
  }
  const { points } = collector;
  const ended = collector.hasDiverged() ? 'diverged' : faultStep === undefined ? 'complete' : 'notFinite';
  return {
    recipe,
    adapter: device.name,
    device: device.kind,
    from,
    to,
    curve,
    ...duration,
    smoothing,
    points,
    ended,
    suggestions: suggestRates(points, smoothing, ended !== 'complete'),
    seconds: (performance.now() - started) / 1000,
  };
}

function trainingOptions({ device, signal, chunkMilliseconds }: RangeTestOptions, dataset: Dataset) {
  return { device, dataset, ...(signal && { signal }), ...(chunkMilliseconds !== undefined && { chunkMilliseconds }) };
}

/** Refuses a population. */
export function refuseMembers(count: number): never {
  throw new RecipeError(
    'members',
    `a range test trains one model, but the recipe has ${count} members. Leave "members" out.`,
  );
}

/** Throws RecipeError for rates that do not rise from one above 0. */
function checkBounds(from: number, to: number): void {
  if (!(from > 0 && from < Infinity)) {
    const why = from === 0 ? ', which has no logarithm: rates are told apart by their factor' : '';
    throw new RecipeError(
      'from',
      `expected a learning rate above 0, got ${from}${why}. The standard is ${rangeDefaults.from}.`,
    );
  }
  if (!(to > from && to < Infinity)) {
    throw new RecipeError('to', `expected a learning rate above "from", which is ${from}, got ${to}. Raise it.`);
  }
}

/** The recipe to train: evaluated at the end only, which the test does not wait for. */
function rangeRecipe(
  given: Recipe,
  schedule: Recipe['schedule'],
  trainRows: number,
  { epochs, steps }: RangeTestOptions,
): Recipe {
  const {
    members: _members,
    search: _search,
    earlyStopping: _stopping,
    epochs: _epochs,
    cycles: _cycles,
    ...rest
  } = given;
  const length = steps ?? defaultSteps(given, trainRows, epochs);
  const { everyEpochs: _every, ...evaluation } = given.evaluation;
  return parseRecipe({ ...rest, schedule, steps: length, evaluation: { ...evaluation, everySteps: length } });
}

function defaultSteps({ batch }: Recipe, trainRows: number, epochs: number | undefined): number {
  // A batch that is larger than the rows gets its sentence from `planDuration`.
  const stepsPerEpoch = Math.max(1, Math.floor(trainRows / batch));
  if (epochs !== undefined) return epochs * stepsPerEpoch;
  return stepsPerEpoch * Math.max(rangeDefaults.epochs, Math.ceil(rangeDefaults.steps / stepsPerEpoch));
}

/**
 * Smoothing of a test of so many steps: an average looks back over about 1/(1 - smoothing) steps, by default at most a fiftieth of the
 * test, which is a tenth of a decade from 1e-5 to 1. Throws RecipeError for one that is no share.
 */
function chooseSmoothing(asked: number | undefined, steps: number): number {
  if (asked === undefined) return Math.max(0, Math.min(rangeDefaults.smoothing, 1 - 50 / steps));
  if (asked >= 0 && asked < 1) return asked;
  throw new RecipeError('smoothing', `expected a number from 0 to below 1, got ${asked}. fastai takes 0.98.`);
}

interface Collector {
  readonly points: readonly RangePoint[];
  /** Takes the sums of a chunk that ends at `step`; steps that are there already are passed over. False once the test has diverged. */
  add(batchSums: ArrayLike<number>, step: number): boolean;
  hasDiverged(): boolean;
}

function startPoints(recipe: Recipe, dataset: Dataset, duration: Duration, smoothing: number): Collector {
  const points: RangePoint[] = [];
  const averageLoss = startAverage(smoothing);
  const averageAccuracy = startAverage(smoothing);
  const isClassifier = dataset.task === 'classification';
  let lowest = Infinity;
  let diverged = false;
  return {
    points,
    add(batchSums, step) {
      const count = batchSums.length / lossColumns;
      for (let row = points.length - (step - count); row < count && !diverged; row++) {
        const loss = (batchSums[row * lossColumns] ?? Number.NaN) / recipe.batch;
        const accuracy = (batchSums[row * lossColumns + 1] ?? Number.NaN) / recipe.batch;
        const smoothedLoss = averageLoss(loss);
        points.push({
          step: points.length,
          rate: learningRate(recipe, points.length, duration),
          loss,
          smoothedLoss,
          ...(isClassifier && { accuracy, smoothedAccuracy: averageAccuracy(accuracy) }),
        });
        lowest = Math.min(lowest, smoothedLoss);
        diverged = smoothedLoss > divergence * lowest;
      }
      return !diverged;
    },
    hasDiverged: () => diverged,
  };
}
