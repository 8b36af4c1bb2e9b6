/** How long a run is, in steps; and what `--epochs` does to a recipe. */
import { splitDataset } from '../data/dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import { RecipeError } from '../errors.ts';
import { memberRecipes } from '../recipe/parse.ts';
import type { Recipe } from '../recipe/schema.ts';
import { dimensionNames } from '../recipe/search-schema.ts';
import type { Duration } from './schedule.ts';

/** Steps of the whole run; the last incomplete batch of an epoch is dropped. */
export function planDuration(recipe: Recipe, trainRows: number): Duration {
  if (trainRows === 0) throw new RecipeError('data.train', 'leaves no rows to train on. Give it a larger share.');
  if (recipe.batch > trainRows) {
    throw new RecipeError(
      'batch',
      `${recipe.batch} is larger than the training set of ${trainRows} rows. Use at most ${trainRows}.`,
    );
  }
  const stepsPerEpoch = Math.floor(trainRows / recipe.batch);
  if (recipe.steps !== undefined) return { steps: recipe.steps, stepsPerEpoch };
  if (recipe.cycles !== undefined && recipe.schedule.type === 'cyclic') {
    return { steps: Math.max(1, Math.round(recipe.cycles * 2 * recipe.schedule.stepSize)), stepsPerEpoch };
  }
  return { steps: (recipe.epochs ?? 0) * stepsPerEpoch, stepsPerEpoch };
}

/** The rows that every run of a recipe is trained on: of a search with folds, those of one fold. Throws as `splitDataset` does. */
export function trainedRowCount(recipe: Recipe, dataset: Dataset): number {
  const [{ data } = recipe] = memberRecipes(recipe);
  const folds = recipe.search?.folds;
  return splitDataset(dataset, folds === undefined ? data : { ...data, folds, fold: 0 }).train.length;
}

/** By what a run becomes longer or shorter, counted in steps and counted in epochs: the two differ where the training rows change. */
export interface DurationScale {
  readonly steps: number;
  readonly epochs: number;
}

/**
 * The same run in so many epochs, its schedule scaled alike, the members' own numbers and those of a search too: what counts steps or
 * epochs shrinks or grows with the length, and exponential decay ends at the same rate.
 */
export function rescaleToEpochs(recipe: Recipe, epochs: number, trainRows: number): Recipe {
  const before = planDuration(recipe, trainRows);
  const scale = (epochs * before.stepsPerEpoch) / before.steps;
  const { steps: _steps, cycles: _cycles, ...rest } = rescaleSchedule(recipe, { steps: scale, epochs: scale });
  return { ...rest, epochs };
}

/** A recipe whose schedule, members and search space count so many more or fewer steps and epochs; its length stays. */
export function rescaleSchedule(recipe: Recipe, scale: DurationScale): Recipe {
  const { schedule, members, search } = recipe;
  const rescaleAll = (values: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(Object.entries(values).map(([path, value]) => [path, rescaleNumber(path, value, scale)]));
  return {
    ...recipe,
    schedule: rescaleValue('schedule', schedule, scale) as Recipe['schedule'],
    ...(members && { members: members.map(rescaleAll) }),
    ...(search && { search: { ...search, space: rescaleValue('', search.space, scale) as typeof search.space } }),
  };
}

const stepCounts = ['steps', 'schedule.stepSize', 'schedule.warmupSteps'];
const epochCounts = ['epochs', 'schedule.everyEpochs'];

/** A number of the recipe at a dotted path. */
function rescaleNumber(path: string, value: number, { steps, epochs }: DurationScale): number {
  if (path === 'schedule.decay') return value / epochs;
  const scale = stepCounts.includes(path) ? steps : epochCounts.includes(path) ? epochs : undefined;
  return scale === undefined || value <= 0 ? value : Math.max(1, Math.round(value * scale));
}

/** Whatever stands at a dotted path; in the space of a search, the ways to vary a field stand below its path and are no part of it. */
function rescaleValue(path: string, value: unknown, scale: DurationScale): unknown {
  if (typeof value === 'number') return rescaleNumber(path, value, scale);
  if (Array.isArray(value)) return value.map((each) => rescaleValue(path, each, scale));
  if (typeof value !== 'object' || value === null) return value;
  const below = (key: string): string => {
    if (dimensionNames.includes(key)) return path;
    return path === '' ? key : `${path}.${key}`;
  };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rescaleValue(below(key), each, scale)]));
}
