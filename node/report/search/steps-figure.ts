/** Successive halving: the metric of every trial over the steps, from cut to cut, until it was pruned or reached the end. */
import { formatCount, sayCount } from '../../../src/numbers.ts';
import type { TrialSummary } from '../../../src/search/trials.ts';
import { formatMetric, metricTitle } from '../../metric-names.ts';
import type { Figure } from '../figures/figure.ts';
import { ink, okabeIto } from '../palette.ts';
import {
  edgePixels,
  groupEncoding,
  groupOf,
  metricAxis,
  panelWidth,
  pointMark,
  ringMark,
  presentGroups,
  vegaSchema,
} from './marks.ts';
import { metricOf, valueOf } from './search-data.ts';
import type { SearchData } from './search-data.ts';

interface StepPoint {
  readonly trial: number;
  readonly step: number;
  readonly y: number;
}

interface Cut {
  readonly step: number;
  readonly before: number;
  readonly after: number;
}

const height = 330;
/** A ratio of last and first step from which on a linear axis would crowd the first cuts. */
const logRatio = 6;

/** Undefined where nothing was cut. */
export function stepsFigure(data: SearchData): Figure | undefined {
  const { table, records, metric, best } = data;
  if (!records.some(({ state }) => state === 'cut')) return undefined;
  const paths = new Map(table.map((trial) => [trial.index, stepPoints(data, trial.index)]));
  const points = [...paths.values()].flat();
  if (points.length === 0) return undefined;
  const steps = [...new Set(records.map(({ step }) => step))].toSorted((a, b) => a - b);
  const [first = 1] = steps;
  const last = steps.at(-1) ?? 1;
  const isLog = last / first >= logRatio;
  const cuts = findCuts(data);
  const diverged = table.filter(({ state }) => state === 'diverged');
  const axis = metricAxis(
    metric,
    points.map(({ y }) => y),
    height,
    diverged.length > 0,
  );
  const x = {
    field: 'step',
    type: 'quantitative',
    title: isLog ? 'steps (log scale)' : 'steps',
    scale: {
      type: isLog ? 'log' : 'linear',
      domain: isLog ? [first / (last / first) ** 0.04, last * (last / first) ** 0.03] : [0, last * 1.03],
      nice: false,
    },
    axis: {
      values: [...new Set([...cuts.map(({ step }) => step), last])],
      format: ',',
      labelOverlap: 'greedy',
      grid: false,
    },
  };
  const y = { field: 'y', type: 'quantitative', title: axis.title, scale: axis.scale, axis: axis.axis };
  const pathsOf = (wanted: (trial: TrialSummary) => boolean): StepPoint[] =>
    table.filter(wanted).flatMap(({ index }) => paths.get(index) ?? []);
  const line = (values: readonly StepPoint[], mark: object): object => ({
    data: { values },
    mark: { type: 'line', ...mark },
    encoding: { x, y, detail: { field: 'trial', type: 'nominal' } },
  });
  const ends = table.flatMap((trial) => {
    const end = paths.get(trial.index)?.at(-1);
    return end === undefined || trial.state === 'diverged' ? [] : [{ ...end, group: groupOf(trial) }];
  });
  const lost = diverged.map((trial) => ({ step: trial.step, group: 'diverged' }));
  const bestEnd = ends.find(({ trial }) => trial === best.index);
  const groups = groupEncoding(presentGroups(table));
  const layer = [
    {
      data: { values: cuts },
      mark: { type: 'rule', color: ink, opacity: 0.5, strokeDash: [4, 4] },
      encoding: { x },
    },
    {
      data: {
        values: cuts.map((cut) => ({ ...cut, label: `${formatCount(cut.before)} → ${formatCount(cut.after)}` })),
      },
      mark: { type: 'text', baseline: 'top', align: 'left', dx: 5, dy: 5 },
      encoding: { x, y: { value: 0 }, text: { field: 'label' } },
    },
    line(
      pathsOf(({ state }) => state !== 'done'),
      { color: ink, opacity: 0.35, strokeWidth: 1 },
    ),
    line(
      pathsOf(({ state }) => state === 'done'),
      { color: okabeIto.blue, opacity: 0.8, strokeWidth: 1.6 },
    ),
    line(
      pathsOf(({ index }) => index === best.index),
      { color: okabeIto.blue, strokeWidth: 3.5 },
    ),
    {
      data: { values: lost },
      mark: pointMark(lost.length),
      encoding: { x, y: { value: height - edgePixels }, ...groups },
    },
    {
      data: { values: ends },
      mark: { type: 'point', size: 24, strokeWidth: 1.2, opacity: 0.9 },
      encoding: { x, y, ...groups },
    },
    {
      data: { values: bestEnd ? [{ ...bestEnd, group: 'best' }] : [] },
      mark: ringMark,
      encoding: { x, y, ...groups },
    },
  ].filter((each) => (each as { data: { values: readonly unknown[] } }).data.values.length > 0);
  const pruned = table.filter(({ state }) => state === 'pruned').length;
  const value = valueOf(best);
  const winner = value === undefined ? '' : ` Thick, with a ring: the best, ${formatMetric(metric, value)}.`;
  return {
    name: `${metric}-over-steps`,
    alt:
      `Validation ${metricTitle(metric)} of ${sayCount(table.length, 'trial')} over the steps, up to ${formatCount(last)}; ` +
      `${pruned} were pruned at ${sayCount(cuts.length, 'cut')}.`,
    caption:
      'Each line is a trial from cut to cut (dashed; with the number of trials before and after it). Lines that end in a triangle were ' +
      `pruned there, those that end in a dot were trained to the end.${winner}` +
      (diverged.length > 0 ? ' Crosses on the lower edge: diverged by that step.' : '') +
      ' Where good lines were below others at a cut, halving may have given up too early.',
    drawing: { kind: 'chart', spec: { $schema: vegaSchema, width: panelWidth, height, layer: layer as never } },
  };
}

/** The mean of the runs of a trial after each stretch of its training. */
export function stepPoints({ records, metric }: Pick<SearchData, 'records' | 'metric'>, trial: number): StepPoint[] {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const record of records) {
    const value = record.trial === trial ? metricOf(record, metric) : undefined;
    if (value === undefined) continue;
    const { sum, count } = sums.get(record.step) ?? { sum: 0, count: 0 };
    sums.set(record.step, { sum: sum + value, count: count + 1 });
  }
  return [...sums]
    .map(([step, { sum, count }]) => ({ trial, step, y: sum / count }))
    .toSorted((one, other) => one.step - other.step);
}

/** Where trials were cut, and how many there were before and after. */
function findCuts({ records }: SearchData): Cut[] {
  const steps = new Set(records.filter(({ state }) => state === 'cut').map(({ step }) => step));
  const lastStep = new Map<number, number>();
  for (const { trial, step } of records) lastStep.set(trial, Math.max(step, lastStep.get(trial) ?? 0));
  const reached = [...lastStep.values()];
  return [...steps]
    .toSorted((a, b) => a - b)
    .map((step) => ({
      step,
      before: reached.filter((each) => each >= step).length,
      after: reached.filter((each) => each > step).length,
    }));
}
