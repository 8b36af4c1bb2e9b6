/** The trials of a search as rows that can be sorted, and their values along axes. */
import { axisTicks, placeOf } from '../../src/recipe/search-axes.ts';
import type { Field } from '../../src/recipe/search-axes.ts';
import type { MetricName, RunRecord, TrialSummary } from '../../src/search/trials.ts';
import { formatNumber, formatShare } from '../ui/format.ts';

/** `rank`, `trial`, `value`, `train`, `steps`, `state`, or the path of a field. */
export type SortKey = string;

export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}
/** As the search ranks them. */
export const byRank: Sort = { key: 'rank', descending: false };

/** Sorts by a column, or the other way round if it is sorted by it already. */
export function nextSort(sort: Sort, key: SortKey): Sort {
  return { key, descending: sort.key === key && !sort.descending };
}

/** What is not there comes last, whichever way; equals stay in the order of their ranks. */
export function sortTrials(
  table: readonly TrialSummary[],
  metric: MetricName,
  { key, descending }: Sort,
): readonly TrialSummary[] {
  if (key === 'rank') return descending ? table.toReversed() : table;
  const keyed = table.map((trial) => ({ trial, value: sortValue(trial, metric, key) }));
  return keyed
    .toSorted((one, other) => {
      if (one.value === undefined || other.value === undefined) {
        return Number(one.value === undefined) - Number(other.value === undefined);
      }
      const order =
        typeof one.value === 'number' && typeof other.value === 'number'
          ? one.value - other.value
          : String(one.value).localeCompare(String(other.value));
      return descending ? -order : order;
    })
    .map(({ trial }) => trial);
}

function sortValue(trial: TrialSummary, metric: MetricName, key: SortKey): number | string | undefined {
  switch (key) {
    case 'trial':
      return trial.index;
    case 'value':
      return trial.value;
    case 'train':
      return trial.train?.[metric];
    case 'steps':
      return trial.step;
    case 'state':
      return trial.state;
  }
  const value = trial.values[key];
  return value === undefined || typeof value === 'number' ? value : JSON.stringify(value);
}

/** A number of the metric: accuracy in per cent. */
export function sayMetric(metric: MetricName, value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  return metric === 'accuracy' ? formatShare(value) : formatNumber(value);
}

/** The same at an axis. */
export function sayMetricTick(metric: MetricName, value: number): string {
  return metric === 'accuracy' ? `${Number((100 * value).toFixed(2))} %` : formatNumber(value);
}

/** The metric over the runs of a trial: its mean, and its deviation where there are several. */
export function sayMean(metric: MetricName, { value, deviation }: Pick<TrialSummary, 'value' | 'deviation'>): string {
  if (value === undefined || deviation === undefined) return sayMetric(metric, value);
  return metric === 'accuracy'
    ? `${(100 * value).toFixed(2)} ± ${formatShare(deviation)}`
    : `${formatNumber(value)} ± ${formatNumber(deviation, 2)}`;
}

export function sayState({ state, runs, divergedRuns }: TrialSummary, isSearching: boolean): string {
  if (state === 'running' && !isSearching) return 'interrupted';
  return state === 'diverged' && runs > 1 ? `${divergedRuns} of ${runs} diverged` : state;
}

/** Runs of a trial, in the order of folds and seeds. */
export function recordsOf(records: readonly RunRecord[], trial: number): readonly RunRecord[] {
  return records.filter((record) => record.trial === trial);
}

export interface ScatterPoint {
  readonly trial: TrialSummary;
  readonly x: number;
  readonly y: number;
}

/** The metric of every trial over one field; what has no value or no place there is left out. */
export function scatterPoints(table: readonly TrialSummary[], field: Field): readonly ScatterPoint[] {
  return table.flatMap((trial) => {
    const x = placeOf(field, trial.values[field.path]);
    return x === undefined || trial.value === undefined ? [] : [{ trial, x, y: trial.value }];
  });
}

export interface Axis {
  readonly label: string;
  readonly isLog: boolean;
  readonly domain: readonly [least: number, most: number];
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

const mostTicks = 5;

export function axisOf(field: Field): Axis {
  const { shortName: label } = field;
  if (field.kind === 'number') {
    const { isLog, domain } = field;
    return { label, isLog, domain, ticks: axisTicks(field, mostTicks), format: sayTick };
  }
  return {
    label,
    isLog: false,
    domain: [-0.5, field.labels.length - 0.5],
    ticks: [...field.labels.keys()],
    format: (place) => field.labels[place] ?? '',
  };
}

/** A linear axis around some values, with a little air. */
export function axisAround(label: string, values: readonly number[], format: (value: number) => string): Axis {
  const finite = values.filter(Number.isFinite);
  const [least, most] = finite.length === 0 ? [0, 1] : [Math.min(...finite), Math.max(...finite)];
  const air = most > least ? 0.08 * (most - least) : 0.1 * Math.abs(most) || 1;
  const domain = [least - air, most + air] as const;
  return { label, isLog: false, domain, ticks: axisTicks({ isLog: false, domain }, mostTicks), format };
}

/** A logarithmic axis between two positive numbers. */
export function logAxis(label: string, domain: readonly [number, number]): Axis {
  return { label, isLog: true, domain, ticks: axisTicks({ isLog: true, domain }, mostTicks), format: sayTick };
}

/** 0.0001 as 1e-4, so that marks stay apart. */
export function sayTick(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-2 || size >= 1e5)) return value.toExponential();
  return String(Number(value.toPrecision(6)));
}
