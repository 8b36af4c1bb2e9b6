/** The result of a run as the rows of a table: of one network its splits, of a population its members. */
import type { Recipe } from '../../src/recipe/schema.ts';
import type { MetricsJson, ResultJson } from '../../src/train/result-json.ts';
import { formatNumber } from '../ui/format.ts';
import { formatMetric, insideSentence, metricNames, metricTitles, splitNames } from '../ui/metrics.ts';
import type { MetricName } from '../ui/metrics.ts';

const splits = ['test', 'validation', 'train'] as const;

export interface ResultTable {
  /** What the rows are: splits, or members on one split. */
  readonly head: string;
  readonly metrics: readonly MetricName[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly string[] }[];
}

/** The number that counts most, on rows that the network has not seen if there are any. */
export interface Headline {
  readonly label: string;
  readonly value: string;
}

export function resultTable(result: ResultJson, recipe: Recipe): ResultTable {
  const there = splits.filter((split) => result[split] !== undefined);
  const metrics = metricNames.filter((metric) =>
    there.some((split) => result[split]?.[metric] !== undefined && (metric !== 'cost' || hasPenalty(result[split]))),
  );
  const population = recipe.members?.length ?? 1;
  if (population === 1) {
    return {
      head: 'Rows',
      metrics,
      rows: there.map((split) => ({
        name: splitNames[split],
        cells: metrics.map((metric) => say(metric, [result[split]?.[metric]].flat()[0])),
      })),
    };
  }
  const split = there[0] ?? 'train';
  return {
    head: `Member, ${splitNames[split].toLowerCase()} rows`,
    metrics,
    rows: Array.from({ length: population }, (_, member) => ({
      name: memberName(recipe, member),
      cells: metrics.map((metric) => say(metric, [result[split]?.[metric]].flat()[member])),
    })),
  };
}

export function headline(result: ResultJson): Headline {
  const split = splits.find((each) => result[each] !== undefined) ?? 'train';
  const metric = (['accuracy', 'rmse', 'loss'] as const).find((each) => result[split]?.[each] !== undefined) ?? 'loss';
  const values = [result[split]?.[metric]].flat().filter((value) => typeof value === 'number');
  const best = metric === 'accuracy' ? Math.max(...values) : Math.min(...values);
  const name = `${splitNames[split]} ${insideSentence(metricTitles[metric])}`;
  return { label: values.length > 1 ? `${name}, best` : name, value: say(metric, best) };
}

/** What sets a member of a population apart, such as `l2 0.01`. */
export function memberName(recipe: Recipe, member: number): string {
  const overrides = Object.entries(recipe.members?.[member] ?? {});
  if (overrides.length === 0) return `member ${member + 1}`;
  return overrides.map(([path, value]) => `${path.split('.').at(-1) ?? path} ${formatNumber(value, 6)}`).join(', ');
}

function say(metric: MetricName, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return formatMetric(metric, value);
}

function hasPenalty(metrics: MetricsJson | undefined): boolean {
  return JSON.stringify(metrics?.cost) !== JSON.stringify(metrics?.loss);
}
