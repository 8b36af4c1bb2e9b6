/**
 * What a range test suggests: where accuracy starts to rise and where it slows (Smith 2015), and fastai's `steep` and `valley`. All of it
 * is read off the smoothed curves; a change that the noise of the batches alone could make is no change, and then nothing is suggested.
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

/** Learning rates, to three digits; what the curves do not show is absent. */
export interface RateSuggestions {
  /** Where accuracy starts to rise; of a regression, where the loss starts to fall. */
  readonly etaMin?: number;
  /** Where accuracy (of a regression the loss) slows or turns ragged. */
  readonly etaMax?: number;
  /** Where the loss falls fastest over the logarithm of the rate: fastai's `steep`. */
  readonly steepest?: number;
  /** Half way down the longest fall of the loss: fastai's `valley`. */
  readonly valley?: number;
  /** Why something is absent: one sentence each. */
  readonly notes: readonly string[];
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

/** Share of the rise at which it has started, and at which it is as good as over. */
const startShare = 0.1;
const slowShare = 0.95;
/** The smoothed curve falls back where it loses this share of the rise, and more than its noise. */
const fallShare = 0.05;
const fallErrors = 4 * Math.SQRT2;
/** Standard errors within which a smoothed value is sure: the first few of an average are as noisy as the batches. */
const sureErrors = 4;
/** Standard errors of the difference of two smoothed values. A curve of noise alone spans about three. */
const significance = 6;
/**
 * A curve that starts so soon, or ends so soon after it slowed, is cut off there: shares of the decades from the start to where it slows.
 * A straight line over the whole test makes its first tenth in 0.12 of them and its last 5 % in 0.06.
 */
const soonShare = 0.15;
const endShare = 0.1;

/** A curve in which more is better. */
interface Curve {
  readonly name: 'accuracy' | 'loss';
  readonly smoothed: readonly number[];
  readonly errors: readonly number[];
}

/** What can be told from these points of a test with this smoothing. `ended`: it ended before its last step, because the loss diverged. */
export function suggestRates(points: readonly RangePoint[], smoothing: number, ended: boolean): RateSuggestions {
  const loss = lossCurve(points, smoothing);
  const accuracy = accuracyCurve(points, smoothing);
  const { notes, ...range } = suggestRange(points, accuracy ?? loss, smoothing, ended);
  const fall = findRise(loss);
  if (fall === undefined) {
    return { ...range, notes: [...notes, 'No steepest and no valley: the loss does not fall by more than its noise.'] };
  }
  return { ...range, ...suggestFromLoss(points), notes };
}

function lossCurve(points: readonly RangePoint[], smoothing: number): Curve {
  const raw = points.map(({ loss }) => -loss);
  const smoothed = points.map(({ smoothedLoss }) => -smoothedLoss);
  return { name: 'loss', smoothed, errors: standardErrors(raw, smoothed, smoothing) };
}

function accuracyCurve(points: readonly RangePoint[], smoothing: number): Curve | undefined {
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

interface Rise {
  /** Index of the lowest point before the highest, and of the highest. */
  readonly base: number;
  readonly peak: number;
  readonly height: number;
}

/** The rise to the highest point, each end taken where it is sure; undefined where it could be noise. */
function findRise({ smoothed, errors }: Curve): Rise | undefined {
  const peak = extreme(smoothed.map((value, index) => value - sureErrors * (errors[index] ?? 0)));
  const base = extreme(smoothed.slice(0, peak + 1).map((value, index) => -value - sureErrors * (errors[index] ?? 0)));
  const height = (smoothed[peak] ?? 0) - (smoothed[base] ?? 0);
  const error = Math.hypot(errors[peak] ?? 0, errors[base] ?? 0);
  return height > significance * error && height > 0 ? { base, peak, height } : undefined;
}

/** Index of the largest value; the first of equals. */
function extreme(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] ?? -Infinity) ? index : best), 0);
}

/**
 * The range of L. N. Smith, "Cyclical Learning Rates for Training Neural Networks" (2015), section 3.3: from where accuracy starts to
 * increase to where it slows, becomes ragged or starts to fall. In numbers, between the lowest point and the highest after it: etaMin is
 * where a tenth of the rise was made for the last time. The curve slows where 95 % of the rise was made first, and it turns ragged where
 * it next falls back by 5 % and four standard errors. Between the two lies a plateau, a decade wide for some models: etaMax is its
 * middle on the logarithmic axis, or the last high where the curve falls back before it slows. An average lags behind by the mean age
 * of its values: rates are those of as many steps before.
 */
