/** Learning rates: closed forms, the corners of the published figures, and PyTorch's schedulers (recorded by schedules.py). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { freshProgress, judge } from '../../src/train/progress.ts';
import { learningRate, penaltyWeight } from '../../src/train/schedule.ts';

interface ScheduleCase {
  readonly learningRate: number;
  readonly schedule: { readonly type: string; readonly minimum?: number };
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly rates: readonly number[];
}

const recorded = JSON.parse(readFileSync(new URL('../oracle/schedules.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly ScheduleCase[];
  readonly plateau: Omit<ScheduleCase, 'steps' | 'stepsPerEpoch'> & { readonly losses: readonly number[] };
};

function recipeWith(schedule: object, rate = 0.2, fields: object = {}): Recipe {
  return parseRecipe({
    data: { source: 'digits' },
    model: { layers: [{ type: 'dense', units: 10 }] },
    optimizer: { type: 'sgd', learningRate: rate },
    schedule,
    epochs: 1,
    ...fields,
  });
}

const duration = { steps: 60, stepsPerEpoch: 10 };
const ratesOf = (recipe: Recipe, steps: readonly number[]) => steps.map((step) => learningRate(recipe, step, duration));

test.each(recorded.cases)('$schedule.type is PyTorch at each of $steps steps', (recordedCase) => {
  const { learningRate: base, schedule, steps, stepsPerEpoch, rates } = recordedCase;
  const recipe = recipeWith(schedule, base);
  expect(rates).toHaveLength(steps);
  for (const [step, rate] of rates.entries()) {
    const came = learningRate(recipe, step, { steps, stepsPerEpoch });
    expect(Math.abs(came - rate), `step ${step}: ${came} for ${rate}`).toBeLessThan(1e-14);
  }
});

test('plateau reduces when PyTorch does', () => {
  const { learningRate: base, schedule, losses, rates } = recorded.plateau;
  const recipe = recipeWith(schedule, base);
  const state = { ...freshProgress };
  const came = losses.map((loss, index) => {
    judge(recipe, state, { learningRate: 0, train: { loss, cost: loss } }, index);
    return learningRate(recipe, index, duration, state.plateau);
  });
  expect(new Set(rates).size).toBeGreaterThan(3);
  for (const [index, rate] of rates.entries()) expect(came[index]).toBeCloseTo(rate, 14);
});

test('constant is constant', () => {
  expect(ratesOf(recipeWith({ type: 'constant' }), [0, 1, 59])).toEqual([0.2, 0.2, 0.2]);
});

test('exponential is eta·e^(-k·t), with whole epochs as t', () => {
  const recipe = recipeWith({ type: 'exponential', decay: 0.3 });
  expect(ratesOf(recipe, [0, 9])).toEqual([0.2, 0.2]);
  expect(ratesOf(recipe, [10, 19, 59])).toEqual([0.2 * Math.exp(-0.3), 0.2 * Math.exp(-0.3), 0.2 * Math.exp(-1.5)]);
});

test('step falls by its factor every so many epochs', () => {
  const recipe = recipeWith({ type: 'step', everyEpochs: 2, factor: 0.5 });
  expect(ratesOf(recipe, [0, 19, 20, 39, 40])).toEqual([0.2, 0.2, 0.1, 0.1, 0.05]);
});

test('cosine goes from the rate over the middle to its minimum', () => {
  const rates = ratesOf(recipeWith({ type: 'cosine', minimum: 0.02 }), [0, 30, 60]);
  expect(rates[0]).toBe(0.2);
  expect(rates[1]).toBeCloseTo(0.11, 15);
  expect(rates[2]).toBeCloseTo(0.02, 15);
});

// Smith 2015, figure 2: eta_min at 2·l·n_s, eta_max at (2·l + 1)·n_s.
test('cyclic has its corners at multiples of the step size', () => {
  const recipe = recipeWith({ type: 'cyclic', etaMin: 1e-5, etaMax: 1e-1, stepSize: 10 });
  expect(ratesOf(recipe, [0, 20, 40])).toEqual([1e-5, 1e-5, 1e-5]);
  for (const rate of ratesOf(recipe, [10, 30, 50])) expect(rate).toBeCloseTo(1e-1, 16);
  for (const rate of ratesOf(recipe, [5, 15, 25])) expect(rate).toBeCloseTo((1e-5 + 1e-1) / 2, 16);
});

test('warm-up rises in equal parts to the schedule it stands on', () => {
  const warm = recipeWith({ type: 'constant', warmupSteps: 4 });
  const rates = ratesOf(warm, [0, 1, 2, 3, 4, 50]);
  for (const [index, share] of [0.25, 0.5, 0.75, 1, 1, 1].entries()) expect(rates[index]).toBeCloseTo(0.2 * share, 16);
  const cyclic = { type: 'cyclic', etaMin: 0.01, etaMax: 0.1, stepSize: 10 };
  const [plain, risen] = [recipeWith(cyclic), recipeWith({ ...cyclic, warmupSteps: 4 })];
  expect(learningRate(risen, 1, duration)).toBe(learningRate(plain, 1, duration) / 2);
  expect(learningRate(risen, 7, duration)).toBe(learningRate(plain, 7, duration));
});

test('plateau never falls below its minimum, nor does the minimum lift the rate', () => {
  const recipe = recipeWith({ type: 'plateau', minimum: 0.05 });
  expect(learningRate(recipe, 0, duration, 0.5)).toBe(0.1);
  expect(learningRate(recipe, 0, duration, 1e-3)).toBe(0.05);
  expect(learningRate(recipeWith({ type: 'plateau', minimum: 3 }), 0, duration, 0.1)).toBe(0.2);
});

test('the factor of the penalty is 1, 1/2 or 1/(2n)', () => {
  const weight = (l2Factor: string) => penaltyWeight(recipeWith({ type: 'constant' }, 0.1, { l2: 0.3, l2Factor }), 50);
  expect(weight('1')).toBe(0.3);
  expect(weight('1/2')).toBe(0.15);
  expect(weight('1/(2n)')).toBe(0.003);
});
