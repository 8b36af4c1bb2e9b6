/**
 * Packs runs into populations: runs that differ only in what the members of a population may differ in are trained together, as many as
 * the device holds.
 */
import { splitDataset } from '../data/dataset.ts';
import type { Dataset } from '../data/dataset.ts';
import { LimitError, RecipeError } from '../errors.ts';
import { buildPlan } from '../plan/build.ts';
import { peakDeviceBytes } from '../plan/plan.ts';
import { mayDiffer, memberRecipes, overrideRecipe } from '../recipe/parse.ts';
import type { Recipe } from '../recipe/schema.ts';
import { planDuration } from '../train/duration.ts';
import { nextEvaluation } from '../train/evaluation-points.ts';
import { baseRecipe, searchOf, trialOverrides } from './space.ts';
import type { Field } from './space.ts';
import type { SearchPopulation } from './store.ts';
import type { Trial, TrialRun } from './trials.ts';

export interface Limits {
  /** Largest storage binding of the device. */
  readonly maxBindingBytes: number;
  /** Device memory that a population may take. */
  readonly memoryBytes: number;
}

/** Runs of one kind: they may be members of one population. */
export interface RunGroup {
  /** What they have in common. */
  readonly recipe: Recipe;
  readonly runs: readonly TrialRun[];
  /** The fields of each run of its own. */
  readonly members: readonly Readonly<Record<string, number>>[];
  readonly steps: number;
}

/** The runs of trials: one for every fold and seed. */
export function trialRuns(recipe: Recipe, trials: readonly Trial[]): readonly TrialRun[] {
  const { folds, repeats } = searchOf(recipe);
  const foldsOf = folds === undefined ? [{}] : Array.from({ length: folds }, (_, fold) => ({ fold }));
  return trials.flatMap(({ index, values }) => {
    const first = typeof values['seed'] === 'number' ? values['seed'] : recipe.seed;
    const seeds = Array.from({ length: repeats }, (_, repeat) => first + repeat);
    return foldsOf.flatMap((fold) => seeds.map((seed) => ({ trial: index, ...fold, seed })));
  });
}

/** The recipe of one run, as it would be trained alone. Throws RecipeError where the trial is no recipe. */
export function runRecipe(recipe: Recipe, fields: readonly Field[], trial: Trial, run: TrialRun): Recipe {
  try {
    return overrideRecipe(baseRecipe(recipe), runOverrides(recipe, fields, trial, run));
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause;
    throw new RecipeError(`search.space, trial ${trial.index} (${JSON.stringify(trial.values)})`, cause.message);
  }
}

function runOverrides(
  recipe: Recipe,
  fields: readonly Field[],
  trial: Trial,
  { fold, seed }: TrialRun,
): Readonly<Record<string, unknown>> {
  const { folds } = searchOf(recipe);
  return {
    ...trialOverrides(fields, trial.values),
    ...(fold !== undefined && { 'data.folds': folds, 'data.fold': fold }),
    seed,
  };
}

/** Sorts runs into groups, in the order in which their kinds come first. Throws RecipeError where a trial is no recipe. */
export function groupRuns(
  recipe: Recipe,
  fields: readonly Field[],
  trials: readonly Trial[],
  runs: readonly TrialRun[],
  dataset: Dataset,
): readonly RunGroup[] {
  const groups = new Map<string, { recipe: Recipe; runs: TrialRun[]; own: Record<string, number>[] }>();
  const byIndex = new Map(trials.map((trial) => [trial.index, trial]));
  for (const run of runs) {
    const trial = byIndex.get(run.trial);
    if (trial === undefined) throw new Error(`no trial ${run.trial}`);
    const alone = runRecipe(recipe, fields, trial, run);
    const own: Record<string, number> = {};
    const key = JSON.stringify(takeOwn(alone, alone, '', own));
    let group = groups.get(key);
    if (group === undefined) {
      group = { recipe: alone, runs: [], own: [] };
      groups.set(key, group);
    }
    group.runs.push(run);
    group.own.push(own);
  }
  return [...groups.values()].map(({ own, ...rest }) => {
    const [first = {}] = own;
    const differing = Object.keys(first).filter((path) => own.some((one) => one[path] !== first[path]));
    // Its seed names each member, even where all agree in it.
    const paths = differing.includes('seed') ? differing : [...differing, 'seed'];
    const members = own.map((one) => Object.fromEntries(paths.map((path) => [path, one[path] ?? 0])));
    const group = { ...rest, members };
    return { ...group, steps: groupSteps(group, dataset) };
  });
}

/**
 * A part of a recipe without the numbers in which the members of a population may differ; these are put into `own`, by path, and null
 * stands in their places.
 */
