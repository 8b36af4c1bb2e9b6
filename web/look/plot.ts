/** A frame with axes in units of the data, for what is drawn on a canvas. */
import { axisTicks } from '../../src/recipe/search-axes.ts';
import type { Range } from '../protocol/looking.ts';
import { formatNumber } from '../ui/format.ts';

export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  x(value: number): number;
  y(value: number): number;
}

export interface PlotAxes {
  readonly x: Range;
  readonly y: Range;
  readonly xName: string;
  readonly yName: string;
}

const room = { left: 42, right: 8, top: 8, bottom: 34 };
const tickPixels = 60;

export function openPlot(width: number, height: number, { x, y }: Pick<PlotAxes, 'x' | 'y'>): Plot {
  const inner = {
    left: room.left,
    top: room.top,
    width: Math.max(1, width - room.left - room.right),
    height: Math.max(1, height - room.top - room.bottom),
  };
  const share = (value: number, [least, most]: Range): number => (value - least) / (most - least || 1);
  return {
    ...inner,
    x: (value) => inner.left + share(value, x) * inner.width,
    y: (value) => inner.top + (1 - share(value, y)) * inner.height,
  };
}

/** Axes with ticks and names, over what is drawn already. */
export function drawAxes(
  context: CanvasRenderingContext2D,
  plot: Plot,
  { x, y, xName, yName }: PlotAxes,
  token: (name: string) => string,
): void {
  const { left, top, width, height } = plot;
  context.strokeStyle = token('--line-strong');
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  context.fillStyle = token('--muted');
  context.font = `11px ${token('--font')}`;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const tick of axisTicks({ isLog: false, domain: x }, width / tickPixels)) {
    context.fillRect(Math.round(plot.x(tick)), top + height, 1, 4);
    context.fillText(formatNumber(tick, 3), plot.x(tick), top + height + 6);
  }
  context.fillText(xName, left + width / 2, top + height + 20);
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const tick of axisTicks({ isLog: false, domain: y }, height / tickPixels)) {
    context.fillRect(left - 4, Math.round(plot.y(tick)), 4, 1);
    context.fillText(formatNumber(tick, 3), left - 7, plot.y(tick));
  }
  context.save();
  context.translate(9, top + height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = 'center';
  context.fillText(yName, 0, 0);
  context.restore();
}

/** Least and most of finite numbers, with room around them. */
export function rangeOf(values: Iterable<number>): Range {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least > most) return [0, 1];
  const margin = 0.06 * (most - least || 1);
  return [least - margin, most + margin];
}
