/**
 * Curves over one another with a legend that tells their values: the newest, or those under the pointer. A drag zooms, a double click goes back;
 * a name in the legend hides its curve. Drawing and the values of the legend bypass Preact, since they change with every frame.
 */
import { effect, useSignal } from '@preact/signals';
import type { ReadonlySignal, Signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isDark } from '../state/view.ts';
import { Button } from '../ui/button.tsx';
import { formatNumber } from '../ui/format.ts';
import { ChartTable } from './chart-table.tsx';
import './chart.css';
import { isSecondRound, seriesToken } from './palette.ts';
import { openPlot } from './plot.ts';
import type { ChartSeries, Plot, PlotView, Pointed, Zoom } from './plot.ts';

interface LineChartProps {
  readonly title: string;
  readonly series: readonly ChartSeries[];
  /** What `x` counts: `step`. */
  readonly xName: string;
  /** Changes whenever the arrays of the series have grown. */
  readonly version?: ReadonlySignal<unknown>;
  readonly isLog?: boolean;
  /** 0 for none, up to below 1. */
  readonly smoothing?: number;
  /** Of the plot, in CSS pixels. */
  readonly height?: number;
  readonly limits?: PlotView['limits'];
  readonly format?: (value: number) => string;
  /** Of the values along the axis; default: `format`. */
  readonly formatAxis?: (value: number) => string;
  /** The whole axis, asked for at each drawing; default: from the first point to the last. */
  readonly axis?: PlotView['axis'];
  /** Shared by charts over the same axis. */
  readonly zoom?: Signal<Zoom | undefined>;
  readonly asTable?: boolean;
}

const tableMilliseconds = 1000;

export function LineChart(props: LineChartProps) {
  const { title, series, xName, version, asTable = false, format = formatNumber } = props;
  const ownZoom = useSignal<Zoom | undefined>(undefined);
  const zoom = props.zoom ?? ownZoom;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const seen = series.filter(({ name }) => !hidden.has(name));
  return (
    <figure class="chart" aria-label={title}>
      <figcaption>
        <h3>{title}</h3>
        {zoom.value !== undefined && !asTable && (
          <Button
            kind="quiet"
            onClick={() => {
              zoom.value = undefined;
            }}
          >
            Whole axis
          </Button>
        )}
      </figcaption>
      {asTable ? (
        <LiveTable title={title} xName={xName} series={seen} format={format} version={version} />
      ) : (
        <Drawing {...props} seen={seen} zoom={zoom} hidden={hidden} onHide={setHidden} />
      )}
    </figure>
  );
}

interface DrawingProps extends LineChartProps {
  readonly seen: readonly ChartSeries[];
  readonly zoom: Signal<Zoom | undefined>;
  readonly hidden: ReadonlySet<string>;
  readonly onHide: (hidden: ReadonlySet<string>) => void;
}

function Drawing({ seen, zoom, hidden, onHide, ...props }: DrawingProps) {
  const { title, series, xName, version, isLog = false, smoothing = 0, height = 200 } = props;
  const { limits, axis, format = formatNumber, formatAxis = format } = props;
  const box = useRef<HTMLDivElement>(null);
  const place = useRef<HTMLSpanElement>(null);
  const values = useRef(new Map<string, HTMLElement>());
  const plot = useRef<Plot>(undefined);
  const pointed = useRef<Pointed>(undefined);
  const view: PlotView = {
    series: seen,
    isLog,
    smoothing,
    height,
    ...(limits && { limits }),
    ...(axis && { axis }),
    zoom: zoom.value,
    formatAxis,
  };
  /** What is drawn now, for what runs between two renderings. */
  const now = useRef({ seen, format, xName });
  now.current = { seen, format, xName };

  function tellValues(): void {
    const at = pointed.current;
    const nearest = at?.nearest === undefined ? undefined : now.current.seen[at.nearest]?.name;
    const texts = new Map<string, string>();
    for (const [index, { name, y }] of now.current.seen.entries()) {
      const value = at === undefined ? y[y.length - 1] : at.values[index];
      if (value !== undefined && Number.isFinite(value)) texts.set(name, now.current.format(value));
    }
    for (const [name, element] of values.current) {
      element.textContent = texts.get(name) ?? '–';
      element.closest('button')?.toggleAttribute('data-nearest', name === nearest);
    }
    if (place.current !== null) {
      const x = at === undefined ? '' : `${now.current.xName} ${Number(at.x.toFixed(2)).toLocaleString('en')}`;
      place.current.textContent = nearest === undefined ? x : `${nearest}, ${x}`;
    }
  }

  useEffect(() => {
    if (box.current === null) return;
    plot.current = openPlot(box.current, view, {
      onPoint(at) {
        pointed.current = at;
        tellValues();
      },
      onZoom(next) {
        zoom.value = next;
      },
      onDrawn: tellValues,
    });
    const stop = effect(() => {
      // Read here, so that the effect runs again whenever they change.
      void isDark.value;
      void version?.value;
      plot.current?.draw();
    });
    return () => {
      stop();
      plot.current?.[Symbol.dispose]();
    };
  }, [version]);
  useEffect(() => plot.current?.draw(view));

  const toggle = (name: string): void => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    onHide(next);
  };
  return (
    <>
      <div class="chart-legend" role="group" aria-label={`Curves of ${title}`}>
        {[...new Map(series.map((each) => [each.name, each])).values()].map(({ name, colour, dash, faint }) => (
          <button key={name} type="button" aria-pressed={!hidden.has(name)} onClick={() => toggle(name)}>
            <svg class="swatch" width="16" height="8" aria-hidden="true" style={{ opacity: faint === true ? 0.5 : 1 }}>
              <line
                x2="16"
                y1="4"
                y2="4"
                stroke={`var(${seriesToken(colour)})`}
                stroke-width="2"
                stroke-dasharray={dash === true || isSecondRound(colour) ? '5 3' : undefined}
              />
            </svg>
            {name}
            <span
              class="number"
              ref={(element) => {
                if (element === null) values.current.delete(name);
                else values.current.set(name, element);
              }}
            />
          </button>
        ))}
      </div>
      <span class="chart-place number small muted" ref={place} />
      <div
        class="chart-box"
        ref={box}
        style={{ height: `${height}px` }}
        role="img"
        aria-label={describeChart(title, seen, xName)}
      />
    </>
  );
}

function describeChart(title: string, series: readonly ChartSeries[], xName: string): string {
  return `${title} over the ${xName}: ${[...new Set(series.map(({ name }) => name))].join(', ') || 'no curve'}. “Table” gives the numbers.`;
}

type LiveTableProps = Parameters<typeof ChartTable>[0] & { readonly version: ReadonlySignal<unknown> | undefined };

/** The table, filled anew about once a second while the curves grow. */
function LiveTable({ version, ...table }: LiveTableProps) {
  const [, setRefreshed] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = effect(() => {
      void version?.value;
      timer ??= setTimeout(() => {
        timer = undefined;
        setRefreshed(performance.now());
      }, tableMilliseconds);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [version]);
  return <ChartTable {...table} />;
}
