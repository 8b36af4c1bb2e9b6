/** How training moves, layer by layer and over time: size of the updates beside the weights, and units that never answer. */
import type { ChartSpec } from '../chart.ts';
import type { MemberRecord } from '../observations.ts';
import { textWidth } from '../font.ts';
import { categoryColours, figureWidth, ink } from '../palette.ts';
import { epochFormat, epochScale, logScale, mostMarkedPoints, thin } from './figure.ts';
import type { Figure } from './figure.ts';

interface LinePoint {
  readonly epoch: number;
  readonly value: number;
  readonly line: string;
}

const mostPoints = 300;
const mostLegendLines = 24;
/** Room for the legend, per column, and for the axis on the left. */
const legendFontSize = 12;
const legendLimit = 200;
const symbolWidth = 50;
const scaleWidth = 90;
const dashes = [
  [1, 0],
  [8, 3],
  [2, 2],
  [8, 3, 2, 3],
];
/**
 * "A rough heuristic is that this ratio should be somewhere around 1e-3" (CS231n, Stanford University, notes on neural networks 3): a
 * factor of three each way.
 */
const usualRatio = { from: 1e-3 / 3, to: 3e-3 };

/** rms(update) / rms(weight) of each tensor at each observation. */
export function updateRatios(records: readonly MemberRecord[], names: readonly string[]): LinePoint[] {
  return records.flatMap(({ epoch, tensors }) =>
    names.flatMap((name): LinePoint[] => {
      const rmsOf = (kind: string): number =>
        tensors.find((each) => each.kind === kind && each.name === name)?.rms ?? 0;
      const value = rmsOf('update') / rmsOf('weight');
      return Number.isFinite(value) && value > 0 ? [{ epoch, value, line: name }] : [];
    }),
  );
}

export function updateRatiosFigure(records: readonly MemberRecord[], names: readonly string[]): Figure | undefined {
  const points = updateRatios(records, names);
  if (points.length === 0) return undefined;
  const values = points.map(({ value }) => value);
  const { scale, ticks } = logScale([...values, usualRatio.from, usualRatio.to]);
  const lastEpoch = records.at(-1)?.epoch ?? 0;
  const band = {
    data: { values: [usualRatio] },
    mark: { type: 'rect', color: ink, opacity: 0.1 },
    encoding: { y: { field: 'from', type: 'quantitative' }, y2: { field: 'to' } },
  };
  const lines = linesLayer(points, names, lastEpoch, {
    title: 'rms(update) / rms(weight)',
    scale,
    axis: { values: ticks, format: '~g' },
  });
  return {
    name: 'update-ratios',
    alt: `Ratio of update to weight of ${names.join(', ')} over time, on a logarithmic axis.`,
    caption:
      'How much one step changes a tensor, relative to its size. The grey band is the usual rule of thumb, 1e-3 within a factor of ' +
      'three: far above, training is rough; far below, it is slow.',
    drawing: { kind: 'chart', spec: lineChart([band, ...lines], 260, names) },
  };
}

export function deadUnitsFigure(records: readonly MemberRecord[]): Figure | undefined {
  const points = records.flatMap(({ epoch, deadUnits }) =>
    deadUnits.flatMap(({ layer, share }): LinePoint[] =>
      share === null ? [] : [{ epoch, value: share, line: layer }],
    ),
  );
  if (points.length === 0) return undefined;
  const layers = [...new Set(points.map(({ line }) => line))];
  const most = points.reduce((top, { value }) => Math.max(top, value), 0);
  const lines = linesLayer(points, layers, records.at(-1)?.epoch ?? 0, {
    title: 'dead units',
    // Ends no lower than at 5 %, so that a single unit does not look like a catastrophe.
    scale: { domain: [0, Math.min(1, Math.max(0.05, 1.1 * most))], nice: true },
    axis: { tickCount: 5, format: '~%' },
  });
  return {
    name: 'dead-units',
    alt: `Share of units that are 0 for every row of a batch, of ${layers.join(', ')}; at most ${Number((100 * most).toPrecision(3))} %.`,
    caption:
      'Share of the units (or channels) of a layer whose output is 0 for every row of the batch that was observed.',
    drawing: { kind: 'chart', spec: lineChart(lines, 200, layers) },
  };
}

function linesLayer(points: readonly LinePoint[], names: readonly string[], lastEpoch: number, y: object): object[] {
  const values = names.flatMap((name) =>
    thin(
      points.filter(({ line }) => line === name),
      mostPoints,
      ({ value }) => value,
    ),
  );
  const isFew = values.length <= mostMarkedPoints * names.length && values.length / names.length <= mostMarkedPoints;
  const legend = { symbolType: 'stroke', symbolSize: 900, columns: legendColumns(names), labelLimit: legendLimit };
  return [
    {
      data: { values },
      mark: { type: 'line', ...(isFew && { point: { filled: true, size: 28 } }) },
      encoding: {
        x: {
          field: 'epoch',
          type: 'quantitative',
          title: 'epoch',
          scale: epochScale(lastEpoch),
          axis: { tickCount: 10, format: epochFormat(lastEpoch) },
        },
        y: { field: 'value', type: 'quantitative', ...y },
        color: {
          field: 'line',
          type: 'nominal',
          title: null,
          scale: { domain: names, range: categoryColours(names.length) },
          legend,
        },
        // A second mark of each line beside its colour.
        strokeDash: {
          field: 'line',
          type: 'nominal',
          title: null,
          scale: { domain: names, range: names.map((_, index) => dashes[index % dashes.length]) },
          legend,
        },
      },
    },
  ];
}

/** As high as asked for, or as its legend, which takes its room from the width. */
function lineChart(layer: readonly object[], height: number, names: readonly string[]): ChartSpec {
  const widest = names.reduce((most, name) => Math.max(most, textWidth(name, legendFontSize)), 0);
  const legendWidth = legendColumns(names) * (Math.min(legendLimit, widest) + symbolWidth);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: Math.floor(figureWidth - scaleWidth - legendWidth),
    height: Math.max(height, 25 * Math.ceil(names.length / legendColumns(names))),
    layer: layer as never,
  };
}

function legendColumns(names: readonly string[]): number {
  return names.length > mostLegendLines ? 2 : 1;
}
