/**
 * Where the smoothed loss of a range test falls fastest, and the middle of its longest fall: fastai's `steep` and `valley`, as far as the
 * noise of the batches lets them be told, and only up to the lowest loss: the way down of a spike beyond it is no learning.
 */
import { averageAge, extreme, fallErrors, fallShare, significance, threeDigits } from './range-curves.ts';
import type { Curve, RangePoint, Rise } from './range-curves.ts';

export interface LossSuggestions {
  /** Learning rates, to three digits. */
  readonly steepest?: number;
  readonly valley?: number;
  /** Why one is absent: one sentence each. */
  readonly notes: readonly string[];
}

/** Points of the grid that fastai's `lr_find` would have measured (num_it). */
const gridPoints = 100;

/** A point of the grid: as far from the next as any in log(rate). */
interface GridPoint {
  /** Of the step, between two of which it may lie. */
  readonly index: number;
  readonly rate: number;
  readonly loss: number;
}

/**
 * fastai's `steep` and `valley` (fastai/callback/schedule.py) of the smoothed loss, over as many rates as its `lr_find` tests, equally far
 * apart in their logarithm, without the first tenth and the last five, as there: most steps of a linear test lie at the high rates, and
 * neighbours among thousands of steps differ by noise. In three things it goes beyond: it stops at the step `end`, a steepest place is
 * measured over as many points as the noise demands, and the lag of the average is taken off.
 */
export function suggestFromLoss(
  points: readonly RangePoint[],
  loss: Curve,
  end: number,
  smoothing: number,
): LossSuggestions {
  const grid = resample(points)
    .slice(gridPoints / 10, -5)
    .filter(({ index }) => index <= end);
  const errorOf = (from: number, to: number): number => differenceError(loss, grid[from], grid[to], smoothing);
  const steepest = steepestIndex(grid, errorOf);
  const valley = valleyIndex(grid, errorOf);
  const rateAt = (place: GridPoint): number => {
    const index = Math.round(place.index);
    const lag = (points[index - averageAge(index, smoothing)]?.rate ?? 1) / (points[index]?.rate ?? 1);
    return threeDigits(place.rate * lag);
  };
  const [steepestPoint, valleyPoint] = [grid[steepest ?? -1], grid[valley ?? -1]];
  return {
    ...(steepestPoint && { steepest: rateAt(steepestPoint) }),
    ...(valleyPoint && { valley: rateAt(valleyPoint) }),
    notes: sayAbsent(steepest === undefined, valley === undefined),
  };
}

function sayAbsent(noSteepest: boolean, noValley: boolean): readonly string[] {
  if (noValley) {
    const names = noSteepest ? 'No steepest and no valley' : 'No valley';
    return [`${names}: beyond the lowest rates the loss does not fall by more than its noise. Test from a lower one.`];
  }
  if (noSteepest) {
    return [
      'No steepest: where the loss falls fastest is lost in its noise. Take more steps, or test from a lower rate.',
    ];
  }
  return [];
}

/**
 * Index of the step at which the fall ends: the lowest loss, or the last low before the loss comes back on the way there, by the share
 * that ends a rise of the accuracy, or before its half is done by half of what was won.
 */
export function endOfFall({ smoothed, errors }: Curve, { base, peak, height }: Rise): number {
  const floor = smoothed[base] ?? 0;
  let high = base;
  for (let index = base; index < peak; index++) {
    const won = (smoothed[high] ?? 0) - floor;
    const lost = (smoothed[high] ?? 0) - (smoothed[index] ?? 0);
    const noise = (fallErrors / Math.SQRT2) * Math.hypot(errors[high] ?? 0, errors[index] ?? 0);
    if (lost <= 0) high = index;
    else if (lost > Math.max(fallShare * height, noise) && (won > height / 2 || lost > won / 2)) return high;
  }
  return peak;
}

/** The smoothed loss at equal distances of log(rate), on the lines between the points. */
function resample(points: readonly RangePoint[]): readonly GridPoint[] {
  const logs = points.map(({ rate }) => Math.log(rate));
  const first = logs[0] ?? 0;
  const last = logs.at(-1) ?? 0;
  let right = 1;
  return Array.from({ length: gridPoints }, (_, place) => {
    const log = first + ((last - first) * place) / (gridPoints - 1);
    while (right < logs.length - 1 && (logs[right] ?? 0) < log) right++;
    const from = logs[right - 1] ?? 0;
    const share = (log - from) / ((logs[right] ?? 0) - from);
    const [before, after] = [points[right - 1]?.smoothedLoss ?? 0, points[right]?.smoothedLoss ?? 0];
    return { index: right - 1 + share, rate: Math.exp(log), loss: before + share * (after - before) };
  });
}

/**
 * Standard error of the difference of two places. Averages k steps apart have smoothing^k of their noise in common:
 *   variance = a^2 + b^2 - 2 * a * b * smoothing^k
 */
function differenceError(
  { errors }: Curve,
  from: GridPoint | undefined,
  to: GridPoint | undefined,
  smoothing: number,
): number {
  if (from === undefined || to === undefined) return 0;
  const [a, b] = [errors[Math.floor(from.index)] ?? 0, errors[Math.floor(to.index)] ?? 0];
  return Math.sqrt(Math.max(0, a * a + b * b - 2 * a * b * smoothing ** (to.index - from.index)));
}

type ErrorOf = (from: number, to: number) => number;

/**
 * Where the loss falls most over so few points that it is still more than noise: over one, which is `steep`, or over more, of which it is
 * the middle. Undefined where half of the points do not suffice.
 */
function steepestIndex(grid: readonly GridPoint[], errorOf: ErrorOf): number | undefined {
  for (let width = 1; width <= grid.length / 2; width++) {
    const drops = grid.slice(width).map(({ loss }, from) => (grid[from]?.loss ?? 0) - loss);
    const from = extreme(drops);
    if ((drops[from] ?? 0) > significance * errorOf(from, from + width)) return from + Math.floor(width / 2);
  }
  return undefined;
}

/**
 * The middle of the longest falling subsequence: `valley`, whose start is where as many points in a row would begin. Undefined where that
 * fall could be noise.
 */
function valleyIndex(grid: readonly GridPoint[], errorOf: ErrorOf): number | undefined {
  const lengths = grid.map(() => 1);
  const heads = grid.map((_, index) => index);
  let start = 0;
  let end = 0;
  for (const [index, { loss }] of grid.entries()) {
    for (let before = 0; before < index; before++) {
      const longer = (lengths[before] ?? 0) + 1;
      if (loss < (grid[before]?.loss ?? 0) && (lengths[index] ?? 0) < longer) {
        lengths[index] = longer;
        heads[index] = heads[before] ?? before;
      }
      // Inside the loop, as there: what the length still grows by does not move the start.
      if ((lengths[end] ?? 0) < (lengths[index] ?? 0)) {
        end = index;
        start = end - (lengths[end] ?? 0);
      }
    }
  }
  const head = heads[end] ?? 0;
  const drop = (grid[head]?.loss ?? 0) - (grid[end]?.loss ?? 0);
  if (!(drop > significance * errorOf(head, end))) return undefined;
  const third = (end - start) / 3;
  return Math.max(0, start + Math.floor(third) + Math.floor(third / 2));
}
