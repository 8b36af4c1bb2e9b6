/** The gradient of each tensor against central differences. */
import type { GradientCheck } from '../../src/verify/gradcheck.ts';
import { formatCount, formatNumber } from '../ui/format.ts';
import { isRightGradient } from './verdicts.ts';

const titles = ['Coordinates', 'Relative error', 'Along a direction', 'Tolerance'];
const laterTitles = ['Mean difference', 'Passed over'];

export function GradientTable({ tensors, tolerance }: Pick<GradientCheck, 'tensors' | 'tolerance'>) {
  return (
    <div class="table-scroll verify-table" tabIndex={0} role="region" aria-label="Gradients">
      <table aria-label="Gradients">
        <thead>
          <tr>
            <th scope="col">Tensor</th>
            {titles.map(numericTitle)}
            <th scope="col">Verdict</th>
            {laterTitles.map(numericTitle)}
          </tr>
        </thead>
        <tbody>
          {tensors.map((row) => {
            const isRight = isRightGradient(row, tolerance);
            return (
              <tr key={row.name} data-good={isRight}>
                <th scope="row">{row.name}</th>
                <td class="numeric">
                  {formatCount(row.coordinates)} of {formatCount(row.elements)}
                </td>
                <td class="numeric">{formatNumber(row.relativeError)}</td>
                <td class="numeric">{row.directionError === undefined ? 'none' : formatNumber(row.directionError)}</td>
                <td class="numeric">{formatNumber(tolerance)}</td>
                <td class="verify-mark">{isRight ? 'right' : 'wrong'}</td>
                <td class="numeric">{formatNumber(row.meanDifference)}</td>
                <td class="numeric" title="Coordinates whose step goes over a kink, of a ReLU for one">
                  {formatCount(row.redrawn)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const numericTitle = (title: string) => (
  <th key={title} scope="col" class="numeric">
    {title}
  </th>
);
