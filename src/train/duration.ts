/** How long a run is, in steps; and what `--epochs` does to a recipe. */
import { RecipeError } from '../errors.ts';
import type { Recipe } from '../recipe/schema.ts';
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

/**
 * The same run in so many epochs, its schedule scaled alike, the members' own numbers too: what counts steps or epochs shrinks or
 * grows with the length, and exponential decay ends at the same rate.
 */
export function rescaleToEpochs(recipe: Recipe, epochs: number, trainRows: number): Recipe {
  const before = planDuration(recipe, trainRows);
  const scale = (epochs * before.stepsPerEpoch) / before.steps;
  const rescale = (field: string, value: number): number => {
    if (field === 'decay') return value / scale;
    const counts = field === 'stepSize' || field === 'everyEpochs' || field === 'warmupSteps';
    return counts && value > 0 ? Math.max(1, Math.round(value * scale)) : value;
  };
  const { steps: _steps, cycles: _cycles, members, ...rest } = recipe;
  const schedule = Object.fromEntries(
    Object.entries(recipe.schedule).map(([field, value]) => [
      field,
      typeof value === 'number' ? rescale(field, value) : value,
    ]),
  ) as Recipe['schedule'];
  const rescaled = members?.map((overrides) =>
    Object.fromEntries(
      Object.entries(overrides).map(([path, value]) => [path, rescale(path.replace(/^schedule\./, ''), value)]),
    ),
  );
  return { ...rest, epochs, schedule, ...(rescaled && { members: rescaled }) };
}
