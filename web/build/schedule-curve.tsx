/** The learning rate over the run, as the trainer will set it. */
import type { Description } from '../protocol/build.ts';
import { formatCount, formatNumber } from '../ui/format.ts';

const columns = 320;
const rows = 96;
const left = 6;

interface ScheduleCurveProps {
  readonly description: Description;
  /** Of a draft that has changed since. */
  readonly isStale: boolean;
  /** A straight line is one that rises by the same factor every step. */
  readonly isLogarithmic: boolean;
}

export function ScheduleCurve({ description, isStale, isLogarithmic }: ScheduleCurveProps) {
  const { steps, stepsPerEpoch } = description;
  const { steps: at, rates } = description.schedule;
  const top = Math.max(...rates);
  const bottom = Math.min(...rates);
  if (rates.length < 2 || !(top > 0) || (isLogarithmic && !(bottom > 0 && bottom < top))) return null;
  const floor = isLogarithmic ? Math.log(bottom) : 0;
  const span = (isLogarithmic ? Math.log(top) : top) - floor;
  const heightOf = (rate: number): number => ((isLogarithmic ? Math.log(rate) : rate) - floor) / span;
  const last = at.at(-1) || 1;
  const points = rates.map((rate, index) => {
    const x = left + ((at[index] ?? 0) / last) * (columns - 2 * left);
    return `${x.toFixed(1)},${(4 + (1 - heightOf(rate)) * (rows - 8)).toFixed(1)}`;
  });
  const said = `Learning rate over ${formatCount(steps)} steps: from ${formatNumber(rates[0] ?? 0)} to ${formatNumber(rates.at(-1) ?? 0)}, at most ${formatNumber(top)}`;
  return (
    <figure class="build-curve" data-stale={isStale}>
      <figcaption>
        <span>{`Learning rate${isLogarithmic ? ', logarithmic' : ''}`}</span>
        <span class="number">{`${isLogarithmic ? formatNumber(bottom) : 0} to ${formatNumber(top)}`}</span>
      </figcaption>
      <svg viewBox={`0 0 ${columns} ${rows}`} role="img" aria-label={said} preserveAspectRatio="none">
        <line x1={0} x2={columns} y1={4} y2={4} class="build-curve-grid" />
        <line x1={0} x2={columns} y1={rows - 4} y2={rows - 4} class="build-curve-grid" />
        <polyline points={points.join(' ')} class="build-curve-line" />
      </svg>
      <div class="build-curve-axis number">
        <span>Step 0</span>
        <span>{`${formatCount(steps)} steps, ${formatNumber(steps / stepsPerEpoch)} epochs`}</span>
      </div>
    </figure>
  );
}
