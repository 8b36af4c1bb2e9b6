/** Points, lines and marked places over an axis that may be logarithmic or of categories, on a canvas. Points can be chosen. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { openCanvas, traceDot } from '../charts/canvas.ts';
import { faint, readPalette } from '../charts/palette.ts';
import { isDark } from '../state/view.ts';
import type { Axis } from './trial-view.ts';

export interface ChartPoint {
  readonly key: number;
  readonly x: number;
  readonly y: number;
  /** Under the pointer. */
  readonly text: string;
  /** Of trials that were given up. */
  readonly isFaint?: boolean;
}

export interface ChartLine {
  readonly token: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly isFaint?: boolean;
}

/** A place on the axis, with a name at its top; given from left to right. */
export interface ChartRule {
  readonly x: number;
  readonly text: string;
  readonly token: string;
}

interface XyChartProps {
  readonly title: string;
  /** What there is to see, for screen readers. */
  readonly summary: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly points?: readonly ChartPoint[];
  readonly lines?: readonly ChartLine[];
  readonly rules?: readonly ChartRule[];
  /** Key of the point with a ring. */
  readonly chosen?: number | undefined;
  readonly onChoose?: (key: number) => void;
  readonly height?: number;
}

const margin = { left: 56, right: 12, top: 10, bottom: 38 };
const ruleLine = 14;
const pointRadius = 4;
const reach = 18;

type Place = readonly [left: number, top: number];

export function XyChart(props: XyChartProps) {
  const { title, summary, points = [], onChoose, height = 210 } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const pointed = useSignal('');
  const dark = isDark.value;

  useEffect(() => {
    const drawn = canvas.current;
    if (drawn === null) return;
    const draw = (): void => drawChart(drawn, props);
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(drawn);
    return () => observer.disconnect();
  }, [props, dark]);

  function nearest(event: MouseEvent): ChartPoint | undefined {
    const drawn = canvas.current;
    if (drawn === null) return undefined;
    const place = placer(props, drawn.clientWidth, drawn.clientHeight);
    const distances = points.map((point) => {
      const [left, top] = place(point.x, point.y);
      return Math.hypot(left - event.offsetX, top - event.offsetY);
    });
    const least = Math.min(...distances);
    return least <= reach ? points[distances.indexOf(least)] : undefined;
  }

  return (
    <figure class="search-chart" aria-label={title}>
      <figcaption>
        <h3>{title}</h3>
        <span class="small muted number">{pointed}</span>
      </figcaption>
      <canvas
        ref={canvas}
        role="img"
        aria-label={summary}
        style={{ height: `${height}px` }}
        data-choosable={onChoose !== undefined}
        onPointerMove={(event) => {
          pointed.value = nearest(event)?.text ?? '';
        }}
        onPointerLeave={() => {
          pointed.value = '';
        }}
        onClick={(event) => {
          const point = nearest(event);
          if (point !== undefined) onChoose?.(point.key);
        }}
      />
    </figure>
  );
}

/** Where a point lies on the canvas, in CSS pixels. */
function placer({ x, y, rules = [] }: XyChartProps, width: number, height: number): (x: number, y: number) => Place {
  const top = margin.top + rules.length * ruleLine;
  const along = ({ isLog, domain: [least, most] }: Axis, value: number): number => {
    const scale = isLog ? Math.log : Number;
    return (scale(value) - scale(least)) / (scale(most) - scale(least));
  };
  return (at, value) => [
    margin.left + along(x, at) * (width - margin.left - margin.right),
    height - margin.bottom - along(y, value) * (height - margin.bottom - top),
  ];
}

function drawChart(canvas: HTMLCanvasElement, props: XyChartProps): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0) return;
  const context = openCanvas(canvas, width, height);
  if (context === null) return;
  context.font = '11px system-ui, sans-serif';
  const colour = readPalette();
  const place = placer(props, width, height);
  const box = {
    left: margin.left,
    right: width - margin.right,
    top: place(props.x.domain[0], props.y.domain[1])[1],
    bottom: height - margin.bottom,
  };
  drawAxes(context, props, place, box, colour);

  context.save();
  context.beginPath();
  context.rect(box.left, box.top - pointRadius, box.right - box.left, box.bottom - box.top + 2 * pointRadius);
  context.clip();
  for (const { token, points, isFaint = false } of props.lines ?? []) {
    context.strokeStyle = isFaint ? faint(colour(token), 0.3) : colour(token);
    context.lineWidth = isFaint ? 1 : 1.75;
    context.beginPath();
    for (const { x, y } of points) context.lineTo(...place(x, y));
    context.stroke();
  }
  for (const point of props.points ?? []) drawPoint(context, point, place, props.chosen, colour);
  context.restore();

  for (const [index, { x, text, token }] of (props.rules ?? []).entries()) {
    const [left] = place(x, props.y.domain[0]);
    const top = margin.top + index * ruleLine;
    context.strokeStyle = colour(token);
    context.lineWidth = 1;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(left, top);
    context.lineTo(left, box.bottom);
    context.stroke();
    context.setLineDash([]);
    const { width: textWidth } = context.measureText(text);
    const from = left + 5 + textWidth <= box.right ? left + 5 : left - 5 - textWidth;
    context.textAlign = 'left';
    context.textBaseline = 'top';
    // Lines of other rules stay behind it.
    context.fillStyle = colour('--panel');
    context.fillRect(from - 1, top, textWidth + 2, ruleLine - 2);
    context.fillStyle = colour(token);
    context.fillText(text, from, top);
  }
}

type Colour = ReturnType<typeof readPalette>;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function drawAxes(
  context: CanvasRenderingContext2D,
  { x, y }: XyChartProps,
  place: (x: number, y: number) => Place,
  box: Box,
  colour: Colour,
): void {
  context.strokeStyle = colour('--line');
  context.fillStyle = colour('--muted');
  context.lineWidth = 1;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const tick of y.ticks) {
    const top = Math.round(place(x.domain[0], tick)[1]) + 0.5;
    line(context, box.left, top, box.right, top);
    context.fillText(y.format(tick), box.left - 6, top);
  }
  context.textBaseline = 'top';
  context.textAlign = 'center';
  let free = -Infinity;
  for (const tick of x.ticks) {
    const left = Math.round(place(tick, y.domain[0])[0]) + 0.5;
    line(context, left, box.top, left, box.bottom);
    const text = x.format(tick);
    const half = context.measureText(text).width / 2;
    if (left - half < free) continue;
    context.fillText(text, left, box.bottom + 5);
    free = left + half + 6;
  }
  context.fillText(x.label, (box.left + box.right) / 2, box.bottom + 21);
}

function line(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

function drawPoint(
  context: CanvasRenderingContext2D,
  { key, x, y, isFaint = false }: ChartPoint,
  place: (x: number, y: number) => Place,
  chosen: number | undefined,
  colour: Colour,
): void {
  const [left, top] = place(x, y);
  context.fillStyle = faint(colour('--series-1'), isFaint ? 0.3 : 0.75);
  traceDot(context, left, top, pointRadius);
  context.fill();
  if (key !== chosen) return;
  context.strokeStyle = colour('--series-2');
  context.lineWidth = 2;
  traceDot(context, left, top, pointRadius + 3);
  context.stroke();
}
