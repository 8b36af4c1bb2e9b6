/** What a search is going to train: its populations, what they differ in, what they take of the device, and how many draws there are. */
import { formatCount } from '../numbers.ts';
import { valueAt } from '../recipe/paths.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { SearchPopulation } from './store.ts';

export interface DescribedPopulation {
  readonly name: string;
  /** Of the fields in which the populations differ, by dotted path. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly runs: number;
  /** The most runs of its kind that fit the device, of those that there are. */
  readonly capacity: number;
  readonly deviceBytes: number;
  readonly steps: number;
}

/** The populations, each with its values of the fields of the space, `paths`, in which they differ. */
export function describePopulations(
  populations: readonly SearchPopulation[],
  paths: readonly string[],
): readonly DescribedPopulation[] {
  const valuesOf = (path: string): unknown[] => populations.map(({ recipe }) => valueAt(recipe, path));
  const columns = paths.map((path) => ({ path, values: valuesOf(path) }));
  const differing = columns.filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
  return populations.map(({ name, runs, capacity, deviceBytes, steps }, index) => ({
    name,
    values: Object.fromEntries(differing.map(({ path, values }) => [path, values[index]])),
    runs: runs.length,
    capacity,
    deviceBytes,
    steps,
  }));
}

/** Where fewer trials were drawn than were asked for: why. */
export function noteDraws({ search }: Recipe, trials: number): string[] {
  if (search?.trials === undefined) return [];
  const isGrid = Object.values(search.space).every(({ grid }) => grid !== undefined);
  const combinations = Object.values(search.space).reduce((product, { grid }) => product * (grid?.length ?? 1), 1);
  if (isGrid) {
    const text = `Nothing of the space is drawn, so that the number of draws, ${formatCount(search.trials)}, has no effect.`;
    return search.trials > 1 ? [text] : [];
  }
  const draws = trials / combinations;
  if (draws >= search.trials) return [];
  return [
    `${formatCount(search.trials)} draws were asked for, but the space has no more than ${formatCount(draws)} different ones.`,
  ];
}
