/** Learning curves: one panel for each metric, train and validation together, with the learning rate below on the same axis. */
import { spansDecades } from '../../../src/recipe/search-axes.ts';
import type { ChartSpec } from '../chart.ts';
import { isShare, metricTitle } from '../../metric-names.ts';
import { ink, splitColours } from '../palette.ts';
import { extentOf } from '../pixels.ts';
import { epochFormat, epochScale, logScale, mostMarkedPoints, numberFormat, thin } from './figure.ts';
import type { Figure } from './figure.ts';

/** One evaluation of one member; null where it has diverged. */
export interface CurvePoint {
  readonly epoch: number;
  readonly train: Readonly<Record<string, number | null>>;
  readonly validation?: Readonly<Record<string, number | null>>;
}

export interface RatePoint {
  readonly epoch: number;
  readonly rate: number;
}

interface Curve {
  readonly epoch: number;
  readonly value: number;
  readonly split: string;
}

/** Points of one line that a page of this width can show. */
const mostPoints = 600;
const panelWidth = 780;
/** Panels line up because all their scales take the same room. */
const scaleExtent = 56;

/**
 * `lastEpoch`: where the axis ends. `logRate`: the schedule multiplies the rate, so that its logarithm is a line. `topK`: of the top-k
 * accuracy.
 */
export function curvesFigure(
  points: readonly CurvePoint[],
  rates: readonly RatePoint[],
  lastEpoch: number,
  logRate: boolean,
  topK?: number,
): Figure {
  const metrics = metricNames(points);
  const panels = metrics.map((metric) => metricPanel(points, metric, metricTitle(metric, topK), lastEpoch));
  const spec: ChartSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    spacing: 14,
    vconcat: [...panels, ratePanel(rates, lastEpoch, logRate)] as never,
    resolve: { scale: { color: 'shared' } },
  };
  const hasValidation = points.some(({ validation }) => validation !== undefined);
  const best = bestPoint(points, hasValidation);
  const marked = points.length <= mostMarkedPoints ? ' Dots are the evaluation points.' : '';
  return {
    name: 'curves',
    alt:
      `Learning curves of ${metrics.map((metric) => metricTitle(metric, topK)).join(', ')} for ${hasValidation ? 'train and validation' : 'train'} over ` +
      `${formatEpochs(lastEpoch)}, with the learning rate below. ${best}`,
    caption:
      'Train: mean over the training batches since the evaluation before, with the weights as they were then' +
      `${hasValidation ? '; validation: the whole split' : ''}. ${best}${marked}`,
    drawing: { kind: 'chart', spec },
  };
}

/** Loss first, then cost where it differs, then the others. */
export function metricNames(points: readonly CurvePoint[]): string[] {
  const names = new Set(
    points.flatMap(({ train, validation }) => [...Object.keys(train), ...Object.keys(validation ?? {})]),
  );
  const hasPenalty = points.some(({ train }) => train['cost'] !== undefined && train['cost'] !== train['loss']);
  return [...names].filter((name) => name !== 'cost' || hasPenalty);
}

