/** Several runs beside one another: their curves, their metrics, and what differs between their recipes. */
import { recipeDifferences } from '../../src/recipe/differences.ts';
import { valueAt } from '../../src/recipe/paths.ts';
import type { EvaluationEvent, Metrics } from '../../src/train/events.ts';
import type { MetricsJson } from '../../src/train/result-json.ts';
import type { StoredRun } from '../protocol/runs.ts';
import { formatCount, formatSeconds } from '../ui/format.ts';
import { formatMetric, insideSentence, isShare, metricNames, metricTitles, splitNames } from '../ui/metrics.ts';

export type Quantity = keyof Metrics | 'learningRate';
export type Split = 'train' | 'validation' | 'test';
/** What stands for a population: its first member, or the mean of those that have a number. */
export type Stand = 'first' | 'mean';

export const quantityNames: Readonly<Record<Quantity, string>> = { ...metricTitles, learningRate: 'Learning rate' };

/** The runs' names; those that are the same have the number of their colour behind them. */
export function labelRuns(runs: readonly { readonly stored: StoredRun; readonly colour: number }[]): string[] {
  const names = runs.map(({ stored }) => stored.entry.name);
  return runs.map(({ stored: { entry }, colour }) =>
    names.filter((name) => name === entry.name).length > 1 ? `${entry.name} · ${colour + 1}` : entry.name,
  );
}

/** The quantities that any of the runs has. */
export function quantitiesOf(runs: readonly StoredRun[]): Quantity[] {
  const has = (quantity: Quantity): boolean =>
    runs.some(({ evaluations }) =>
      evaluations.some(({ members }) =>
        members.some((member) => quantity === 'learningRate' || member.train[quantity] !== undefined),
      ),
    );
  return (Object.keys(quantityNames) as Quantity[]).filter(has);
}

export interface RunCurve {
  readonly split: 'train' | 'validation';
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** The curve of a quantity over the evaluations of a run, on each split that has it; a learning rate belongs to the training rows. */
export function curvesOf(
  evaluations: readonly EvaluationEvent[],
  quantity: Quantity,
  xAxis: 'step' | 'epoch',
  stand: Stand,
): RunCurve[] {
  return (['train', 'validation'] as const).flatMap((split): RunCurve[] => {
    const points = evaluations.flatMap((evaluation) => {
      const values = evaluation.members.map((member) => {
        if (quantity !== 'learningRate') return member[split]?.[quantity];
        return split === 'train' ? member.learningRate : undefined;
      });
      const value = standFor(values, stand);
      return value === undefined ? [] : [{ x: evaluation[xAxis], y: value }];
    });
    return points.length === 0 ? [] : [{ split, x: points.map(({ x }) => x), y: points.map(({ y }) => y) }];
  });
}

/** The number of a population; undefined where it has none that is finite. */
export function standFor(values: readonly (number | null | undefined)[], stand: Stand): number | undefined {
  const asked = stand === 'first' ? values.slice(0, 1) : values;
  const known = asked.flatMap((value) => (typeof value === 'number' && Number.isFinite(value) ? [value] : []));
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

export interface ComparedRow {
  readonly name: string;
  /** One for each run. */
  readonly texts: readonly string[];
  /** The runs with the best value, where they do not all have the same. */
  readonly best: ReadonlySet<number>;
}

const none = '–';

/** The metrics of the runs; of a run that is not finished those of its last evaluation. */
export function metricRows(runs: readonly StoredRun[], stand: Stand): ComparedRow[] {
  const ends = runs.map(endOf);
  const rows = (['test', 'validation', 'train'] as const).flatMap((split) =>
    metricNames.map((metric): ComparedRow => {
      const values = ends.map((end) => standFor([end[split]?.[metric]].flat(), stand));
      const best = isShare(metric) || metric === 'r2' ? Math.max : Math.min;
      const format = (value: number): string => formatMetric(metric, value);
      return row(`${splitNames[split]} ${insideSentence(quantityNames[metric])}`, values, best, format);
    }),
  );
  const about = (name: string, read: (run: StoredRun) => number | undefined, format: (value: number) => string) =>
    row(name, runs.map(read), undefined, format);
  return [
    ...rows,
    about('Steps', ({ entry }) => entry.step, formatCount),
    about('Parameters', ({ result }) => result?.parameters, formatCount),
    about('Training time', ({ entry }) => entry.seconds, formatSeconds),
    about('Samples a second', ({ result }) => result?.samplesPerSecond, formatCount),
  ].filter(({ texts }) => texts.some((text) => text !== none));
}

type End = Partial<Record<Split, Partial<MetricsJson>>>;

/** How a run ended, or how it stands: numbers of its members as lists. */
function endOf({ result, evaluations }: StoredRun): End {
  if (result !== undefined) return result;
  const members = evaluations.at(-1)?.members ?? [];
  const metricsOf = (split: 'train' | 'validation'): Partial<MetricsJson> =>
    Object.fromEntries(metricNames.map((metric) => [metric, members.map((member) => member[split]?.[metric] ?? null)]));
  return { train: metricsOf('train'), validation: metricsOf('validation') };
}

function row(
  name: string,
  values: readonly (number | undefined)[],
  best: ((...values: number[]) => number) | undefined,
  format: (value: number) => string,
): ComparedRow {
  const known = values.filter((value) => value !== undefined);
  const bestValue = best === undefined || new Set(known).size < 2 ? undefined : best(...known);
  return {
    name,
    texts: values.map((value) => (value === undefined ? none : format(value))),
    best: new Set(values.flatMap((value, index) => (value !== undefined && value === bestValue ? [index] : []))),
  };
}

export interface DifferingField {
  /** Such as `optimizer.learningRate`. */
  readonly place: string;
  /** One for each run. */
  readonly texts: readonly string[];
}

/** What a recipe says of itself: no part of the run. */
const descriptive: readonly string[] = ['name', 'description'];

/** The fields in which any of the recipes differs from the first, in the order of the recipe. */
export function differingFields(recipes: readonly unknown[]): DifferingField[] {
  const [first, ...others] = recipes;
  const places = new Set(others.flatMap((other) => recipeDifferences(first, other).map(({ place }) => place)));
  return (
    [...places]
      // What is missing as a whole in one recipe is shown as a whole.
      .filter((place) => !descriptive.includes(place) && ![...places].some((outer) => place.startsWith(`${outer}.`)))
      .map((place) => ({ place, texts: recipes.map((recipe) => sayValue(valueAt(recipe, place))) }))
  );
}

/** Tables without brackets and quotes, which tell nothing here. */
function sayValue(value: unknown): string {
  if (value === undefined) return none;
  if (Array.isArray(value)) return value.map(sayValue).join('; ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key}: ${sayValue(inner)}`)
    .join(', ');
}
