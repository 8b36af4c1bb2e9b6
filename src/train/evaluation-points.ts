/** When a run is evaluated: at every so many steps or epochs, and at its end. */
import type { Recipe } from '../recipe/schema.ts';
import type { Duration } from './schedule.ts';

/** The first evaluation after `step` steps. */
export function nextEvaluation({ evaluation }: Recipe, { steps, stepsPerEpoch }: Duration, step: number): number {
  const { everySteps, everyEpochs } = evaluation;
  const every = everySteps ?? (everyEpochs ?? 1) * stepsPerEpoch;
  return Math.min(steps, (Math.floor(step / every) + 1) * every);
}