function takeOwn(alone: Recipe, part: unknown, place: string, own: Record<string, number>): unknown {
  if (typeof part === 'number' && mayDiffer(alone, place)) {
    own[place] = part;
    return null;
  }
  if (typeof part !== 'object' || part === null) return part;
  const at = (name: string): string => (place === '' ? name : `${place}.${name}`);
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, takeOwn(alone, value, at(name), own)]));
}

/** Steps of the whole training; checks that there are rows to choose by. */
function groupSteps({ recipe, members }: Omit<RunGroup, 'steps'>, dataset: Dataset): number {
  const [first = recipe] = memberRecipes({ ...recipe, members: members.slice(0, 1) });
  const { train, validation } = splitDataset(dataset, first.data);
  if (validation.length === 0) {
    throw new RecipeError(
      'data.validation',
      'a search needs rows to choose by. Set it to a share of the rows, such as 0.2, or cross-validate with "search.folds" (--folds).',
    );
  }
  return planDuration(first, train.length).steps;
}

/** The steps at which evaluations cut a group, where a share of its training is done; its end where none comes before. */
export function cutStep({ recipe, members, steps }: RunGroup, dataset: Dataset, share: number): number {
  const [first = recipe] = memberRecipes({ ...recipe, members: members.slice(0, 1) });
  const duration = planDuration(first, splitDataset(dataset, first.data).train.length);
  return nextEvaluation(recipe, duration, Math.ceil(steps * share) - 1);
}

/** Packs groups into populations of about equal size. Throws LimitError where a single run does not fit the device. */
export function packGroups(
  groups: readonly RunGroup[],
  dataset: Dataset,
  limits: Limits,
  until: (group: RunGroup) => number,
  firstNumber: number,
): readonly SearchPopulation[] {
  let number = firstNumber;
  return groups.flatMap((group) => {
    const { recipe, runs, members, steps } = byRows(group);
    const capacity = fittingRuns(group, dataset, limits);
    const count = Math.ceil(runs.length / capacity);
    return Array.from({ length: count }, (_, part): SearchPopulation => {
      const from = Math.round((part * runs.length) / count);
      const to = Math.round(((part + 1) * runs.length) / count);
      const own = members.slice(from, to);
      return {
        name: String(number++).padStart(3, '0'),
        recipe: { ...recipe, members: own },
        runs: runs.slice(from, to),
        capacity,
        deviceBytes: populationBytes(recipe, own, dataset, limits),
        steps,
        until: until(group),
      };
    });
  });
}

/** Runs that see the same rows beside each other: a population of them alone gathers each batch once for all. */
function byRows(group: RunGroup): RunGroup {
  const order = [...group.runs.keys()].toSorted((one, other) => {
    const [a = {}, b = {}] = [group.members[one], group.members[other]];
    const seeds = (a['data.seed'] ?? 0) - (b['data.seed'] ?? 0);
    return seeds || (a['data.fold'] ?? 0) - (b['data.fold'] ?? 0);
  });
  return {
    ...group,
    runs: order.flatMap((index) => group.runs[index] ?? []),
    members: order.map((index) => group.members[index] ?? {}),
  };
}

/** The most runs of a group that fit the device together. */
function fittingRuns({ recipe, members }: RunGroup, dataset: Dataset, limits: Limits): number {
  const fits = (count: number): boolean => {
    try {
      return populationBytes(recipe, members.slice(0, count), dataset, limits) <= limits.memoryBytes;
    } catch (cause) {
      if (!(cause instanceof LimitError)) throw cause;
      return false;
    }
  };
  const bytes = populationBytes(recipe, members.slice(0, 1), dataset, limits);
  if (bytes > limits.memoryBytes) {
    const megabytes = (size: number): string => `${Number((size / 2 ** 20).toPrecision(3))} MiB`;
    throw new LimitError(
      `a single trial needs ${megabytes(bytes)} of device memory, and ${megabytes(limits.memoryBytes)} are allowed. Allow more ` +
        '(--memory), or make the model or its batch smaller.',
    );
  }
  let least = 1;
  let most = members.length;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(middle)) least = middle;
    else most = middle - 1;
  }
  return least;
}

/** Device memory of the plan of a population. Throws LimitError where a buffer fits no binding. */
function populationBytes(recipe: Recipe, members: RunGroup['members'], dataset: Dataset, limits: Limits): number {
  const ways = new Set(members.map((own) => `${own['data.seed']} ${own['data.fold']}`)).size;
  const plan = buildPlan({
    recipe,
    population: members.length,
    dataPopulation: ways === 1 ? 1 : members.length,
    data: { ...dataset, inputs: dataset.inputs instanceof Uint8Array ? 'bytes' : 'floats' },
    maxBindingBytes: limits.maxBindingBytes,
  });
  return peakDeviceBytes(plan);
}