function metricPanel(points: readonly CurvePoint[], metric: string, title: string, lastEpoch: number): object {
  const values = (['train', 'validation'] as const).flatMap((split): readonly Curve[] => {
    const curve = points.flatMap((point): Curve[] => {
      const value = point[split]?.[metric];
      return value === undefined || value === null || !Number.isFinite(value)
        ? []
        : [{ epoch: point.epoch, value, split }];
    });
    return thin(curve, mostPoints, ({ value }) => value);
  });
  const numbers = values.map(({ value }) => value);
  const log = !isShare(metric) && spansDecades(numbers) ? logScale(numbers) : undefined;
  const there = (['train', 'validation'] as const).filter((split) => values.some((value) => value.split === split));
  return {
    width: panelWidth,
    height: metric === 'loss' ? 210 : 150,
    data: { values },
    layer: [
      { mark: { type: 'line', clip: true } },
      ...(points.length <= mostMarkedPoints ? [{ mark: { type: 'point', filled: true, size: 34, opacity: 1 } }] : []),
    ],
    encoding: {
      x: epochEncoding(lastEpoch, false),
      y: {
        field: 'value',
        type: 'quantitative',
        title: log ? `${title} (log scale)` : title,
        scale: log?.scale ?? metricScale(metric, numbers),
        axis: {
          minExtent: scaleExtent,
          maxExtent: scaleExtent,
          ...(log ? { values: log.ticks } : { tickCount: 6 }),
          format: isShare(metric) ? '~%' : log ? '~g' : numberFormat(numbers),
        },
      },
      color: {
        field: 'split',
        type: 'nominal',
        title: null,
        scale: { domain: there, range: there.map((split) => splitColours[split]) },
        legend: { orient: 'top', direction: 'horizontal', symbolType: 'stroke', symbolSize: 300, offset: 4 },
      },
    },
  };
}

/** From the least to the largest value; around a value that is the only one, since an axis of no length has no marks. */
function metricScale(metric: string, values: readonly number[]): object {
  const [least, most] = extentOf(values);
  if (most > least) return { zero: false };
  if (isShare(metric)) return { domain: [Math.max(0, least - 0.1), Math.min(1, most + 0.1)], zero: false, nice: true };
  const room = least === 0 ? 1 : 0.2 * Math.abs(least);
  return { domain: [least - room, most + room], zero: false, nice: true };
}

function ratePanel(rates: readonly RatePoint[], lastEpoch: number, logRate: boolean): object {
  const values = thin(rates, mostPoints, ({ rate }) => rate);
  const numbers = values.map(({ rate }) => rate);
  const log = logRate && spansDecades(numbers) ? logScale(numbers) : undefined;
  return {
    width: panelWidth,
    height: 90,
    data: { values },
    mark: { type: 'line', color: ink, strokeWidth: 1.5, point: values.length === 1 && { color: ink, filled: true } },
    encoding: {
      x: epochEncoding(lastEpoch, true),
      y: {
        field: 'rate',
        type: 'quantitative',
        title: log ? ['learning rate', '(log scale)'] : 'learning rate',
        // A rate that does not change would lie on the frame.
        scale: log?.scale ?? { domain: [0, 1.1 * (extentOf(numbers)[1] || 1)], nice: false },
        axis: {
          minExtent: scaleExtent,
          maxExtent: scaleExtent,
          ...(log ? { values: log.ticks } : { tickCount: 4 }),
          format: log ? '~g' : numberFormat(numbers),
        },
      },
    },
  };
}

function epochEncoding(lastEpoch: number, titled: boolean): object {
  return {
    field: 'epoch',
    type: 'quantitative',
    title: titled ? 'epoch' : null,
    scale: epochScale(lastEpoch),
    axis: { labels: titled, ticks: titled, tickCount: 10, format: epochFormat(lastEpoch) },
  };
}

/** In words: where the loss on validation (else train) was lowest. */
function bestPoint(points: readonly CurvePoint[], hasValidation: boolean): string {
  const split = hasValidation ? 'validation' : 'train';
  let best: { readonly epoch: number; readonly loss: number } | undefined;
  for (const point of points) {
    const loss = point[split]?.['loss'];
    if (typeof loss === 'number' && Number.isFinite(loss) && (best === undefined || loss < best.loss)) {
      best = { epoch: point.epoch, loss };
    }
  }
  if (best === undefined) return '';
  return `Lowest ${split} loss: ${Number(best.loss.toPrecision(4))} at epoch ${Number(best.epoch.toPrecision(6))}.`;
}

function formatEpochs(epochs: number): string {
  return `${Number(epochs.toPrecision(6)).toLocaleString('en-US')} ${epochs === 1 ? 'epoch' : 'epochs'}`;
}
