/** The metric over one field of a search: along a (logarithmic) axis of numbers, or in a strip for each category. */
import { sayCount } from '../../../src/numbers.ts';
import { axisTicks, placeOf } from '../../../src/recipe/search-axes.ts';
import type { CategoryField, Field } from '../../../src/recipe/search-axes.ts';
import type { TrialSummary } from '../../../src/search/trials.ts';
import { formatMetric, metricTitle } from '../../metric-names.ts';
import { ink } from '../palette.ts';
import type { Figure } from '../figures/figure.ts';
import { axisFormat, sayShort, sayValues, wrapLabel } from './fields.ts';
import {
  barOf,
  edgePixels,
  groupEncoding,
  groupOf,
  labelExpression,
  metricAxis,
  panelWidth,
  pointMark,
  ringMark,
  presentGroups,
  runKind,
  vegaSchema,
  worstFirst,
} from './marks.ts';
import type { Group, MetricAxis } from './marks.ts';
import { valueOf } from './search-data.ts';
import type { SearchData } from './search-data.ts';

interface Mark {
  readonly x: number;
  /** The value; of a mark at the lower edge none. */
  readonly y?: number;
  readonly from?: number;
  readonly to?: number;
  readonly group: Group;
}

const height = 270;
/** Pixels between the middles of marks that lie side by side. */
const swarmStep = 8;

/** `fields`: all of the search, of which `field` is drawn. */
export function fieldFigure(data: SearchData, field: Field, fields: readonly Field[]): Figure {
  const { table, metric, best } = data;
  const diverged = table.filter(({ state, value }) => state === 'diverged' || value === undefined);
  const valued = worstFirst(table, metric);
  const bars = valued.flatMap((trial) => barOf(trial, metric) ?? []);
  const numbers = [...valued.map((trial) => trial.value ?? 0), ...bars];
  const axis = metricAxis(metric, numbers, height, diverged.length > 0);
  const marks = valueMarks(valued, field, metric, axis);
  const bestMark = marks.find(({ trial }) => trial.index === best.index);
  const edge = edgeMarks(diverged, field);
  const x = xChannel(field);
  const y = { field: 'y', type: 'quantitative', title: axis.title, scale: axis.scale, axis: axis.axis };
  const groups = groupEncoding(presentGroups(table));
  const mark = pointMark(table.length);
  const dashes = field.kind === 'category' ? medians(valued, field) : [];
  const layer = [
    {
      data: { values: marks.filter((each) => each.mark.from !== undefined).map((each) => each.mark) },
      mark: { type: 'rule', color: ink, opacity: 0.45, strokeWidth: 1.2 },
      encoding: { x, y: { ...y, field: 'from' }, y2: { field: 'to' } },
    },
    { data: { values: edge }, mark, encoding: { x, y: { value: height - edgePixels }, ...groups } },
    { data: { values: marks.map((each) => each.mark) }, mark, encoding: { x, y, ...groups } },
    {
      data: { values: dashes },
      mark: { type: 'rule', color: ink, strokeWidth: 1.5, strokeDash: [5, 3] },
      encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' }, y },
    },
    {
      data: { values: bestMark ? [{ ...bestMark.mark, group: 'best' }] : [] },
      mark: ringMark,
      encoding: { x, y, ...groups },
    },
  ];
  return {
    name: `${metric}-over-${field.slug}`,
    alt: describe(data, field, diverged.length),
    caption: captionOf(data, field, fields, diverged.length, dashes.length > 0),
    drawing: {
      kind: 'chart',
      spec: { $schema: vegaSchema, width: panelWidth, height, layer: layer.filter(hasValues) as never },
    },
  };
}

function hasValues({ data }: { readonly data: { readonly values: readonly unknown[] } }): boolean {
  return data.values.length > 0;
}

/** A mark for each trial with a value, worst first; within a category side by side where they would lie on each other. */
function valueMarks(
  trials: readonly TrialSummary[],
  field: Field,
  metric: SearchData['metric'],
  axis: MetricAxis,
): { readonly trial: TrialSummary; readonly mark: Mark }[] {
  const offsets = field.kind === 'category' ? swarm(trials, field, axis) : undefined;
  return trials.flatMap((trial) => {
    const place = placeOf(field, trial.values[field.path]);
    const y = valueOf(trial);
    if (place === undefined || y === undefined) return [];
    const bar = barOf(trial, metric);
    const x = place + (offsets?.get(trial) ?? 0);
    return [{ trial, mark: { x, y, ...(bar && { from: bar[0], to: bar[1] }), group: groupOf(trial) } }];
  });
}

