/** A range test: accuracy and loss of each batch against the learning rate, smoothed, with what they suggest marked. */
import type { RangePoint, RangeTest } from '../../../src/lr-find/range-test.ts';
import { formatNumber } from '../../../src/numbers.ts';
import type { ChartSpec } from '../chart.ts';
import { okabeIto } from '../palette.ts';
import { extentOf } from '../pixels.ts';
import { logScale, numberFormat, thin } from './figure.ts';
import type { Figure } from './figure.ts';

export type DrawnRangeTest = Pick<
  RangeTest,
  'from' | 'to' | 'curve' | 'smoothing' | 'points' | 'ended' | 'suggestions'
>;

interface Panel {
  readonly title: string;
  readonly colour: string;
  readonly format: string;
  readonly height: number;
  readonly raw: (point: RangePoint) => number;
  readonly smoothed: (point: RangePoint) => number;
  readonly domain: readonly [number, number];
}

/** Points of one line that a page of this width can show. */
const mostPoints = 900;
const panelWidth = 780;
const scaleExtent = 56;

const markColours = {
  etaMin: okabeIto.green,
  etaMax: okabeIto.vermillion,
  steepest: okabeIto.purple,
  valley: okabeIto.orange,
} as const;
type MarkName = keyof typeof markColours;
const markNames = Object.keys(markColours) as readonly MarkName[];

/** The figure `lr-find`, of a test with at least one point. */
export function rangeTestFigure(test: DrawnRangeTest): Figure {
  const { points, curve, from, to, suggestions, smoothing } = test;
  const marks = markNames.flatMap((name) => {
    const rate = suggestions[name];
    return rate === undefined ? [] : [{ name, rate, label: `${name} ${formatNumber(rate)}` }];
  });
  const panels = [...accuracyPanel(points), lossPanel(points)];
  const rates = points.map(({ rate }) => rate);
  const spec: ChartSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    spacing: 14,
    vconcat: panels.map((panel, index) =>
      drawPanel(panel, points, marks, rateAxis(rates, curve, index === panels.length - 1), index === 0),
    ) as never,
    resolve: { scale: { color: 'independent' } },
  };
  const found =
    marks.length === 0 ? 'Nothing is suggested.' : `Suggested: ${marks.map(({ label }) => label).join(', ')}.`;
  const shown = panels.map(({ title }) => title).join(' and ');
  const [, lastRate] = extentOf(rates);
  const end = test.ended === 'complete' ? '' : ` The test ended at ${formatNumber(lastRate)}, where the loss diverged.`;
  return {
    name: 'lr-find',
    alt: `Range test: ${shown} of each batch against a learning rate that rises from ${formatNumber(from)} to ${formatNumber(to)}. ${found}${end}`,
    caption:
      `Pale: each batch. Thick: exponential moving average, of which each step keeps ${formatNumber(smoothing)}. ` +
      `${[found, ...suggestions.notes].join(' ')}${end}`,
    drawing: { kind: 'chart', spec },
  };
}

function accuracyPanel(points: readonly RangePoint[]): readonly Panel[] {
  if (points.some(({ smoothedAccuracy }) => smoothedAccuracy === undefined)) return [];
  const smoothed = (point: RangePoint): number => point.smoothedAccuracy ?? 0;
  const [, most] = extentOf(points.map(smoothed));
  return [
    {
      title: 'accuracy',
      colour: okabeIto.blue,
      format: '~%',
      height: 260,
      raw: ({ accuracy }) => accuracy ?? 0,
      smoothed,
      domain: [0, Math.min(1, 1.25 * most + 0.02)],
    },
  ];
}

/** Hardly higher than the loss starts: one that diverges leaves the panel. */
function lossPanel(points: readonly RangePoint[]): Panel {
  const smoothed = (point: RangePoint): number => point.smoothedLoss;
  const [least, most] = extentOf(points.map(smoothed));
  const [, start] = extentOf(points.slice(0, 10).map(smoothed));
  const top = least + 1.1 * (Math.min(most, 1.2 * start) - least);
  const bottom = Math.max(0, least - 0.15 * (top - least));
  return {
    title: 'loss',
    colour: okabeIto.blue,
    format: numberFormat([bottom, top]),
    height: 220,
    raw: ({ loss }) => loss,
    smoothed,
    domain: [bottom, top > bottom ? top : bottom + 1],
  };
}

/** A logarithmic axis where the rate was multiplied from step to step. */
function rateAxis(rates: readonly number[], curve: RangeTest['curve'], titled: boolean): object {
  const log = curve === 'exponential' ? logScale(rates) : undefined;
  const [, most] = extentOf(rates);
  return {
    field: 'rate',
    type: 'quantitative',
    title: titled ? (log ? 'learning rate (log scale)' : 'learning rate') : null,
    scale: log?.scale ?? { domain: [0, most > 0 ? most : 1], nice: false },
    axis: { labels: titled, ticks: titled, ...(log ? { values: log.ticks, format: '~g' } : { tickCount: 10 }) },
  };
}

interface Mark {
  readonly name: MarkName;
  readonly rate: number;
  readonly label: string;
}

function drawPanel(panel: Panel, points: readonly RangePoint[], marks: readonly Mark[], x: object, hasLegend: boolean) {
  const [bottom, top] = panel.domain;
  // Renderers drop a line with a point that is too far outside.
  const highest = top + (top - bottom);
  const lineOf = (value: (point: RangePoint) => number) =>
    thin(
      points.map((point) => ({ rate: point.rate, value: Math.min(highest, value(point)) })),
      mostPoints,
      (point) => point.value,
    );
  const y = {
    field: 'value',
    type: 'quantitative',
    title: panel.title,
    scale: { domain: panel.domain, nice: false, zero: false },
    axis: { minExtent: scaleExtent, maxExtent: scaleExtent, tickCount: 6, format: panel.format },
  };
  const labels = marks.map(({ label }) => label);
  const legend = { orient: 'top', direction: 'horizontal', symbolType: 'stroke', symbolSize: 300, offset: 4 };
  return {
    width: panelWidth,
    height: panel.height,
    layer: [
      {
        data: { values: lineOf(panel.raw) },
        mark: { type: 'line', clip: true, color: panel.colour, strokeWidth: 0.8, opacity: 0.3 },
        encoding: { x, y },
      },
      {
        data: { values: lineOf(panel.smoothed) },
        mark: { type: 'line', clip: true, color: panel.colour, strokeWidth: 2.5 },
        encoding: { x, y },
      },
      {
        data: { values: marks },
        mark: { type: 'rule', clip: true, strokeWidth: 2, strokeDash: [6, 3] },
        encoding: {
          x,
          color: {
            field: 'label',
            type: 'nominal',
            title: null,
            scale: { domain: labels, range: marks.map(({ name }) => markColours[name]) },
            legend: hasLegend && marks.length > 0 ? legend : null,
          },
        },
      },
    ],
  };
}
