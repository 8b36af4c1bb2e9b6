/**
 * Histograms: of the final weights as they are, and of weights and gradients over time as pictures with epoch from left to right, value
 * upwards and density as colour. The bins of an observation reach from its smallest to its largest value, so that they are resampled.
 */
import type { TensorRecord } from '../../../src/train/observation-lines.ts';
import type { ChartSpec } from '../chart.ts';
import type { MemberRecord } from '../observations.ts';
import { okabeIto, viridis } from '../palette.ts';
import { drawValues, extentOf, sequentialMap, toDataUri } from '../pixels.ts';
import { epochFormat, epochScale, numberFormat } from './figure.ts';
import type { Figure } from './figure.ts';

const binCount = 64;
/** Rows and columns of a picture over time. */
const rowCount = 80;
const mostColumns = 160;
/** Share of the values that may lie beyond the axis on each side, at any time. */
const tail = 0.002;
/** Share of the moments that may have more than that beyond it, on each side. */
const shortMoments = 0.05;
const panelWidth = 370;

export interface WeightTensor {
  readonly name: string;
  readonly values: Float32Array;
}

/** Counts of `count` bins of equal width from the smallest to the largest value. */
export function countBins(
  values: Float32Array,
  count: number,
): { readonly min: number; readonly max: number; readonly bins: number[] } {
  const [min, max] = extentOf(values);
  const bins = Array.from({ length: count }, () => 0);
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const bin = max > min ? Math.min(count - 1, Math.floor(((value - min) / (max - min)) * count)) : 0;
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return { min, max, bins };
}

/** One small histogram for each tensor of the trained model. */
export function weightHistogramsFigure(tensors: readonly WeightTensor[]): Figure {
  const panels = tensors.map(({ name, values }) => {
    const { min, max, bins } = countBins(values, binCount);
    const width = max > min ? (max - min) / binCount : Math.max(1e-6, Math.abs(min)) / binCount;
    const rows = bins.map((count, bin) => ({ from: min + bin * width, to: min + (bin + 1) * width, count }));
    return {
      title: `${name}  (${values.length.toLocaleString('en-US')} values)`,
      width: panelWidth,
      height: 120,
      data: { values: rows },
      mark: { type: 'rect', color: okabeIto.blue },
      encoding: {
        x: {
          field: 'from',
          type: 'quantitative',
          title: 'value',
          scale: { zero: false, nice: true },
          axis: { tickCount: 6, format: numberFormat([min, max]) },
        },
        x2: { field: 'to' },
        y: {
          field: 'count',
          type: 'quantitative',
          title: 'count',
          scale: { zero: true, nice: 4 },
          axis: { tickCount: 4, tickMinStep: 1, format: ',.0f' },
        },
        y2: { datum: 0 },
      },
    };
  });
  return {
    name: 'weights-final',
    alt: `Histograms of the trained weights of ${listNames(tensors)}.`,
    caption: `All values of each tensor in ${binCount} bins of equal width from the smallest to the largest.`,
    drawing: { kind: 'chart', spec: inTwoColumns(panels) },
  };
}

/** Histograms of one kind over time, one picture for each tensor; undefined with fewer than two observations. */
export function histogramsOverTimeFigure(
  records: readonly MemberRecord[],
  kind: 'weight' | 'gradient',
  names: readonly string[],
): Figure | undefined {
  const lastEpoch = records.at(-1)?.epoch ?? 0;
  const panels = names.flatMap((name) => {
    const series = records.flatMap(({ epoch, tensors }) => {
      const tensor = tensors.find((each) => each.kind === kind && each.name === name);
      return tensor === undefined || !isDrawable(tensor) ? [] : [{ epoch, tensor }];
    });
    return series.length < 2 ? [] : [timePanel(name, series, lastEpoch)];
  });
  if (panels.length === 0) return undefined;
  const what = kind === 'weight' ? 'weights' : 'gradients';
  return {
    name: `${what}-over-time`,
    alt: `Distribution of the ${what} of ${names.join(', ')} from the start of the run to epoch ${lastEpoch}.`,
    caption:
      `Epoch from left to right, value upwards, colour: share of the values in a row of the picture (empty where there are none). ` +
      `At nearly all times at most ${2 * tail * 100} % of the values lie beyond the axis. ${records.length} observations.`,
    drawing: { kind: 'chart', spec: inTwoColumns(panels) },
  };
}

interface TimedTensor {
  readonly epoch: number;
  readonly tensor: TensorRecord;
}

function isDrawable({ min, max, bins }: TensorRecord): boolean {
  return min !== null && max !== null && bins.some((count) => count > 0);
}

