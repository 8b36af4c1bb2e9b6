/** The curves of a chart as a table, for those who read or listen rather than look. */
import { lowerBound } from './thin.ts';
import type { ChartSeries } from './plot.ts';

const mostRows = 40;

export interface CurveRow {
  readonly x: number;
  readonly values: readonly (number | undefined)[];
}

/**
 * At most so many rows, evenly over the points of all the series and with the last one; in each the newest value that a series has there.
 */
export function tableRows(series: readonly ChartSeries[], most = mostRows): readonly CurveRow[] {
  const places = new Set<number>();
  for (const { x, xUnit = 1 } of series)
    for (let index = 0; index < x.length; index++) places.add((x[index] ?? 0) / xUnit);
  const all = [...places].toSorted((a, b) => a - b);
  const stride = Math.max(1, Math.ceil(all.length / most));
  const chosen = all.filter((_, index) => (all.length - 1 - index) % stride === 0);
  return chosen.map((x) => ({
    x,
    values: series.map(({ x: own, y, xUnit = 1 }) => {
      const end = lowerBound(own, x * xUnit * (1 + Number.EPSILON));
      const isThere = end < own.length && (own[end] ?? 0) <= x * xUnit * (1 + Number.EPSILON);
      const value = y[isThere ? end : end - 1];
      return value !== undefined && Number.isFinite(value) ? value : undefined;
    }),
  }));
}

interface ChartTableProps {
  readonly title: string;
  readonly xName: string;
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
}

export function ChartTable({ title, xName, series, format }: ChartTableProps) {
  // The noise in the background only where there is nothing else.
  const clear = series.filter(({ faint = false }) => !faint);
  const read = clear.length > 0 ? clear : series;
  const rows = tableRows(read);
  return (
    <div class="table-scroll chart-table" tabIndex={0} role="region" aria-label={`${title} as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">{xName}</th>
            {read.map(({ name }) => (
              <th key={name} scope="col" class="numeric">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ x, values }) => (
            <tr key={x}>
              <th scope="row">{Number(x.toFixed(2)).toLocaleString('en')}</th>
              {values.map((value, index) => (
                <td key={read[index]?.name} class="numeric">
                  {value === undefined ? '–' : format(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="small muted">No point yet.</p>}
    </div>
  );
}
