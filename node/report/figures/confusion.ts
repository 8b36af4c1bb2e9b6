/** The confusion matrix: who is taken for whom. Right answers are blue and wrong ones vermillion, deeper with their share of the row. */
import type { ChartSpec } from '../chart.ts';
import { ink, okabeIto } from '../palette.ts';
import type { Figure } from './figure.ts';

/** Cells with count and share; with the count alone; beyond that a picture without numbers. */
const mostClassesWithShares = 10;
const mostClassesWithCounts = 20;

interface Cell {
  readonly actual: string;
  readonly predicted: string;
  readonly count: number;
  /** Of the rows that have the class. */
  readonly share: number;
  readonly right: boolean;
  /** The colour changes most where shares are small. */
  readonly depth: number;
}

/** Counts by class (first index) and predicted class. */
export function confusionFigure(
  confusion: readonly (readonly number[])[],
  names: readonly string[],
  split: string,
): Figure {
  const classCount = names.length;
  const labels = distinct(names);
  const cells = confusion.flatMap((counts, actual) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count, predicted): Cell => {
      const share = total === 0 ? 0 : count / total;
      const right = actual === predicted;
      const depth = Math.sqrt(share);
      return { actual: labels[actual] ?? '', predicted: labels[predicted] ?? '', count, share, right, depth };
    });
  });
  const withShares = classCount <= mostClassesWithShares;
  const withCounts = classCount <= mostClassesWithCounts;
  const cellSize = Math.max(3, Math.min(66, Math.floor((withCounts ? 720 : 640) / classCount)));
  // Labels stand as close as cells do: only those that would touch are left out.
  const overlap = cellSize >= 13 ? { labelOverlap: false as const } : {};
  const spec: ChartSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: cellSize * classCount,
    height: Math.round(cellSize * (withShares ? 0.66 : 1)) * classCount,
    // A large matrix is mostly empty.
    data: { values: withCounts ? cells : cells.filter(({ count }) => count > 0) },
    encoding: {
      x: {
        field: 'predicted',
        type: 'nominal',
        title: 'predicted class',
        sort: labels,
        scale: { domain: labels, paddingInner: 0, paddingOuter: 0 },
        axis: {
          orient: 'top',
          labelAngle: !withShares ? -90 : longest(labels) <= 8 ? 0 : -40,
          labelLimit: 130,
          ticks: false,
          ...overlap,
        },
      },
      y: {
        field: 'actual',
        type: 'nominal',
        title: 'true class',
        sort: labels,
        scale: { domain: labels, paddingInner: 0, paddingOuter: 0 },
        axis: { labelLimit: 160, ticks: false, ...overlap },
      },
    },
    layer: [
      {
        mark: { type: 'rect', stroke: ink, strokeOpacity: withCounts ? 0.15 : 0 },
        encoding: {
          color: {
            field: 'right',
            type: 'nominal',
            scale: { domain: [true, false], range: [okabeIto.blue, okabeIto.vermillion] },
            legend: null,
          },
          fillOpacity: { field: 'depth', type: 'quantitative', scale: { domain: [0, 1], range: [0, 1] }, legend: null },
        },
      },
      ...((withCounts ? [textLayer('count', withShares ? -7 : 0, withShares ? 13 : 10)] : []) as never[]),
      ...((withShares ? [textLayer('share', 9, 10)] : []) as never[]),
    ],
  };
  const worst = cells
    .filter(({ right }) => !right)
    .reduce<Cell | undefined>((top, cell) => (cell.count > (top?.count ?? 0) ? cell : top), undefined);
  const worstText =
    worst === undefined
      ? 'No row was given a wrong class.'
      : `Most frequent mistake: ${worst.count.toLocaleString('en-US')} of "${worst.actual}" were taken for "${worst.predicted}".`;
  const numbers = withShares
    ? 'Each cell: rows, and their share of the class. '
    : withCounts
      ? 'Each cell: rows. '
      : '';
  return {
    name: 'confusion',
    alt: `Confusion matrix of ${classCount} classes on the ${split} rows. ${worstText}`,
    caption:
      `${numbers}Blue: right; vermillion: wrong; the deeper, the larger the share of the row of the matrix (by its square root). ` +
      worstText,
    drawing: { kind: 'chart', spec },
  };
}

function textLayer(field: 'count' | 'share', dy: number, fontSize: number): object {
  return {
    transform: [{ filter: 'datum.count > 0' }],
    mark: { type: 'text', dy, fontSize },
    encoding: {
      text: { field, type: 'quantitative', format: field === 'count' ? ',d' : '.1%' },
      color: { condition: { test: 'datum.depth > 0.72', value: 'white' }, value: ink },
    },
  };
}

/** Names as axis labels: two of the same get their number. */
function distinct(names: readonly string[]): string[] {
  return names.map((name, index) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${index})`));
}

function longest(labels: readonly string[]): number {
  return labels.reduce((most, label) => Math.max(most, label.length), 0);
}