/** How far from the middle of its category each mark stands, in categories. */
function swarm(
  trials: readonly TrialSummary[],
  field: CategoryField,
  axis: MetricAxis,
): ReadonlyMap<TrialSummary, number> {
  const band = panelWidth / field.labels.length;
  const mostSteps = Math.max(0, Math.floor((0.42 * band) / swarmStep));
  const taken = new Map<number, { readonly offset: number; readonly pixel: number }[]>();
  const offsets = new Map<TrialSummary, number>();
  for (const trial of trials) {
    const place = placeOf(field, trial.values[field.path]);
    if (place === undefined) continue;
    const others = taken.get(place) ?? [];
    const pixel = axis.pixel(valueOf(trial) ?? 0);
    const near = others.filter((other) => Math.abs(other.pixel - pixel) < swarmStep);
    // Counts how often each step is taken: the first that is free, else the one with the fewest.
    const crowd = (step: number): number => near.filter(({ offset }) => offset === step).length;
    let offset = 0;
    for (let step = 1; step <= mostSteps && crowd(offset) > 0; step++) {
      for (const side of [step, -step]) if (crowd(side) < crowd(offset)) offset = side;
    }
    taken.set(place, [...others, { offset, pixel }]);
    offsets.set(trial, (offset * swarmStep) / band);
  }
  return offsets;
}

/** Crosses at the lower edge, side by side in a category. */
function edgeMarks(trials: readonly TrialSummary[], field: Field): Mark[] {
  const counts = new Map<number, number>();
  return trials.flatMap((trial) => {
    const place = placeOf(field, trial.values[field.path]);
    if (place === undefined) return [];
    const group = 'diverged';
    if (field.kind === 'number') return [{ x: place, group }];
    const band = panelWidth / field.labels.length;
    const before = counts.get(place) ?? 0;
    counts.set(place, before + 1);
    const side = before % 2 === 0 ? before / 2 : -(before + 1) / 2;
    return [{ x: place + Math.max(-0.45, Math.min(0.45, (side * swarmStep) / band)), group }];
  });
}

/** The median of the trials of each category that were trained to their end. */
function medians(trials: readonly TrialSummary[], field: CategoryField): object[] {
  return field.labels.flatMap((_, place) => {
    const sorted = trials
      .filter((trial) => trial.state === 'done' && placeOf(field, trial.values[field.path]) === place)
      .map((trial) => valueOf(trial) ?? 0)
      .toSorted((one, other) => one - other);
    if (sorted.length < 2) return [];
    const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
    return [{ from: place - 0.46, to: place + 0.46, y: (lower + upper) / 2 }];
  });
}

function xChannel(field: Field): object {
  if (field.kind === 'number') {
    return {
      field: 'x',
      type: 'quantitative',
      title: field.isLog ? `${field.path} (log scale)` : field.path,
      scale: { type: field.isLog ? 'log' : 'linear', domain: field.domain, nice: false },
      axis: { values: axisTicks(field, 8), format: axisFormat(field) },
    };
  }
  const band = panelWidth / field.labels.length;
  const labels = field.labels.map((label) => wrapLabel(label, band - 8, 12, 4));
  return {
    field: 'x',
    type: 'quantitative',
    title: field.path,
    scale: { domain: [-0.5, field.labels.length - 0.5], nice: false },
    axis: {
      values: field.labels.map((_, place) => place),
      labelExpr: labelExpression(labels),
      labelOverlap: false,
      labelLimit: band,
      grid: false,
    },
  };
}

function describe({ table, metric, best }: SearchData, field: Field, diverged: number): string {
  const scale = field.kind === 'category' ? 'in strips' : field.isLog ? 'on a logarithmic axis' : 'on an axis';
  const lost = diverged === 0 ? '' : `, ${diverged} of which have diverged`;
  const value = valueOf(best);
  const top =
    value === undefined
      ? 'No trial has a value'
      : `Best: ${formatMetric(metric, value)} at ${sayShort(best.values[field.path])}`;
  return `Validation ${metricTitle(metric)} of ${sayCount(table.length, 'trial')}${lost} over ${field.path}, ${scale}. ${top}.`;
}

function captionOf(
  data: SearchData,
  field: Field,
  fields: readonly Field[],
  diverged: number,
  hasMedians: boolean,
): string {
  const { table, records, metric, best } = data;
  const kind = runKind(records);
  const isFirst = field === fields[0];
  const value = valueOf(best);
  const marks = [
    ...(kind === undefined
      ? ['Each mark is a trial.']
      : [`Each mark is a trial: the mean over its runs; the bar is one standard deviation over ${kind} each way.`]),
    ...(value === undefined
      ? []
      : [`The ring is around the best: ${formatMetric(metric, value)} with ${sayValues(best.values, fields)}.`]),
    ...(table.some(({ state }) => state === 'pruned')
      ? ['Triangles were pruned and stand at the value of their last cut, after fewer steps than the others.']
      : []),
    ...(diverged > 0 ? ['Crosses on the lower edge have diverged and have no value.'] : []),
    ...(fields.length > 1
      ? [
          `The other fields vary too, which spreads the marks: their ${metric === 'loss' ? 'lower' : 'upper'} edge is what this field allows.`,
        ]
      : []),
    ...(metric === 'loss' ? ['Lower is better.'] : []),
  ];
  const dashed = hasMedians ? ['Dashed: the median of the trials that were trained to their end.'] : [];
  return [...(isFirst ? marks : ['Marks as above.']), ...dashed].join(' ');
}
