/**
 * The smoothed curves of a range test and how sure they are: a change that the noise of the batches alone could make is no change. In
 * every curve here more is better, so the loss is turned over.
 */

/** One step of a range test. */
export interface RangePoint {
  /** From 0. */
  readonly step: number;
  readonly rate: number;
  /** Mean over the step's batch, with the weights before the step, without the penalty. */
  readonly loss: number;
  /** Share of right answers in the batch, 0..1; only for classifiers. */
  readonly accuracy?: number;
  /** Exponential moving averages up to this step; see `startAverage`. */
  readonly smoothedLoss: number;
  readonly smoothedAccuracy?: number;
}

/**
 * Exponential moving average with bias correction, as fastai's `AvgSmoothLoss` (fastai/learner.py) takes it:
 *   mean = smoothing*mean + (1 - smoothing)*value, shown as mean / (1 - smoothing^count)
 */
export function startAverage(smoothing: number): (value: number) => number {
  let mean = 0;
  let count = 0;
  return (value) => {
    count++;
    mean = smoothing * mean + (1 - smoothing) * value;
    return mean / (1 - smoothing ** count);
  };
}

/** Mean age in steps of the values in an average of `index + 1` of them: an average lags behind by so many. */
export function averageAge(index: number, smoothing: number): number {
  const count = index + 1;
  const reach = smoothing ** count;
  return Math.round(smoothing / (1 - smoothing) - (count * reach) / (1 - reach));
}

/** Standard errors within which a smoothed value is sure: the first few of an average are as noisy as the batches. */
const sureErrors = 4;
/** Standard errors of the difference of two smoothed values. A curve of noise alone spans about three. */
export const significance = 6;
/** The smoothed curve falls back where it loses this share of the rise, and more than its noise. */
export const fallShare = 0.05;
export const fallErrors = 4 * Math.SQRT2;

/** A curve in which more is better. */
export interface Curve {
  readonly name: 'accuracy' | 'loss';
  readonly smoothed: readonly number[];
  readonly errors: readonly number[];
}

export function lossCurve(points: readonly RangePoint[], smoothing: number): Curve {
  const raw = points.map(({ loss }) => -loss);
  const smoothed = points.map(({ smoothedLoss }) => -smoothedLoss);
  return { name: 'loss', smoothed, errors: standardErrors(raw, smoothed, smoothing) };
}

export function accuracyCurve(points: readonly RangePoint[], smoothing: number): Curve | undefined {
  const raw = points.flatMap(({ accuracy }) => accuracy ?? []);
  const smoothed = points.flatMap(({ smoothedAccuracy }) => smoothedAccuracy ?? []);
  if (raw.length < points.length || raw.length === 0) return undefined;
  return { name: 'accuracy', smoothed, errors: standardErrors(raw, smoothed, smoothing) };
}

/**
 * Standard error of each smoothed value. The deviation of one batch comes from the differences of neighbours, which a slow rise hardly
 * touches (for normal noise their mean size is 2/sqrt(pi) deviations), up to the best point, since beyond it the training breaks down,
 * but of half the points at least: the best of pure noise is among the first. The sum of squared weights of the average of n values is
 * (1 - s)/(1 + s) * (1 + s^n)/(1 - s^n).
 */
function standardErrors(raw: readonly number[], smoothed: readonly number[], smoothing: number): number[] {
  const steps = Math.max(2, extreme(smoothed) + 1, Math.ceil(raw.length / 2));
  const differences = raw.slice(1, steps).map((value, index) => Math.abs(value - (raw[index] ?? value)));
  const mean = differences.reduce((sum, size) => sum + size, 0) / Math.max(1, differences.length);
  const deviation = (mean * Math.sqrt(Math.PI)) / 2;
  return raw.map((_, index) => {
    const reach = smoothing ** (index + 1);
    return deviation * Math.sqrt((((1 - smoothing) / (1 + smoothing)) * (1 + reach)) / (1 - reach));
  });
}

export interface Rise {
  /** Index of the lowest point before the highest, and of the highest. */
  readonly base: number;
  readonly peak: number;
  readonly height: number;
}

/** The rise to the highest point, each end taken where it is sure, before any collapse; undefined where it could be noise. */
export function findRise(curve: Curve): Rise | undefined {
  const { errors } = curve;
  const smoothed = curve.smoothed.slice(0, collapseOf(curve));
  const peak = extreme(smoothed.map((value, index) => value - sureErrors * (errors[index] ?? 0)));
  const base = extreme(smoothed.slice(0, peak + 1).map((value, index) => -value - sureErrors * (errors[index] ?? 0)));
  const height = (smoothed[peak] ?? 0) - (smoothed[base] ?? 0);
  const error = Math.hypot(errors[peak] ?? 0, errors[base] ?? 0);
  return height > significance * error && height > 0 ? { base, peak, height } : undefined;
}

/**
 * Index at which a curve that had risen is below all that came before the rise, more than noise could make it; the end if it never is. A
 * loss that explodes and comes back would show its highest rise there.
 */
function collapseOf({ smoothed, errors }: Curve): number {
  let low = 0;
  let hasRisen = false;
  const exceeds = (from: number, to: number, bound: number): boolean =>
    (smoothed[to] ?? 0) - (smoothed[from] ?? 0) > bound * Math.hypot(errors[to] ?? 0, errors[from] ?? 0);
  for (const [index, value] of smoothed.entries()) {
    if (hasRisen && exceeds(index, low, sureErrors)) return index;
    if (!hasRisen && value < (smoothed[low] ?? 0)) low = index;
    hasRisen ||= exceeds(low, index, significance);
  }
  return smoothed.length;
}

/** Index of the largest value; the first of equals. */
export function extreme(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? -Infinity) ? index : best), 0);
}

export function threeDigits(rate: number): number {
  return Number(rate.toPrecision(3));
}
