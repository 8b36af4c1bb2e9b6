/** The trials of a search as the rows of a table: on the terminal while they are trained, and as a result. */
import { formatCount, formatNumber, formatShare } from '../../src/numbers.ts';
import { shortNames } from '../../src/recipe/search-axes.ts';
import { sayValues } from '../../src/recipe/search-values.ts';
import type { MetricName, TrialSummary } from '../../src/search/trials.ts';
import { formatMetric, isShare } from '../metric-names.ts';

/** One letter per column, as `formatTable` takes it. */
export function tableAlignment(paths: readonly string[]): string {
  return `rrr${'r'.repeat(paths.length)}rrl`;
}

/**
 * The header and a row for each of the first trials, best first, with its metric on validation and on train. `paths` are the fields of the
 * space; of their values the cells hold what tells them apart in the whole table.
 */
export function tableRows(
  table: readonly TrialSummary[],
  paths: readonly string[],
  metric: MetricName,
  most = table.length,
): string[][] {
  // What trials are compared by comes before the fields, of which a narrow terminal cuts off the last.
  const header = ['rank', 'trial', metric, ...shortNames(paths), 'train', 'steps', 'state'];
  const columns = paths.map((path) =>
    sayValues(
      table.map(({ values }) => values[path]),
      formatNumber,
    ),
  );
  const rows = table.slice(0, most).map((trial, index) => {
    const train = trial.train?.[metric];
    return [
      trial.value === undefined ? '' : String(index + 1),
      String(trial.index),
      sayMean(metric, trial),
      ...columns.map((column) => column[index] ?? ''),
      train === undefined ? '' : formatMetric(metric, train),
      formatCount(trial.step),
      sayState(trial),
    ];
  });
  return [header, ...rows];
}

/** The metric over the runs of a trial: its mean, and its deviation where there are several. */
export function sayMean(metric: MetricName, { value, deviation }: Pick<TrialSummary, 'value' | 'deviation'>): string {
  if (value === undefined) return '';
  if (deviation === undefined) return formatMetric(metric, value);
  return isShare(metric)
    ? `${(100 * value).toFixed(2)} ± ${formatShare(deviation)}`
    : `${formatNumber(value)} ± ${Number(deviation.toPrecision(2))}`;
}

function sayState({ state, runs, divergedRuns }: TrialSummary): string {
  return state === 'diverged' && runs > 1 ? `${divergedRuns} of ${runs} diverged` : state;
}
