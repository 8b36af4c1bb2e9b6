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
 * The same run in so many epochs, its schedule scaled alike: numbers of the schedule that count steps or epochs shrink or grow with
 * the length, and exponential decay ends at the same rate.
 */
export function rescaleToEpochs(recipe: Recipe, epochs: number, trainRows: number): Recipe {
  const before = planDuration(recipe, trainRows);
  const scale = (epochs * before.stepsPerEpoch) / before.steps;
  const scaled = (count: number) => Math.max(1, Math.round(count * scale));
  const { steps: _steps, cycles: _cycles, schedule, ...rest } = recipe;
  const warmupSteps = schedule.warmupSteps === 0 ? 0 : scaled(schedule.warmupSteps);
  const base = { ...rest, epochs };
  switch (schedule.type) {
    case 'exponential':
      return { ...base, schedule: { ...schedule, warmupSteps, decay: schedule.decay / scale } };
    case 'step':
      return { ...base, schedule: { ...schedule, warmupSteps, everyEpochs: scaled(schedule.everyEpochs) } };
    case 'cyclic':
      return { ...base, schedule: { ...schedule, warmupSteps, stepSize: scaled(schedule.stepSize) } };
    default:
      return { ...base, schedule: { ...schedule, warmupSteps } };
  }
}
