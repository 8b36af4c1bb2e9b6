/** Using the weights of a finished run: scores on a split of its dataset, and predictions for new rows. One member at a time, alone. */
import type { Dataset, SplitName } from '../data/dataset.ts';
import { DataError, RecipeError } from '../errors.ts';
import { memberRecipes } from '../recipe/parse.ts';
import type { Recipe } from '../recipe/schema.ts';
import { readWeights } from './checkpoint.ts';
import { createExecutor, maxBindingBytes } from './device.ts';
import type { Device } from './device.ts';
import { evaluateSplit, predictRows } from './evaluate.ts';
import type { Metrics } from './events.ts';
import { prepareRows } from './saved-model.ts';
import type { SavedModel } from './saved-model.ts';
import { classScores, confusionMatrix, largestOutputs, probabilities } from './scores.ts';
import type { ClassScores } from './scores.ts';
import { createFeed, prepare, uploadData } from './session.ts';
import type { Prepared } from './session.ts';

/** A trained model: one member of a run. */
export interface TrainedModel {
  readonly recipe: Recipe;
  /** Which member of a population; 0 for a plain run. */
  readonly member: number;
  /** A safetensors file of the whole run, and where it is from. */
  readonly weights: Uint8Array;
  readonly place: string;
}

/** How a model does on a split; confusion and classes for classifiers. */
export interface Evaluation extends Metrics {
  readonly rows: number;
  /** Rows counted by class (first index) and predicted class. */
  readonly confusion?: readonly (readonly number[])[];
  readonly classes?: readonly ClassScores[];
}

/** Scores of a model on a split. Throws RecipeError for a split that the recipe leaves empty. */
export async function evaluateModel(
  trained: TrainedModel,
  dataset: Dataset,
  split: SplitName,
  device: Device,
): Promise<Evaluation> {
  const prepared = prepare(memberRecipe(trained), dataset, { maxBindingBytes: maxBindingBytes(device) });
  const splits = prepared.views[0]!.split;
  const rows = splits[split];
  if (rows.length === 0) {
    const there = (['train', 'validation', 'test'] as const).filter((name) => splits[name].length > 0);
    throw new RecipeError('--split', `the run has no ${split} rows. It has: ${there.join(', ')}.`);
  }
  using executor = await openModel(prepared, trained, device);
  const feed = createFeed(prepared);
  const [metrics] = (await evaluateSplit(prepared, executor, feed, split)) ?? [];
  const scores = dataset.labels && scoreClasses(dataset, rows, (await predictRows(prepared, executor, feed, rows))[0]!);
  return { rows: rows.length, ...metrics!, ...scores };
}

function scoreClasses(
  { labels, classNames, outputCount }: Dataset,
  rows: Uint32Array,
  outputs: Float32Array,
): Pick<Evaluation, 'confusion' | 'classes'> {
  const given = rows.map((row) => labels?.[row] ?? 0);
  const confusion = confusionMatrix(given, largestOutputs(outputs, outputCount), outputCount);
  const names = classNames ?? confusion.map((_, label) => String(label));
  return { confusion, classes: classScores(confusion, names) };
}

export interface Predictions {
  /** Classifiers: the class of each row. */
  readonly classes?: Uint32Array;
  /**
   * [rows, outputCount]. `probabilities`: softmax of the logits, in float64, where the loss was cross-entropy; `outputs`: of the last
   * layer otherwise.
   */
  readonly kind: 'probabilities' | 'outputs';
  readonly values: Float64Array;
}

/** Predictions for rows [rowCount, features] as the data files have them: not normalised. */
export async function predictModel(
  trained: TrainedModel,
  model: SavedModel,
  inputs: { readonly rows: Float64Array; readonly place: string },
  device: Device,
): Promise<Predictions> {
  const recipe = memberRecipe(trained);
  const prepared = prepareRows(recipe, model, trained.member, inputs.rows, inputs.place, {
    maxBindingBytes: maxBindingBytes(device),
  });
  using executor = await openModel(prepared, trained, device);
  const [outputs] = await predictRows(prepared, executor, createFeed(prepared), prepared.views[0]!.split.train);
  const wrong = outputs!.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    const row = Math.floor(wrong / model.outputCount);
    throw new DataError(
      inputs.place,
      `row ${row} (from 0) gives no finite output: its inputs are too large. Mend the row.`,
    );
  }
  const classes = model.task === 'classification' ? largestOutputs(outputs!, model.outputCount) : undefined;
  const softmax = recipe.loss === 'crossEntropy';
  return {
    ...(classes && { classes }),
    kind: softmax ? 'probabilities' : 'outputs',
    values: softmax ? probabilities(outputs!, model.outputCount) : Float64Array.from(outputs!),
  };
}

/** The recipe of the member alone. */
export function memberRecipe({ recipe, member }: TrainedModel): Recipe {
  const members = memberRecipes(recipe);
  const found = members[member];
  if (found !== undefined) return found;
  throw new RecipeError('--member', `the run has ${members.length} members, 0 to ${members.length - 1}, no ${member}.`);
}

/** An executor with the data and the weights of the member. */
export async function openModel(
  prepared: Prepared,
  trained: TrainedModel,
  device: Device,
): ReturnType<typeof createExecutor> {
  const { model } = prepared.plan;
  const population = memberRecipes(trained.recipe).length;
  const all = readWeights(trained.weights, trained.place, model, population);
  const executor = await createExecutor(device, prepared.plan, { tune: false });
  uploadData(prepared, executor);
  const start = trained.member * model.memberStride;
  executor.write('parameters', all.subarray(start, start + model.memberStride));
  return executor;
}
