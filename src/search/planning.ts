/** What a search will do on a device with certain limits, before anything is trained: its metric, trials, populations and cuts. */
import type { Dataset } from '../data/dataset.ts';
import { RecipeError } from '../errors.ts';
import { parseRecipe } from '../recipe/parse.ts';
import type { Recipe, RecipeInput } from '../recipe/schema.ts';
import { cutStep, groupRuns, packGroups, trialRuns } from './populations.ts';
import type { Limits, RunGroup } from './populations.ts';
import { firstTrials, readSpace, searchOf } from './space.ts';
import type { SearchPopulation } from './store.ts';
import type { MetricName, Trial } from './trials.ts';

/** How a search begins: its first trials, and the populations that they make on a device with these limits. */
export interface SearchPlan {
  readonly metric: MetricName;
  readonly trials: readonly Trial[];
  readonly populations: readonly SearchPopulation[];
  /** Of successive halving: the shares of the training after which trials are pruned. */
  readonly cuts: readonly number[];
}

/** Plans a search. Throws RecipeError or LimitError for a space that cannot be searched. */
export function planSearch(input: RecipeInput | Recipe, dataset: Dataset, limits: Limits): SearchPlan {
  const recipe = parseRecipe(input);
  const fields = readSpace(recipe);
  const metric = chooseMetric(recipe, dataset);
  const trials = firstTrials(recipe, fields);
  const groups = groupRuns(recipe, fields, trials, trialRuns(recipe, trials), dataset);
  const cuts = cutShares(recipe, groups, trials.length, dataset);
  const populations = packGroups(groups, dataset, limits, untilCut(dataset, cuts[0]), 1);
  return { metric, trials, populations, cuts };
}

export function chooseMetric(recipe: Recipe, dataset: Dataset): MetricName {
  const { metric = dataset.task === 'regression' ? 'loss' : 'accuracy' } = searchOf(recipe);
  if (metric === 'accuracy' && dataset.task === 'regression') {
    throw new RecipeError('search.metric', 'is "accuracy", but the data is a regression. Use "loss".');
  }
  return metric;
}

/** The shares of the training at which every kind of run has an evaluation to cut at. */
export function cutShares(
  recipe: Recipe,
  groups: readonly RunGroup[],
  trialCount: number,
  dataset: Dataset,
): readonly number[] {
  const { strategy, factor } = searchOf(recipe);
  if (strategy !== 'halving') return [];
  const most = Math.max(1, Math.floor(Math.log(trialCount) / Math.log(factor) + 1e-9));
  const wanted = Array.from({ length: most }, (_, cut) => factor ** (cut - most));
  const shares = wanted.filter((share, cut) =>
    groups.every((group) => {
      const step = cutStep(group, dataset, share);
      const next = wanted[cut + 1];
      return step < (next === undefined ? group.steps : cutStep(group, dataset, next));
    }),
  );
  if (shares.length > 0) return shares;
  throw new RecipeError(
    'search.strategy',
    '"halving" prunes at evaluations, but none comes before the end of the training. Train for more epochs, or evaluate ' +
      'more often by "evaluation.everySteps".',
  );
}

export function untilCut(dataset: Dataset, share: number | undefined): (group: RunGroup) => number {
  return (group) => (share === undefined ? group.steps : cutStep(group, dataset, share));
}
