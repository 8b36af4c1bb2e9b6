/**
 * The quick form of a recipe, to see in minutes what comes of it: the first 10,000 training examples, and a fifth of the steps that the
 * recipe takes on them, with everything that counts steps or epochs scaled alike.
 */
import { splitDataset } from '../data/dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import { memberRecipes } from '../recipe/parse.ts';
import type { DataRecipe, Recipe } from '../recipe/schema.ts';
import { planDuration, rescaleSchedule } from './duration.ts';
import type { DurationScale } from './duration.ts';

const quickRows = 10_000;
const quickShare = 1 / 5;

/** The quick form; of a search with folds, the first 10,000 examples are what is cut into folds. Throws as `splitDataset` does. */
export function quickRecipe(recipe: Recipe, dataset: Dataset): Recipe {
  const { data } = memberRecipes(recipe)[0] ?? recipe;
  const { folds: _folds, fold: _fold, ...unfolded } = data;
  const allRows = splitDataset(dataset, unfolded).train.length;
  const rows = Math.min(allRows, quickRows);
  const folds = recipe.search?.folds ?? data.folds;
  const trained = (count: number): number => count - (folds === undefined ? 0 : Math.floor(count / folds));
  const before = planDuration(recipe, trained(allRows));
  const onThese = planDuration(recipe, trained(rows));
  const steps = Math.max(1, Math.round(onThese.steps * quickShare));
  const scale: DurationScale = {
    steps: steps / before.steps,
    epochs: steps / onThese.stepsPerEpoch / (before.steps / before.stepsPerEpoch),
  };
  return {
    ...shorten(recipe, scale, steps),
    data: rows === allRows ? recipe.data : firstRows(recipe.data, rows),
    evaluation: rescaleEvaluation(recipe.evaluation, scale),
  };
}

/** Cycles stay as many and become shorter; epochs stay epochs where a fifth of them is whole. */
function shorten(recipe: Recipe, scale: DurationScale, steps: number): Recipe {
  const scaled = rescaleSchedule(recipe, scale);
  if (recipe.cycles !== undefined) return scaled;
  const { epochs, steps: _steps, ...rest } = scaled;
  const fewer = (epochs ?? 0) * quickShare;
  // A fifth is no binary fraction.
  const whole = Math.round(fewer);
  return whole >= 1 && Math.abs(fewer - whole) < 1e-9 ? { ...rest, epochs: whole } : { ...rest, steps };
}

function firstRows(data: DataRecipe, rows: number): DataRecipe {
  const { train } = data;
  return { ...data, train: typeof train === 'object' ? { ...train, first: rows } : rows };
}

/** As many evaluations as before. */
function rescaleEvaluation(evaluation: Recipe['evaluation'], scale: DurationScale): Recipe['evaluation'] {
  const { everyEpochs, everySteps } = evaluation;
  const rescale = (count: number, by: number): number => Math.max(1, Math.round(count * by));
  return {
    ...evaluation,
    ...(everyEpochs !== undefined && { everyEpochs: rescale(everyEpochs, scale.epochs) }),
    ...(everySteps !== undefined && { everySteps: rescale(everySteps, scale.steps) }),
  };
}
