/** Regressions: the fit over the data with one input, predictions beside targets with several, and what is left over. */
import type { ChartSpec } from '../chart.ts';
import { ink, okabeIto, splitColours } from '../palette.ts';
import { sample } from './figure.ts';
import type { Figure } from './figure.ts';

export interface RegressionPoint {
  readonly split: 'train' | 'validation' | 'test';
  /** Of a single input. */
  readonly x?: number;
  readonly target: number;
  readonly prediction: number;
}

export interface CurveSample {
  readonly x: number;
  readonly y: number;
}

export interface Fit {
  readonly inputName: string;
  readonly points: readonly RegressionPoint[];
  readonly prediction: readonly CurveSample[];
  /** Where the rows come from, if that is known. */
  readonly truth?: readonly CurveSample[];
}

const mostPoints = 2000;
const width = 730;
const schema = 'https://vega.github.io/schema/vega-lite/v6.json';
const splitShapes = { train: 'circle', validation: 'square', test: 'triangle-up' } as const;

/** Rows of every split, the model's curve and the true one. */
export function fitFigure({ inputName, points, prediction, truth }: Fit): Figure {
  const rows = thinSplits(points);
  const curves = [
    ...prediction.map(({ x, y }) => ({ x, y, curve: 'model' })),
    ...(truth ?? []).map(({ x, y }) => ({ x, y, curve: 'true curve' })),
  ];
  const names = truth === undefined ? ['model'] : ['model', 'true curve'];
  const spec: ChartSpec = {
    $schema: schema,
    width,
    height: 380,
    layer: [
      {
        data: { values: rows as never },
        mark: { type: 'point', filled: true, size: 36, opacity: 0.9 },
        encoding: {
          x: {
            field: 'x',
            type: 'quantitative',
            title: inputName,
            scale: { zero: false, nice: false },
            axis: { tickCount: 10 },
          },
          y: {
            field: 'target',
            type: 'quantitative',
            title: 'target and prediction',
            scale: { zero: false },
            axis: { tickCount: 8 },
          },
          ...splitEncoding(rows),
        },
      },
      {
        data: { values: curves },
        mark: { type: 'line', strokeWidth: 2.5 },
        encoding: {
          x: { field: 'x', type: 'quantitative' },
          y: { field: 'y', type: 'quantitative' },
          stroke: {
            field: 'curve',
            type: 'nominal',
            title: null,
            scale: { domain: names, range: [okabeIto.vermillion, ink] },
            legend: { symbolType: 'stroke', symbolSize: 900 },
          },
          strokeDash: {
            field: 'curve',
            type: 'nominal',
            title: null,
            scale: {
              domain: names,
              range: [
                [1, 0],
                [6, 4],
              ],
            },
            legend: { symbolType: 'stroke', symbolSize: 900 },
          },
        },
      },
    ],
  };
  return {
    name: 'fit',
    alt: `Rows of ${splitNames(rows)} with the curve of the model${truth ? ' and the true curve' : ''} over ${inputName}.`,
    caption: `The model between the smallest and the largest ${inputName} of all rows${truth ? '; dashed: the curve that the rows were made from, without its noise' : ''}.${thinNote(points, rows)}`,
    drawing: { kind: 'chart', spec },
  };
}

/** Prediction minus target over the input, or over the prediction where there are several inputs. */
export function residualsFigure(points: readonly RegressionPoint[], inputName: string | undefined): Figure {
  const rows = thinSplits(points).map((point) => ({
    ...point,
    residual: point.prediction - point.target,
    at: inputName === undefined ? point.prediction : point.x,
  }));
  const title = inputName ?? 'prediction';
  const spec: ChartSpec = {
    $schema: schema,
    width,
    height: 220,
    layer: [
      {
        data: { values: [{ zero: 0 }] },
        mark: { type: 'rule', color: ink },
        encoding: { y: { field: 'zero', type: 'quantitative' } },
      },
      {
        data: { values: rows as never },
        mark: { type: 'point', filled: true, size: 32, opacity: 0.9 },
        encoding: {
          x: {
            field: 'at',
            type: 'quantitative',
            title,
            scale: { zero: false, nice: inputName === undefined },
            axis: { tickCount: 10 },
          },
          y: { field: 'residual', type: 'quantitative', title: 'prediction − target' },
          ...splitEncoding(rows),
        },
      },
    ],
  };
  return {
    name: 'residuals',
    alt: `Residuals of ${splitNames(rows)} over ${title}.`,
    caption: `Without pattern, what is left over is noise.${thinNote(points, rows)}`,
    drawing: { kind: 'chart', spec },
  };
}

/** Predictions beside targets; on the line they are equal. */
export function predictionsFigure(points: readonly RegressionPoint[], outputName: string | undefined): Figure {
  const rows = thinSplits(points);
  const all = rows.flatMap(({ target, prediction }) => [target, prediction]);
  const least = all.reduce((one, other) => Math.min(one, other), Infinity);
  const most = all.reduce((one, other) => Math.max(one, other), -Infinity);
  const scale = { domain: [least, most], zero: false, nice: true };
  const spec: ChartSpec = {
    $schema: schema,
    width: 480,
    height: 480,
    layer: [
      {
        data: {
          values: [
            { target: least, prediction: least },
            { target: most, prediction: most },
          ],
        },
        mark: { type: 'line', color: ink, strokeWidth: 1 },
        encoding: { x: { field: 'target', type: 'quantitative' }, y: { field: 'prediction', type: 'quantitative' } },
      },
      {
        data: { values: rows as never },
        mark: { type: 'point', filled: true, size: 32, opacity: 0.9 },
        encoding: {
          x: {
            field: 'target',
            type: 'quantitative',
            title: outputName === undefined ? 'target' : `target: ${outputName}`,
            scale: scale as never,
          },
          y: { field: 'prediction', type: 'quantitative', title: 'prediction', scale: scale as never },
          ...splitEncoding(rows),
        },
      },
    ],
  };
  return {
    name: 'predictions',
    alt: `Predictions beside targets of ${splitNames(rows)}.`,
    caption: `On the line the prediction is the target.${thinNote(points, rows)}`,
    drawing: { kind: 'chart', spec },
  };
}

function thinSplits(points: readonly RegressionPoint[]): RegressionPoint[] {
  const splits = presentSplits(points);
  return splits.flatMap((name) =>
    sample(
      points.filter(({ split }) => split === name),
      Math.floor(mostPoints / splits.length),
    ),
  );
}

function presentSplits(points: readonly RegressionPoint[]): ('train' | 'validation' | 'test')[] {
  return (['train', 'validation', 'test'] as const).filter((name) => points.some(({ split }) => split === name));
}

/** Colour and shape tell the splits apart. */
function splitEncoding(points: readonly RegressionPoint[]): object {
  const splits = presentSplits(points);
  const legend = { symbolSize: 60 };
  return {
    color: {
      field: 'split',
      type: 'nominal',
      title: null,
      scale: { domain: splits, range: splits.map((split) => splitColours[split]) },
      legend,
    },
    shape: {
      field: 'split',
      type: 'nominal',
      title: null,
      scale: { domain: splits, range: splits.map((split) => splitShapes[split]) },
      legend,
    },
  };
}

function splitNames(points: readonly RegressionPoint[]): string {
  return presentSplits(points).join(' and ');
}

function thinNote(points: readonly RegressionPoint[], shown: readonly unknown[]): string {
  return shown.length === points.length
    ? ''
    : ` ${shown.length.toLocaleString('en-US')} of ${points.length.toLocaleString('en-US')} rows are drawn.`;
}
