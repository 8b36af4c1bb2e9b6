/**
 * A line plot on a canvas, by uPlot: data is thinned to the pixels and drawn ten times a second. What is only new data is handed to the plot
 * that stands; another structure (series, scale, smoothing) builds it anew, with the zoom that was chosen.
 */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { faint, isSecondRound, readPalette, seriesToken } from './palette.ts';
import type { SeriesColour } from './palette.ts';
import { smooth } from './smooth.ts';
import { alignCurves, createThinner, extentOf } from './thin.ts';
import type { Curve } from './thin.ts';

export interface ChartSeries extends Curve {
  /** Those with one name are one to the legend. */
  readonly name: string;
  readonly colour: SeriesColour;
  readonly dash?: boolean;
  /** In the background: a measurement that is noisy. Where a chart has such series, they alone are smoothed. */
  readonly faint?: boolean;
  /** Marks each point, where there is room. */
  readonly marks?: boolean;
}

/** A part of the axis. */
export interface Zoom {
  readonly from: number;
  readonly to: number;
}

export interface PlotView {
  readonly series: readonly ChartSeries[];
  readonly isLog: boolean;
  /** 0 for none, up to below 1. */
  readonly smoothing: number;
  readonly height: number;
  /** Bounds that the values cannot leave. */
  readonly limits?: { readonly min?: number; readonly max?: number };
  readonly zoom: Zoom | undefined;
  /** The whole axis; default: from the first point to the last. */
  readonly axis?: () => Zoom;
  readonly formatAxis: (value: number) => string;
}

/** What the pointer is at; the values are those of the view's series. */
export interface Pointed {
  readonly x: number;
  readonly values: readonly (number | undefined)[];
  /** The series that is nearest, where there are many. */
  readonly nearest?: number;
}

export interface PlotEvents {
  /** Undefined when the pointer has left. */
  onPoint(pointed: Pointed | undefined): void;
  onZoom(zoom: Zoom | undefined): void;
  /** After each drawing. */
  onDrawn(): void;
}

export interface Plot extends Disposable {
  /** Draws a view in the next frame. Without one there is more to draw of the view that it has, which is done ten times a second. */
  draw(view?: PlotView): void;
}

const manySeries = 3;
/** Rest after a drawing, in times that it took, and at least: a frame that is painted costs more than what draws it tells. */
const restFactor = 8;
const leastRestMilliseconds = 90;
const faintShare = 0.3;
const axisFont = '11px system-ui, sans-serif';

/** A line on the canvas: a series as it is, or smoothed. */
interface Line {
  readonly series: number;
  readonly isSmoothed: boolean;
}

