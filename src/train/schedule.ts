/**
 * Learning-rate schedules and the chunk's table of hyper-parameters: everything that changes with the step is computed here on the host,
 * in float64, and rounded once.
 */
import type { FloatArray } from '../arithmetic/arithmetic.ts';
import { hyperColumn, hyperColumns } from '../ops/tables.ts';
import type { HyperColumn } from '../ops/tables.ts';
import type { OptimizerRecipe, Recipe } from '../recipe/schema.ts';

/** Length of a run in steps. */
export interface Duration {
  readonly steps: number;
  readonly stepsPerEpoch: number;
}

/**
 * Learning rate of a step (from 0). `plateau` is the product of the reductions so far, 1 for other schedules.
 * Epochs count whole epochs: exponential and step decay change once per epoch.
 */
export function learningRate(recipe: Recipe, step: number, { steps, stepsPerEpoch }: Duration, plateau = 1): number {
  const { schedule } = recipe;
  const base = recipe.optimizer.learningRate;
  const epoch = Math.floor(step / stepsPerEpoch);
  const warm = schedule.warmupSteps > 0 ? Math.min(1, (step + 1) / schedule.warmupSteps) : 1;
  switch (schedule.type) {
    case 'constant':
      return warm * base;
    case 'exponential':
      return warm * base * Math.exp(-schedule.decay * epoch);
    case 'step':
      return warm * base * schedule.factor ** Math.floor(epoch / schedule.everyEpochs);
    case 'cosine':
      return warm * between(base, schedule.minimum, halfCosine(step / Math.max(1, steps)));
    case 'cyclic': {
      const place = (step % (2 * schedule.stepSize)) / schedule.stepSize;
      return warm * between(schedule.etaMin, schedule.etaMax, place <= 1 ? place : 2 - place);
    }
    case 'oneCycle': {
      // torch.optim.lr_scheduler.OneCycleLR, two phases, cosine.
      const top = schedule.riseFraction * steps - 1;
      const start = schedule.etaMax / schedule.startFactor;
      if (step <= top) return warm * between(start, schedule.etaMax, halfCosine(step / Math.max(top, 1)));
      const fall = (step - top) / Math.max(steps - 1 - top, 1);
      return warm * between(schedule.etaMax, start / schedule.endFactor, halfCosine(Math.min(1, fall)));
    }
    case 'rangeTest': {
      const { from, to, curve } = schedule;
      const share = step / Math.max(1, steps - 1);
      return warm * (curve === 'linear' ? between(from, to, share) : from * (to / from) ** share);
    }
    case 'plateau':
      return warm * Math.max(base * plateau, Math.min(base, schedule.minimum));
    default:
      return schedule satisfies never;
  }
}

function between(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** 0 at 0, 1 at 1, along half a cosine. */
function halfCosine(share: number): number {
  return (1 - Math.cos(Math.PI * share)) / 2;
}

/** What the penalty multiplies the sum of squared weights with: l2 · factor. `trainRows` is the n of `1/(2n)`. */
export function penaltyWeight(recipe: Recipe, trainRows: number): number {
  switch (recipe.l2Factor) {
    case '1':
      return recipe.l2;
    case '1/2':
      return recipe.l2 / 2;
    case '1/(2n)':
      return recipe.l2 / (2 * trainRows);
    default:
      return recipe.l2Factor satisfies never;
  }
}

/** Fills one row of `hyper` for one member; `table` is [rows, population, columns]. */
export function fillHyperRow(
  table: FloatArray,
  offset: number,
  recipe: Recipe,
  step: number,
  rate: number,
  trainRows: number,
): void {
  const { optimizer } = recipe;
  const values: Record<HyperColumn, number> = {
    rate: rate / biasCorrection1(optimizer, step),
    penalty: 2 * penaltyWeight(recipe, trainRows),
    keep: 1 - rate * optimizer.weightDecay,
    ...decays(optimizer),
    correction2: 'beta2' in optimizer ? Math.sqrt(1 - optimizer.beta2 ** (step + 1)) : 1,
    epsilon: 'epsilon' in optimizer ? optimizer.epsilon : 0,
    clipNorm: recipe.clipNorm,
  };
  for (const column of hyperColumns) table[offset + hyperColumn[column]] = values[column];
}

function biasCorrection1(optimizer: OptimizerRecipe, step: number): number {
  return 'beta1' in optimizer ? 1 - optimizer.beta1 ** (step + 1) : 1;
}

function decays(
  optimizer: OptimizerRecipe,
): Pick<Record<HyperColumn, number>, 'decay1' | 'gain1' | 'decay2' | 'gain2'> {
  switch (optimizer.type) {
    case 'sgd':
      return { decay1: 0, gain1: 1, decay2: 0, gain2: 1 };
    case 'momentum':
      return { decay1: optimizer.momentum, gain1: 1, decay2: 0, gain2: 1 };
    case 'rmsprop':
      return { decay1: optimizer.alpha, gain1: 1 - optimizer.alpha, decay2: 0, gain2: 1 };
    case 'adam':
    case 'adamw':
      return {
        decay1: optimizer.beta1,
        gain1: 1 - optimizer.beta1,
        decay2: optimizer.beta2,
        gain2: 1 - optimizer.beta2,
      };
    default:
      return optimizer satisfies never;
  }
}