function timePanel(name: string, series: readonly TimedTensor[], lastEpoch: number): object {
  const { least, most, columns, firstEpoch, endEpoch } = resampleOverTime(series);
  const largest = columns.reduce((top, column) => column.reduce((one, other) => Math.max(one, other), top), 0);
  const map = sequentialMap(0, Math.sqrt(largest));
  // The picture's first row is the uppermost.
  const shares = new Float32Array(rowCount * columns.length);
  for (const [column, rows] of columns.entries()) {
    for (const [row, share] of rows.entries()) {
      shares[(rowCount - 1 - row) * columns.length + column] = share > 0 ? Math.sqrt(share) : Number.NaN;
    }
  }
  const picture = drawValues(shares, rowCount, columns.length, map);
  return {
    title: name,
    width: panelWidth - 60,
    height: 150,
    layer: [
      {
        data: { values: [{ from: firstEpoch, to: endEpoch, least, most, url: toDataUri(picture) }] },
        mark: { type: 'image', aspect: false, smooth: false },
        encoding: {
          x: {
            field: 'from',
            type: 'quantitative',
            title: 'epoch',
            scale: epochScale(lastEpoch),
            axis: { tickCount: 5, format: epochFormat(lastEpoch), grid: false },
          },
          x2: { field: 'to' },
          y: {
            field: 'least',
            type: 'quantitative',
            title: 'value',
            scale: { domain: [least, most], nice: false, zero: false },
            axis: { tickCount: 5, format: numberFormat([least, most]), grid: false, labelBound: true },
          },
          y2: { field: 'most' },
          url: { field: 'url' },
        },
      },
      {
        // Draws nothing but the legend.
        data: { values: [{ share: 0 }] },
        mark: { type: 'point', opacity: 0 },
        encoding: {
          color: {
            field: 'share',
            type: 'quantitative',
            title: 'share',
            scale: { type: 'sqrt', domain: [0, largest], range: [...viridis] },
            legend: { format: '~%', tickCount: 3, gradientLength: 120 },
          },
        },
      },
    ],
  };
}

/** The histograms on one axis of values and at even distances in time; a column takes the observation nearest to it. */
export function resampleOverTime(series: readonly TimedTensor[]): {
  readonly least: number;
  readonly most: number;
  /** [column][row], row 0 at the bottom: share of the values. */
  readonly columns: readonly (readonly number[])[];
  readonly firstEpoch: number;
  readonly endEpoch: number;
} {
  const ranges = series.map(({ tensor }) => centralRange(tensor));
  // The largest gradients of a run are often those of its first steps: a few moments may reach beyond the axis.
  const beyond = Math.floor(shortMoments * ranges.length);
  let least = ranges.map(([from]) => from).sort((one, other) => one - other)[beyond] ?? -1;
  let most = ranges.map(([, to]) => to).sort((one, other) => other - one)[beyond] ?? 1;
  if (!(most > least)) {
    const room = Math.max(1e-6, Math.abs(least));
    least -= room;
    most += room;
  }
  const firstEpoch = series[0]?.epoch ?? 0;
  const endEpoch = series.at(-1)?.epoch ?? 1;
  const columnCount = Math.min(mostColumns, Math.max(2, series.length));
  const columns: number[][] = [];
  let nearest = 0;
  for (let column = 0; column < columnCount; column++) {
    const epoch = firstEpoch + ((column + 0.5) / columnCount) * (endEpoch - firstEpoch);
    const distance = (index: number): number => Math.abs((series[index]?.epoch ?? Infinity) - epoch);
    while (distance(nearest + 1) <= distance(nearest)) nearest++;
    const chosen = series[nearest];
    if (chosen !== undefined) columns.push(resampleBins(chosen.tensor, least, most, rowCount));
  }
  return { least, most, columns, firstEpoch, endEpoch };
}

/** Shares of the values in `rows` bins from `least` to `most`; a bin that is cut is divided by length. */
export function resampleBins(
  { min, max, bins }: Pick<TensorRecord, 'min' | 'max' | 'bins'>,
  least: number,
  most: number,
  rows: number,
): number[] {
  const shares = Array.from({ length: rows }, () => 0);
  const total = bins.reduce((sum, count) => sum + count, 0);
  const from = min ?? 0;
  const width = ((max ?? 0) - from) / bins.length;
  const rowOf = (value: number): number => ((value - least) / (most - least)) * rows;
  const add = (row: number, share: number): void => {
    if (row >= 0 && row < rows) shares[row] = (shares[row] ?? 0) + share;
  };
  for (const [bin, count] of bins.entries()) {
    if (count === 0) continue;
    const start = rowOf(from + bin * width);
    const end = rowOf(from + (bin + 1) * width);
    if (end - start < 1e-9) {
      add(Math.min(rows - 1, Math.floor(start)), count / total);
      continue;
    }
    for (let row = Math.max(0, Math.floor(start)); row < Math.min(rows, end); row++) {
      const overlap = Math.min(end, row + 1) - Math.max(start, row);
      if (overlap > 0) add(row, (count / total) * (overlap / (end - start)));
    }
  }
  return shares;
}

/** From bin to bin, all but a tail of the values on each side. */
function centralRange({ min, max, bins }: TensorRecord): readonly [number, number] {
  const total = bins.reduce((sum, count) => sum + count, 0);
  const from = min ?? 0;
  const width = ((max ?? 0) - from) / bins.length;
  const beyond = (order: readonly number[]): number => {
    let sum = 0;
    return order.findIndex((count) => (sum += count) > tail * total);
  };
  return [from + beyond(bins) * width, from + (bins.length - beyond(bins.toReversed())) * width];
}

function inTwoColumns(panels: readonly object[]): ChartSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    columns: 2,
    spacing: 24,
    concat: panels as never,
    resolve: { scale: { color: 'independent' }, legend: { color: 'independent' } },
  };
}

function listNames(tensors: readonly WeightTensor[]): string {
  return tensors.map(({ name }) => name).join(', ');
}
