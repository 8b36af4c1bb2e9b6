/** The decision boundary of a classifier with two inputs: the class that the model gives to every point of the plane, and the rows. */
import type { ChartSpec } from '../chart.ts';
import { categoryColours, ink, toRgb } from '../palette.ts';
import { toDataUri } from '../pixels.ts';
import type { Pixels } from '../pixels.ts';
import { sample } from './figure.ts';
import type { Figure } from './figure.ts';

export interface Plane {
  readonly inputNames: readonly [string, string];
  readonly classNames: readonly string[];
  /** Of the picture, edge to edge. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** Cells on each side; `classes` and `sureness` are [side, side] from the top left. */
  readonly side: number;
  readonly classes: Uint32Array;
  /** 0: as likely as another class; 1: certain. */
  readonly sureness: Float64Array;
  readonly points: readonly PlanePoint[];
}

export interface PlanePoint {
  readonly x: number;
  readonly y: number;
  readonly label: number;
  readonly split: 'train' | 'validation' | 'test';
}

const mostPoints = 1500;

export function boundaryFigure(plane: Plane): Figure {
  const { inputNames, classNames, x, y, points } = plane;
  const colours = categoryColours(classNames.length);
  const shown = sample(points, mostPoints).map(({ label, ...point }) => ({ ...point, name: classNames[label] ?? '' }));
  const splits = (['train', 'validation', 'test'] as const).filter((name) => shown.some(({ split }) => split === name));
  const shapes = { train: 'circle', validation: 'square', test: 'triangle-up' };
  const spec: ChartSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 600,
    height: 600,
    layer: [
      {
        data: { values: [{ x0: x[0], x1: x[1], y0: y[0], y1: y[1], url: toDataUri(drawPlane(plane, colours)) }] },
        mark: { type: 'image', aspect: false },
        encoding: {
          x: {
            field: 'x0',
            type: 'quantitative',
            title: inputNames[0],
            scale: { domain: [...x], nice: false, zero: false },
            axis: { tickCount: 8 },
          },
          x2: { field: 'x1' },
          y: {
            field: 'y0',
            type: 'quantitative',
            title: inputNames[1],
            scale: { domain: [...y], nice: false, zero: false },
            axis: { tickCount: 8 },
          },
          y2: { field: 'y1' },
          url: { field: 'url' },
        },
      },
      {
        data: { values: shown },
        mark: { type: 'point', filled: true, size: 34, stroke: 'white', strokeWidth: 0.6, opacity: 1 },
        encoding: {
          x: { field: 'x', type: 'quantitative' },
          y: { field: 'y', type: 'quantitative' },
          fill: { field: 'name', type: 'nominal', title: 'class', scale: { domain: [...classNames], range: colours } },
          shape: {
            field: 'split',
            type: 'nominal',
            title: 'split',
            scale: { domain: splits, range: splits.map((split) => shapes[split]) },
            legend: { symbolFillColor: ink },
          },
        },
      },
    ],
  };
  const cut = shown.length < points.length ? ` ${shown.length} of ${points.length} rows are drawn.` : '';
  return {
    name: 'boundary',
    alt: `Regions that the model gives to ${classNames.join(', ')} over ${inputNames.join(' and ')}, with the rows.`,
    caption: `Background: the predicted class, the paler the less sure. Points: the rows in the colour of their class.${cut}`,
    drawing: { kind: 'chart', spec },
  };
}

function drawPlane({ side, classes, sureness }: Plane, colours: readonly string[]): Pixels {
  const data = new Uint8Array(4 * side * side);
  for (const [cell, label] of classes.entries()) {
    const alpha = 40 + Math.round(120 * (sureness[cell] ?? 0));
    data.set([...toRgb(colours[label] ?? '#888888'), alpha], 4 * cell);
  }
  return { width: side, height: side, data };
}
