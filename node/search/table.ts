/** The trials of a search as the rows of a table: on the terminal while they are trained, and as a result. */
import type { MetricName, TrialSummary } from '../../src/search/trials.ts';
import { formatMetric, isShare } from '../metric-names.ts';
import { formatCount, formatNumber, formatPercent } from '../output.ts';

const mostCharacters = 28;

/** One letter per column, as `formatTable` takes it. */
export function tableAlignment(paths: readonly string[]): string {
  return `rr${'r'.repeat(paths.length)}rrrl`;
}

/** The header and a row for each trial, best first, with its metric on validation and on train. `paths` are the fields of the space. */
export function tableRows(table: readonly TrialSummary[], paths: readonly string[], metric: MetricName): string[][] {
  const header = ['rank', 'trial', ...shortNames(paths), metric, 'train', 'steps', 'state'];
  const rows = table.map((trial, index) => {
    const train = trial.train?.[metric];
    return [
      trial.value === undefined ? '' : String(index + 1),
      String(trial.index),
      ...paths.map((path) => sayValue(trial.values[path])),
      sayMean(metric, trial),
      train === undefined ? '' : formatMetric(metric, train),
      formatCount(trial.step),
      sayState(trial),
    ];
  });
  return [header, ...rows];
}

/** The last names of dotted paths, as many of each as tell it from the others and do not begin with a number. */
export function shortNames(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const keys = path.split('.');
    const tails = keys.map((_, index) => keys.slice(index).join('.')).reverse();
    const isClear = (tail: string): boolean =>
      /^[a-z]/i.test(tail) && paths.every((other) => other === path || !`.${other}`.endsWith(`.${tail}`));
    return tails.find(isClear) ?? path;
  });
}

/** A value of a field: numbers short, objects and lists as JSON. */
export function sayValue(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return formatNumber(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text;
}

/** The metric over the runs of a trial: its mean, and its deviation where there are several. */
export function sayMean(metric: MetricName, { value, deviation }: Pick<TrialSummary, 'value' | 'deviation'>): string {
  if (value === undefined) return '';
  if (deviation === undefined) return formatMetric(metric, value);
  return isShare(metric)
    ? `${(100 * value).toFixed(2)} ± ${formatPercent(deviation)}`
    : `${formatNumber(value)} ± ${Number(deviation.toPrecision(2))}`;
}

function sayState({ state, runs, divergedRuns }: TrialSummary): string {
  return state === 'diverged' && runs > 1 ? `${divergedRuns} of ${runs} diverged` : state;
}

/** `1 run`, `1,200 runs`. */
export function sayCount(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
