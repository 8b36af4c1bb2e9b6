/**
 * What a range test suggests: where accuracy starts to rise and where it slows (Smith 2015), and fastai's `steep` and `valley`. All of it
 * is read off the smoothed curves; a change that the noise of the batches alone could make is no change, and then nothing is suggested.
 */
import { endOfFall, suggestFromLoss } from './loss-fall.ts';
import { accuracyCurve, averageAge, fallErrors, fallShare, findRise, lossCurve, threeDigits } from './range-curves.ts';
import type { Curve, RangePoint, Rise } from './range-curves.ts';

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

/** Share of the rise at which it has started, and at which it is as good as over. */
const startShare = 0.1;
const slowShare = 0.95;
/**
 * A curve that starts so soon, or ends so soon after it slowed, is cut off there: shares of the decades from the start to where it slows.
 * A straight line over the whole test makes its first tenth in 0.12 of them and its last 5 % in 0.06.
 */
const soonShare = 0.15;
const endShare = 0.1;

/**
 * What can be told from these points of a test with this smoothing. `ended`: it ended before its last step, because the loss diverged.
 * Of suggestions that contradict each other the range stays: a rate that is no end of it lies within it.
 */
export function suggestRates(points: readonly RangePoint[], smoothing: number, ended: boolean): RateSuggestions {
  const loss = lossCurve(points, smoothing);
  const { notes: rangeNotes, ...range } = suggestRange(
    points,
    accuracyCurve(points, smoothing) ?? loss,
    smoothing,
    ended,
  );
  const fall = findRise(loss);
  if (fall === undefined) {
    return { ...range, notes: [...rangeNotes, sayNoise('No steepest and no valley', loss, points, ended)] };
  }
  const { notes, ...rates } = suggestFromLoss(points, loss, endOfFall(loss, fall), smoothing);
  const contradictions = (['steepest', 'valley'] as const).flatMap((name) => {
    const sentence = sayContradiction(name, rates[name], range);
    return sentence === undefined ? [] : [{ name, sentence }];
  });
  const kept = Object.entries(rates).filter(([rate]) => contradictions.every(({ name }) => name !== rate));
  return {
    ...range,
    ...Object.fromEntries(kept),
    notes: [...rangeNotes, ...notes, ...contradictions.map(({ sentence }) => sentence)],
  };
}

const meanings = {
  steepest: 'the loss falls fastest',
  valley: 'the middle of the longest fall of the loss is',
} as const;

/** Why a rate does not fit the range; undefined where it does. */
function sayContradiction(
  name: keyof typeof meanings,
  rate: number | undefined,
  { etaMin, etaMax }: Pick<RateSuggestions, 'etaMin' | 'etaMax'>,
): string | undefined {
  if (rate === undefined) return undefined;
  const say = (place: string): string => `No ${name}: ${meanings[name]} at ${rate}, ${place}.`;
  if (etaMin !== undefined && rate < etaMin) return say(`below etaMin, which is ${etaMin}`);
  if (etaMax !== undefined && rate > etaMax) return say(`above etaMax, which is ${etaMax}`);
  return undefined;
}

const verbs = {
  accuracy: { moves: 'rise', moving: 'rising' },
  loss: { moves: 'fall', moving: 'falling' },
} as const;

/** A test that ends before its rate has grown by this factor diverged at its lowest rates. */
const startFactor = 10;

/** Why a curve shows nothing: too much noise, or too little time before the loss diverged. */
function sayNoise(absent: string, { name }: Curve, points: readonly RangePoint[], ended: boolean): string {
  const { moves } = verbs[name];
  if (!ended) return `${absent}: the ${name} does not ${moves} by more than its noise.`;
  const first = points[0]?.rate ?? 0;
  const atOnce = (points.at(-1)?.rate ?? 0) < startFactor * first;
  const place = atOnce ? 'at the lowest rates already' : `before the ${name} ${moves}s by more than its noise`;
  return `${absent}: the loss diverges ${place}. Lower "from"${atOnce ? '' : ', or take more steps'}.`;
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
  const { name } = curve;
  const { moves, moving } = verbs[name];
  if (rise === undefined) {
    return { notes: [sayNoise('No etaMin and no etaMax', curve, points, ended)] };
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
  const etaMin = threeDigits(Math.exp(logAt(low)));
  const etaMax = threeDigits(Math.exp((logAt(slow) + (fall === undefined ? last : logAt(fall))) / 2));
  if (etaMin >= etaMax) {
    return { notes: [`No etaMin and no etaMax: the ${name} ${moves}s within a step. Take more steps.`] };
  }
  return {
    ...(!movesAtOnce && { etaMin }),
    ...(!goesOn && { etaMax }),
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