export function openPlot(box: HTMLElement, first: PlotView, events: PlotEvents): Plot {
  let view = first;
  let plot: uPlot | undefined;
  let built = '';
  let frame = 0;
  let restUntil = 0;
  let nearest: number | undefined;
  let palette = readPalette();
  let lines: readonly Line[] = [];
  let shown: Zoom = { from: 0, to: 1 };

  /** Told by the observer: asking the box would make the browser lay out the page in the middle of a frame. */
  let width = 0;
  const observer = new ResizeObserver(([entry]) => {
    width = Math.floor(entry?.contentRect.width ?? 0);
    schedule();
  });
  observer.observe(box);

  function schedule(): void {
    frame ||= requestAnimationFrame(drawWhenRested);
  }

  /** What took long to draw is drawn less often, so that the page has the rest of the time for itself. */
  function drawWhenRested(): void {
    frame = 0;
    const started = performance.now();
    if (started < restUntil) {
      schedule();
      return;
    }
    drawNow();
    const now = performance.now();
    restUntil = now + Math.max(leastRestMilliseconds, restFactor * (now - started));
  }

  function drawNow(): void {
    if (width === 0) return;
    palette = readPalette();
    const { series, isLog, smoothing, zoom, axis, height } = view;
    lines = series.flatMap((each, index): Line[] => [
      { series: index, isSmoothed: false },
      ...(isSmoothed(view, each) ? [{ series: index, isSmoothed: true }] : []),
    ]);
    shown = zoom ?? axis?.() ?? extentOf(series) ?? { from: 0, to: 1 };
    if (shown.to <= shown.from) shown = { from: shown.from - 1, to: shown.from + 1 };
    const thinned = createThinner({ ...shown, columns: Math.max(1, width), isLog });
    const data = alignCurves(
      lines.map(({ series: index, isSmoothed: takesMean }) => {
        const curve = series[index]!;
        return thinned(takesMean ? { ...curve, y: smooth(curve.y, smoothing) } : curve);
      }),
    );
    const structure = JSON.stringify([
      isLog,
      smoothing > 0,
      series.map(({ name, colour, dash, faint: isFaint, marks }) => [name, colour, dash, isFaint, marks]),
    ]);
    if (plot === undefined || structure !== built) {
      plot?.destroy();
      built = structure;
      nearest = undefined;
      plot = new uPlot(describe(), data, box);
      plot.over.addEventListener('dblclick', () => events.onZoom(undefined));
    } else {
      if (plot.width !== width || plot.height !== height) plot.setSize({ width, height });
      plot.setData(data);
    }
    events.onDrawn();
  }

  function describe(): uPlot.Options {
    const { series, isLog, height } = view;
    const axis = {
      stroke: () => palette('--muted'),
      font: axisFont,
      grid: { stroke: () => palette('--line'), width: 1 },
      ticks: { show: false },
    };
    return {
      width,
      height,
      // At the right there is room for half of the last place's text.
      padding: [8, 18, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: true, y: false, setScale: false, dist: 4 },
        hover: { skip: [undefined, null] },
        points: { size: 6 },
        focus: { prox: series.length > manySeries ? 24 : -1 },
        // Ours, on the plot: back to the whole axis.
        bind: { dblclick: () => null },
      },
      // All lines of one name belong together, so theirs is done where they are coloured.
      focus: { alpha: 1 },
      scales: {
        x: { time: false, range: () => [shown.from, shown.to] },
        y: { distr: isLog ? 3 : 1, range: (_plot, low, high) => rangeOf(low, high) },
      },
      axes: [
        { ...axis, size: 26, gap: 4, space: 60, values: (_plot, places) => places.map(sayPlace) },
        {
          ...axis,
          size: (_plot, texts) => roomFor(texts),
          gap: 6,
          space: 28,
          ...(isLog && { splits: logarithmicPlaces, filter: (_plot, places) => places }),
          values: (_plot, places) => places.map((place) => (place === null ? '' : view.formatAxis(place))),
        },
      ],
      series: [{}, ...lines.map((line) => describeLine(line))],
      hooks: {
        setCursor: [point],
        setSeries: [
          (_plot, index) => {
            nearest = index === null ? undefined : lines[index - 1]?.series;
            if (plot === undefined) return;
            point(plot);
            plot.redraw(false);
          },
        ],
        setSelect: [
          (drawn) => {
            const { left, width: selected } = drawn.select;
            if (selected <= 0) return;
            const zoom = { from: drawn.posToVal(left, 'x'), to: drawn.posToVal(left + selected, 'x') };
            drawn.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            events.onZoom(zoom);
          },
        ],
      },
    };
  }

  function describeLine({ series: index, isSmoothed: isMean }: Line): uPlot.Series {
    const drawn = view.series[index]!;
    const { colour, dash = false, faint: isFaint = false, marks = false } = drawn;
    const isBehind = !isMean && (isFaint || isSmoothed(view, drawn));
    const stroke = (): string => {
      const full = palette(seriesToken(colour));
      const isOther = nearest !== undefined && view.series[nearest]?.name !== drawn.name;
      const share = (isBehind ? faintShare : 1) * (isOther ? faintShare : 1);
      return share < 1 ? faint(full, share) : full;
    };
    return {
      stroke,
      width: isBehind ? 1 : isMean ? 1.25 : 2,
      spanGaps: true,
      ...((dash || isSecondRound(colour)) && { dash: [5, 4] }),
      points: { show: marks && !isBehind, size: 5, stroke, fill: stroke, space: 14 },
    };
  }

  /** With some air above and below, and never beyond the limits. */
  function rangeOf(low: number | null, high: number | null): uPlot.Range.MinMax {
    if (low === null || high === null) return view.isLog ? [0.1, 1] : [0, 1];
    // A mean of equal values may differ from them by a rounding.
    const isFlat = high - low <= 1e-9 * Math.abs(high);
    if (view.isLog) return isFlat ? [low / 2, high * 2] : [low / 1.15, high * 1.15];
    const air = isFlat ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.06;
    const { min = -Infinity, max = Infinity } = view.limits ?? {};
    return [Math.max(min, low - air), Math.min(max, high + air)];
  }

  function point(drawn: uPlot): void {
    const { idx, idxs, left = -1 } = drawn.cursor;
    if (idx === null || idx === undefined || left < 0) {
      events.onPoint(undefined);
      return;
    }
    const values = view.series.map((_, index): number | undefined => {
      const line = lines.findLastIndex(({ series }) => series === index) + 1;
      const at = idxs?.[line];
      return (at === null || at === undefined ? undefined : drawn.data[line]?.[at]) ?? undefined;
    });
    const x = drawn.data[0][idx] ?? 0;
    events.onPoint({ x, values, ...(nearest !== undefined && { nearest }) });
  }

  return {
    draw(next) {
      if (next !== undefined) {
        view = next;
        restUntil = 0;
      }
      schedule();
    },
    [Symbol.dispose]() {
      cancelAnimationFrame(frame);
      observer.disconnect();
      plot?.destroy();
    },
  };
}

function isSmoothed({ series, smoothing }: PlotView, { faint: isFaint = false }: ChartSeries): boolean {
  return smoothing > 0 && (isFaint || series.every((each) => each.faint !== true));
}

/** In CSS pixels, for the texts beside the axis; most take the same, so that charts stand in line. */
function roomFor(texts: readonly string[] | null): number {
  const longest = Math.max(0, ...(texts ?? []).map((text) => text.length));
  return Math.max(54, 14 + 6.6 * longest);
}

/** Some round numbers from low to high: powers of ten, with 2 and 5 between them where there is room. */
function logarithmicPlaces(_plot: uPlot, _axis: number, low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const decades = Math.log10(high / low);
  const stride = Math.max(1, Math.ceil(decades / 6));
  const powers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const places = powers.flatMap((power) =>
    (decades > 3 ? [1] : decades > 1 ? [1, 3] : [1, 2, 3, 5, 7]).map((digit) => digit * 10 ** power),
  );
  return places.filter(
    (place, index) => place >= low && place <= high && (decades <= 3 || (index + first) % stride === 0),
  );
}

/** 1,234,567 takes no more room than 1.23M. */
function sayPlace(place: number): string {
  if (Math.abs(place) >= 1e6) return `${Number((place / 1e6).toPrecision(4))}M`;
  if (Math.abs(place) >= 1e4) return `${Number((place / 1e3).toPrecision(4))}k`;
  return Number(place.toPrecision(6)).toLocaleString('en');
}
