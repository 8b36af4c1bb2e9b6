/** What a search is going to train, in words: its populations, what they differ in, and what they take of the device. */
import type { Recipe } from '../../src/recipe/schema.ts';
import type { SearchPopulation } from '../../src/search/store.ts';
import { formatBytes, formatCount, formatTable } from '../output.ts';
import { sayCount, shortNames } from './table.ts';
import { sayValues } from './values.ts';

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
  const valuesOf = (path: string): unknown[] => populations.map(({ recipe }) => valueAt(recipe, path.split('.')));
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

/** What a recipe has at a path; at a `*`, the first that there is. */
function valueAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return key === undefined ? value : undefined;
  if (key !== '*') return valueAt((value as Readonly<Record<string, unknown>>)[key], rest);
  return Object.values(value)
    .map((each) => valueAt(each, rest))
    .find((each) => each !== undefined);
}

/** One line: how much there is to train, and how it is packed. */
export function sayPopulations(described: readonly DescribedPopulation[], memoryBytes: number): string {
  const runs = described.reduce((sum, each) => sum + each.runs, 0);
  const fields = shortNames(Object.keys(described[0]?.values ?? {}));
  const apart = fields.length > 0 ? `; they differ in ${fields.join(', ')}` : '';
  const most = Math.max(...described.map((each) => each.runs));
  const bytes = formatBytes(Math.max(...described.map((each) => each.deviceBytes)));
  const together = described.length === 1 ? '' : ` of up to ${formatCount(most)}`;
  return (
    `${sayCount(runs, 'run')} in ${sayCount(described.length, 'population')}${together}, with at most ${bytes} of device memory at once ` +
    `(${formatBytes(memoryBytes)} allowed)${apart}`
  );
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

/** A line for each population. */
export function formatPopulations(described: readonly DescribedPopulation[]): string {
  const paths = Object.keys(described[0]?.values ?? {});
  const header = ['population', ...shortNames(paths), 'runs', 'most that fit', 'steps', 'device memory'];
  const columns = paths.map((path) => sayValues(described.map(({ values }) => values[path])));
  const rows = described.map(({ name, runs, capacity, steps, deviceBytes }, index) => [
    name,
    ...columns.map((column) => column[index] ?? ''),
    formatCount(runs),
    formatCount(capacity),
    formatCount(steps),
    formatBytes(deviceBytes),
  ]);
  return formatTable([header, ...rows], `l${'r'.repeat(paths.length)}rrrr`);
}
