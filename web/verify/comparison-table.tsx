/** Kernels compared between CPU and GPU; what differs first is spelt out below. */
import type { Comparison } from '../../src/verify/compare.ts';
import { formatCount, formatNumber } from '../ui/format.ts';
import { isWithin, sayDifference, sayEqual, sayUlp } from './verdicts.ts';

type Row = Comparison & { readonly variant?: string };

/** Of rows that differ within their bounds, so many are spelt out. */
const mostDifferences = 3;

export function ComparisonTable({ title, rows }: { readonly title: string; readonly rows: readonly Row[] }) {
  if (rows.length === 0) return null;
  const hasVariants = rows.some(({ variant }) => variant !== undefined);
  const outside = rows.filter((row) => !isWithin(row));
  const different = (outside.length > 0 ? outside : rows.filter(({ maxUlp }) => maxUlp > 0)).slice(0, mostDifferences);
  return (
    <>
      <div class="table-scroll verify-table" tabIndex={0} role="region" aria-label={title}>
        <table aria-label={title}>
          <thead>
            <tr>
              <th scope="col">Kernel</th>
              {hasVariants && <th scope="col">Variant</th>}
              <th scope="col" class="numeric">
                Elements
              </th>
              <th scope="col" class="numeric">
                Equal bits
              </th>
              <th scope="col" class="numeric">
                Largest ulp
              </th>
              <th scope="col" class="numeric">
                Bound
              </th>
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.name} ${row.variant ?? ''}`} data-good={isWithin(row)}>
                <th scope="row">{row.name}</th>
                {hasVariants && <td>{row.variant}</td>}
                <td class="numeric">{formatCount(row.elements)}</td>
                <td class="numeric">{sayEqual(row)}</td>
                <td class="numeric">{sayUlp(row.maxUlp)}</td>
                <td class="numeric">{formatNumber(row.bound)}</td>
                <td class="verify-mark">{sayVerdict(row)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {different.map((row) => (
        <p key={`${row.name} ${row.variant ?? ''}`} class="small">
          First difference of {row.name}
          {row.variant === undefined ? '' : `, ${row.variant}`}:{' '}
          {row.firstDifference === undefined ? 'not known' : sayDifference(row.firstDifference)}.
        </p>
      ))}
    </>
  );
}

function sayVerdict(row: Row): string {
  if (!isWithin(row)) return 'out of bounds';
  return row.equalElements === row.elements ? 'equal' : 'within bounds';
}