function suggestRange(
  points: readonly RangePoint[],
  curve: Curve,
  smoothing: number,
  ended: boolean,
): Pick<RateSuggestions, 'etaMin' | 'etaMax' | 'notes'> {
  const rise = findRise(curve);
  const [name, moves, moving] = curve.name === 'loss' ? ['loss', 'fall', 'falling'] : ['accuracy', 'rise', 'rising'];
  if (rise === undefined) {
    return { notes: [`No etaMin and no etaMax: the ${name} does not ${moves} by more than its noise.`] };
  }
  const { smoothed } = curve;
  const logAt = (index: number): number =>
    Math.log(points[Math.max(0, index - averageAge(index, smoothing))]?.rate ?? 1);
  const start = (smoothed[rise.base] ?? 0) + startShare * rise.height;
  const { slow, fall } = findPlateau(curve, rise);
  const low = smoothed.slice(0, slow + 1).findLastIndex((value) => value <= start);
  const [first, last] = [Math.log(points[0]?.rate ?? 1), Math.log(points.at(-1)?.rate ?? 1)];
  const movesAtOnce = logAt(low) - first < soonShare * (logAt(slow) - logAt(low));
  // Of the average itself: it reaches its top no sooner than it comes to its end.
  const left = last - Math.log(points[slow]?.rate ?? 1);
  const goesOn = !ended && fall === undefined && left < endShare * (logAt(slow) - logAt(low));
  const etaMax = Math.exp((logAt(slow) + (fall === undefined ? last : logAt(fall))) / 2);
  return {
    ...(!movesAtOnce && { etaMin: threeDigits(Math.exp(logAt(low))) }),
    ...(!goesOn && { etaMax: threeDigits(etaMax) }),
    notes: [
      ...(movesAtOnce ? [`No etaMin: the ${name} ${moves}s from the lowest rate on. Test from a lower one.`] : []),
      ...(goesOn ? [`No etaMax: the ${name} is still ${moving} at the highest rate. Test up to a higher one.`] : []),
    ],
  };
}

/** Where the rise is as good as over, and where the curve falls back after that, if it does. Before it is over, both are the last high. */
function findPlateau(
  { smoothed, errors }: Curve,
  { base, height }: Rise,
): { readonly slow: number; readonly fall: number | undefined } {
  const floor = smoothed[base] ?? 0;
  let slow: number | undefined;
  let high = base;
  for (let index = base; index < smoothed.length; index++) {
    const value = smoothed[index] ?? 0;
    const top = smoothed[high] ?? 0;
    if (value >= floor + slowShare * height) slow ??= index;
    if (value >= top) high = index;
    else if (top - value > Math.max(fallShare * height, fallErrors * (errors[index] ?? 0))) {
      if (slow !== undefined) return { slow, fall: index };
      // A dip on the floor is none of the rise.
      if (top - floor > height / 2) return { slow: high, fall: high };
    }
  }
  return { slow: slow ?? high, fall: undefined };
}

/** Mean age in steps of the values in an average of `index + 1` of them. */
function averageAge(index: number, smoothing: number): number {
  const count = index + 1;
  const reach = smoothing ** count;
  return Math.round(smoothing / (1 - smoothing) - (count * reach) / (1 - reach));
}

/** Points of the grid that fastai's `lr_find` would have measured (num_it). */
const gridPoints = 100;

/**
 * fastai's `steep` and `valley` (fastai/callback/schedule.py) of the smoothed loss, over as many rates as its `lr_find` tests, equally far
 * apart in their logarithm, without the first tenth and the last five, as there: most steps of a linear test lie at the high rates, and
 * neighbours among thousands of steps differ by noise.
 */
function suggestFromLoss(points: readonly RangePoint[]): Pick<RateSuggestions, 'steepest' | 'valley'> {
  const grid = resample(points).slice(gridPoints / 10, -5);
  const losses = grid.map(({ loss }) => loss);
  const steepest = grid[steepestIndex(losses)];
  const valley = grid[valleyIndex(losses)];
  return {
    ...(steepest && { steepest: threeDigits(steepest.rate) }),
    ...(valley && { valley: threeDigits(valley.rate) }),
  };
}

/** The smoothed loss at equal distances of log(rate), on the lines between the points. */
function resample(points: readonly RangePoint[]): readonly { readonly rate: number; readonly loss: number }[] {
  const logs = points.map(({ rate }) => Math.log(rate));
  const first = logs[0] ?? 0;
  const last = logs.at(-1) ?? 0;
  let right = 1;
  return Array.from({ length: gridPoints }, (_, index) => {
    const log = first + ((last - first) * index) / (gridPoints - 1);
    while (right < logs.length - 1 && (logs[right] ?? 0) < log) right++;
    const from = logs[right - 1] ?? 0;
    const share = (log - from) / ((logs[right] ?? 0) - from);
    const [before, after] = [points[right - 1]?.smoothedLoss ?? 0, points[right]?.smoothedLoss ?? 0];
    return { rate: Math.exp(log), loss: before + share * (after - before) };
  });
}

/** Where the step to the next is the lowest: `steep`, on rates that are equally far apart. */
function steepestIndex(losses: readonly number[]): number {
  return extreme(losses.slice(1).map((loss, index) => (losses[index] ?? 0) - loss));
}

/** The middle of the longest falling subsequence: `valley`, whose start is where as many points in a row would begin. */
function valleyIndex(losses: readonly number[]): number {
  const lengths = losses.map(() => 1);
  let start = 0;
  let end = 0;
  for (const [index, loss] of losses.entries()) {
    for (let before = 0; before < index; before++) {
      const longer = (lengths[before] ?? 0) + 1;
      if (loss < (losses[before] ?? 0) && (lengths[index] ?? 0) < longer) lengths[index] = longer;
      // Inside the loop, as there: what the length still grows by does not move the start.
      if ((lengths[end] ?? 0) < (lengths[index] ?? 0)) {
        end = index;
        start = end - (lengths[end] ?? 0);
      }
    }
  }
  const third = (end - start) / 3;
  return Math.max(0, start + Math.floor(third) + Math.floor(third / 2));
}

function threeDigits(rate: number): number {
  return Number(rate.toPrecision(3));
}
