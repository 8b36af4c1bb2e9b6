/** What every figure of a search shares: how a trial is marked by what became of it, and the axis of the metric. */
import { spansDecades } from '../../../src/recipe/search-axes.ts';
import type { RunRecord, TrialSummary } from '../../../src/search/trials.ts';
import { isShare, metricTitle } from '../../metric-names.ts';
import { logScale, numberFormat } from '../figures/figure.ts';
import { ink, okabeIto } from '../palette.ts';
import { extentOf } from '../pixels.ts';
import type { SearchData } from './search-data.ts';
import { valueOf } from './search-data.ts';

/** Width of the drawing of a figure with one panel; axis and padding take the rest of the page. */
export const panelWidth = 870;
/** How far above the lower edge marks without a value stand. */
export const edgePixels = 9;

export const vegaSchema = 'https://vega.github.io/schema/vega-lite/v6.json';

/** Area of a mark, as Vega counts it. */
const markSize = 46;

/** A grey that stands back on a white and on a dark page. */
const quiet = '#828a93';

/** How trials are told apart: by stage, and by what became of them; `best` is drawn around another mark. */
const groupStyles = {
  done: { fill: okabeIto.blue, stroke: okabeIto.blue, shape: 'circle' },
  coarse: { fill: okabeIto.blue, stroke: okabeIto.blue, shape: 'circle' },
  fine: { fill: okabeIto.orange, stroke: okabeIto.orange, shape: 'square' },
  pruned: { fill: 'none', stroke: quiet, shape: 'triangle-down' },
  diverged: { fill: 'none', stroke: okabeIto.vermillion, shape: 'M-1,-1L1,1M-1,1L1,-1' },
  // A circle of 2.3 times the radius of the others.
  best: { fill: 'none', stroke: ink, shape: 'M2.3,0A2.3,2.3,0,1,1,-2.3,0A2.3,2.3,0,1,1,2.3,0' },
} as const;

export type Group = keyof typeof groupStyles;
const groupNames = Object.keys(groupStyles) as readonly Group[];

export function groupOf({ state, stage }: TrialSummary): Group {
  if (state === 'diverged' || state === 'pruned') return state;
  return stage === 'only' ? 'done' : stage;
}

/** The groups that are there, in one order; the best among them. */
export function presentGroups(table: readonly TrialSummary[]): Group[] {
  const there = new Set<Group>(table.map(groupOf));
  return groupNames.filter((name) => there.has(name) || name === 'best');
}

/** Colour and shape of the field `group`, with one legend for both above the drawing. */
export function groupEncoding(groups: readonly Group[]): object {
  const channel = (style: 'fill' | 'stroke' | 'shape'): object => ({
    field: 'group',
    type: 'nominal',
    title: null,
    scale: { domain: groups, range: groups.map((name) => groupStyles[name][style]) },
    legend: {
      orient: 'top',
      direction: 'horizontal',
      offset: 6,
      columnPadding: 18,
      symbolSize: markSize,
      symbolStrokeWidth: 1.6,
      symbolOffset: 5,
      labelOffset: 12,
      clipHeight: 24,
    },
  });
  return { fill: channel('fill'), stroke: channel('stroke'), shape: channel('shape') };
}

/** Marks of so many trials: smaller where they would cover each other. */
export function pointMark(count: number): object {
  return { type: 'point', size: count > 250 ? 22 : markSize, strokeWidth: count > 250 ? 1.2 : 1.6, opacity: 0.9 };
}

/** The ring around the best. */
export const ringMark = { type: 'point', size: markSize, strokeWidth: 1.8, opacity: 1 } as const;

/** Where the numbers of a metric stand in a drawing of some height. */
export interface MetricAxis {
  readonly title: string;
  readonly scale: { readonly type: 'linear' | 'log'; readonly domain: readonly [number, number]; readonly nice: false };
  readonly axis: object;
  /** Pixels from the top. */
  readonly pixel: (value: number) => number;
}

/** An axis over all of the values; `hasEdge`: with room at the lower edge for what has no value. */
export function metricAxis(
  metric: SearchData['metric'],
  values: readonly number[],
  height: number,
  hasEdge: boolean,
): MetricAxis {
  const [least, most] = extentOf(values);
  const isLog = !isShare(metric) && spansDecades(values);
  const room = 14;
  const lowerRoom = hasEdge ? room + 2 * edgePixels : room;
  const forward = isLog ? Math.log : (value: number): number => value;
  const back = isLog ? Math.exp : (value: number): number => value;
  const flat = most > least ? forward(most) - forward(least) : isShare(metric) ? 0.1 : 0.2 * Math.abs(least) || 1;
  const perPixel = flat / (height - room - lowerRoom);
  const domain = [back(forward(least) - lowerRoom * perPixel), back(forward(most) + room * perPixel)] as const;
  const title = `validation ${metricTitle(metric)}${isLog ? ' (log scale)' : ''}`;
  const format = isShare(metric) ? '~%' : isLog ? '~g' : numberFormat(values);
  return {
    title,
    scale: { type: isLog ? 'log' : 'linear', domain, nice: false },
    axis: { ...(isLog ? { values: logScale(values).ticks } : { tickCount: 6 }), format },
    pixel: (value) => (forward(domain[1]) - forward(value)) / perPixel,
  };
}

/** Ends of a bar of one standard deviation each way, within the axis. */
export function barOf(
  { value, deviation }: Pick<TrialSummary, 'value' | 'deviation'>,
  metric: SearchData['metric'],
): readonly [from: number, to: number] | undefined {
  if (value === undefined || !Number.isFinite(value) || deviation === undefined || !Number.isFinite(deviation)) {
    return undefined;
  }
  const to = isShare(metric) ? Math.min(1, value + deviation) : value + deviation;
  // A loss is no less than 0; on a logarithmic axis a bar ends where half of the value is left.
  return [Math.max(isShare(metric) ? 0 : value / 2, value - deviation), to];
}

/** Trials with a value, worst first, so that the best is drawn last. */
export function worstFirst(table: readonly TrialSummary[], metric: SearchData['metric']): readonly TrialSummary[] {
  const sign = metric === 'accuracy' ? 1 : -1;
  return table
    .filter((trial) => valueOf(trial) !== undefined)
    .toSorted((one, other) => sign * ((valueOf(one) ?? 0) - (valueOf(other) ?? 0)));
}

/** What one of several runs of a trial is, in words: `fold`, `seed`, `fold and seed`; undefined where a trial has one run. */
export function runKind(records: readonly RunRecord[]): string | undefined {
  const first = records[0]?.trial;
  const own = records.filter(({ trial }) => trial === first);
  const hasFolds = new Set(own.map(({ fold }) => fold)).size > 1;
  const hasSeeds = new Set(own.map(({ seed }) => seed)).size > 1;
  if (hasFolds && hasSeeds) return 'fold and seed';
  return hasFolds ? 'fold' : hasSeeds ? 'seed' : undefined;
}

/** A Vega expression for the label at a whole number, from 0; a label may be several lines. Vega takes no line separators in texts. */
export function labelExpression(labels: readonly (string | readonly string[])[]): string {
  const texts = JSON.stringify(labels).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  return `${texts}[datum.value]`;
}
