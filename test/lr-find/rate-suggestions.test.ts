// What a range test suggests, on curves whose answers are known, and what it does not suggest where noise or a spike would choose.
import { expect, test } from 'vitest';
import { normals } from '../../src/random/draws.ts';
import { endOfFall, suggestFromLoss } from '../../src/lr-find/loss-fall.ts';
import { findRise, lossCurve, startAverage } from '../../src/lr-find/range-curves.ts';
import type { RangePoint } from '../../src/lr-find/range-curves.ts';
import { suggestRates } from '../../src/lr-find/rate-suggestions.ts';

/** A value for each rate, on straight lines over log10(rate) between [rate, value] corners. */
function along(corners: readonly (readonly [number, number])[]): (rate: number) => number {
  return (rate) => {
    const right = corners.findIndex(([corner]) => corner >= rate);
    const [x1, y1] = corners[right] ?? corners.at(-1) ?? [1, 0];
    const [x0, y0] = right > 0 ? (corners[right - 1] ?? [x1, y1]) : [x1, y1];
    return x1 === x0 ? y1 : y0 + ((y1 - y0) * Math.log(rate / x0)) / Math.log(x1 / x0);
  };
}

interface Sweep {
  readonly steps?: number;
  readonly curve?: 'exponential' | 'linear';
  readonly smoothing?: number;
  /** Standard deviation from batch to batch of the accuracy; the loss has three times as much. */
  readonly noise?: number;
  readonly seed?: number;
  readonly accuracy?: (rate: number) => number;
  readonly loss?: (rate: number) => number;
}

const noLoss = (): number => 2.3;

/** The points of a test from 1e-5 to 1 whose batches follow the curves. */
function sweep(wanted: Sweep): readonly RangePoint[] {
  const {
    steps = 2500,
    curve = 'exponential',
    smoothing = 0.98,
    noise = 0,
    seed = 1,
    accuracy,
    loss = noLoss,
  } = wanted;
  const draws = normals(2 * steps, { seed, stream: 8, step: 0, salt: 0 });
  const averageLoss = startAverage(smoothing);
  const averageAccuracy = startAverage(smoothing);
  return Array.from({ length: steps }, (_, step) => {
    const share = steps === 1 ? 0 : step / (steps - 1);
    const rate = curve === 'linear' ? 1e-5 + (1 - 1e-5) * share : 1e-5 * 1e5 ** share;
    const batchLoss = loss(rate) + 3 * noise * (draws[2 * step] ?? 0);
    const point = { step, rate, loss: batchLoss, smoothedLoss: averageLoss(batchLoss) };
    if (accuracy === undefined) return point;
    const batchAccuracy = accuracy(rate) + noise * (draws[2 * step + 1] ?? 0);
    return { ...point, accuracy: batchAccuracy, smoothedAccuracy: averageAccuracy(batchAccuracy) };
  });
}

/** Fails unless a rate lies within so many decades of the answer. */
function expectRate(rate: number | undefined, answer: number, decades: number): void {
  expect(rate).toBeDefined();
  expect(Math.abs(Math.log10((rate ?? Number.NaN) / answer)), `${rate} for ${answer}`).toBeLessThan(decades);
}

/** The noise of batches of 100 at 40 % is 0.05. */
const batchNoise = 0.05;
const seeds = [1, 2, 3, 4, 5];

// A rise by 0.4 from 1e-4 to 1e-2, a plateau to 0.1, a fall. A tenth of the rise is made after 0.2 decades, 95 % a tenth of a decade
// before its end; the fall loses 5 % within 0.03 decades. etaMax is the middle of the plateau.
const plateau = along([
  [1e-5, 0.1],
  [1e-4, 0.1],
  [1e-2, 0.5],
  [0.1, 0.5],
  [0.3, 0.1],
  [1, 0.1],
]);
const plateauMin = 1e-4 * 10 ** 0.2;
const plateauMax = Math.sqrt(1e-2 * 10 ** -0.1 * 0.1 * 10 ** 0.03);

test('etaMin and etaMax are where accuracy starts to rise and the middle of its plateau, the lag of the average taken off', () => {
  const { etaMin, etaMax } = suggestRates(sweep({ accuracy: plateau }), 0.98, false);
  expectRate(etaMin, plateauMin, 0.03);
  expectRate(etaMax, plateauMax, 0.03);
});

test.each(seeds)('the noise of batches moves them little (noise %i)', (seed) => {
  const { etaMin, etaMax } = suggestRates(sweep({ accuracy: plateau, noise: batchNoise, seed }), 0.98, false);
  expectRate(etaMin, plateauMin, 0.25);
  expectRate(etaMax, plateauMax, 0.25);
});

test.each(seeds)('a short test of noisy batches, which is smoothed less, finds them too (noise %i)', (seed) => {
  const points = sweep({ accuracy: plateau, noise: batchNoise, seed, steps: 250, smoothing: 0.8 });
  const { etaMin, etaMax } = suggestRates(points, 0.8, false);
  expectRate(etaMin, plateauMin, 0.5);
  expectRate(etaMax, plateauMax, 0.5);
});

test.each(seeds)('a linear test finds what lies where its steps are (noise %i)', (seed) => {
  const accuracy = along([
    [1e-5, 0.1],
    [0.02, 0.1],
    [0.2, 0.5],
    [0.6, 0.5],
    [1, 0.1],
  ]);
  const points = sweep({ accuracy, noise: batchNoise, seed, curve: 'linear' });
  const { etaMin, etaMax, notes } = suggestRates(points, 0.98, false);
  expectRate(etaMin, 0.02 * 10 ** 0.1, 0.3);
  expectRate(etaMax, Math.sqrt(0.2 * 0.6), 0.15);
  expect(notes).toEqual([expect.stringMatching(/^No steepest and no valley: the loss does not fall/)]);
});

test('a curve that falls back before it slows ends the range at its last high', () => {
  const accuracy = along([
    [1e-5, 0.1],
    [1e-4, 0.1],
    [3e-3, 0.4],
    [6e-3, 0.3],
    [0.1, 0.5],
    [1, 0.5],
  ]);
  expectRate(suggestRates(sweep({ accuracy, noise: 0.01 }), 0.98, false).etaMax, 3e-3, 0.1);
});

test('a dip on the floor is no end of the rise', () => {
  const dipped = (rate: number): number => plateau(rate) - (rate > 2e-5 && rate < 5e-5 ? 0.05 : 0);
  expectRate(suggestRates(sweep({ accuracy: dipped, noise: 0.01 }), 0.98, false).etaMax, plateauMax, 0.1);
});

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'noise alone suggests nothing, and says so (noise %i)',
  (seed) => {
    const points = sweep({ accuracy: () => 0.1, noise: 0.03, seed });
    expect(suggestRates(points, 0.98, false)).toEqual({
      notes: [
        'No etaMin and no etaMax: the accuracy does not rise by more than its noise.',
        'No steepest and no valley: the loss does not fall by more than its noise.',
      ],
    });
  },
);

test.each([0, 1, 2, 5])('%i points suggest nothing', (steps) => {
  const points = sweep({ accuracy: plateau, noise: batchNoise, steps });
  expect(Object.keys(suggestRates(points, 0, true))).toEqual(['notes']);
});

const rising = along([
  [1e-5, 0.1],
  [1e-2, 0.1],
  [1, 0.5],
]);

test('an accuracy that still rises at the highest rate has no etaMax, unless the loss diverged there', () => {
  const points = sweep({ accuracy: rising, noise: 0.01 });
  const { etaMin, etaMax, notes } = suggestRates(points, 0.98, false);
  expectRate(etaMin, 1e-2 * 10 ** 0.2, 0.1);
  expect(etaMax).toBeUndefined();
  expect(notes).toContain('No etaMax: the accuracy is still rising at the highest rate. Test up to a higher one.');
  expectRate(suggestRates(points, 0.98, true).etaMax, 0.9, 0.1);
});

test('an accuracy that rises from the lowest rate on has no etaMin', () => {
  const accuracy = along([
    [0.9e-5, 0.1],
    [1e-4, 0.5],
    [1, 0.5],
  ]);
  const { etaMin, etaMax, notes } = suggestRates(sweep({ accuracy, noise: 0.01 }), 0.98, false);
  expect(etaMin).toBeUndefined();
  expect(etaMax).toBeDefined();
  expect(notes).toContain('No etaMin: the accuracy rises from the lowest rate on. Test from a lower one.');
});

test('without accuracy the range comes from the loss', () => {
  const loss = along([
    [1e-5, 2],
    [1e-3, 2],
    [1e-1, 0.5],
    [0.5, 0.5],
    [1, 3],
  ]);
  const suggestions = suggestRates(sweep({ loss, noise: 0.05 }), 0.98, false);
  expectRate(suggestions.etaMin, 1e-3 * 10 ** 0.2, 0.25);
  expectRate(suggestions.etaMax, Math.sqrt(0.1 * 0.5), 0.2);
  expect(suggestions.notes).toEqual([]);
});

// Recorded: `valley` and `steep` of fastai/callback/schedule.py on the same 100 losses, [10:-5] as its `lr_find` cuts them.
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
test.each([
  ['a smooth fall', (x: number) => 2.3 - 1.5 * sigmoid(4 * (x + 2.5)), 0.00376, 0.00298],
  [
    'a wobbling fall',
    (x: number, k: number) => 2.3 - 1.5 * sigmoid(4 * (x + 2.5)) + 0.05 * Math.sin(1.7 * k),
    0.0305,
    0.00475,
  ],
  [
    'a fall and an explosion',
    (x: number, k: number) => 2.3 - 1.5 * sigmoid(4 * (x + 3)) + 0.02 * Math.sin(2.3 * k) + Math.exp(6 * (x + 0.8)),
    0.00236,
    0.000933,
  ],
] as const)('valley and steepest of %s are fastai’s', (_, lossAt, valley, steepest) => {
  // Their wobble is no noise of batches, which is taken from the losses themselves: a thousandth of it.
  const points = sweep({ steps: 100, smoothing: 0 }).map((point, k) => {
    const loss = lossAt(Math.log10(point.rate), k);
    return { ...point, loss: loss / 1000, smoothedLoss: loss };
  });
  expect(suggestFromLoss(points, lossCurve(points, 0), 99, 0)).toEqual({ valley, steepest, notes: [] });
});

test('the steepest place of a linear test is measured over the logarithm of the rate', () => {
  const loss = (rate: number): number => 2.3 - 1.5 * sigmoid(4 * (Math.log10(rate) + 1));
  const points = sweep({ loss, curve: 'linear', noise: 0.02, steps: 5000 });
  expectRate(suggestRates(points, 0.98, false).steepest, 0.1, 0.25);
});

test('the average is corrected for its bias: it starts at the first value and keeps a constant', () => {
  const average = startAverage(0.98);
  expect([3, 3, 3].map(average)).toEqual([3, 3, 3].map((value) => expect.closeTo(value, 12)));
  const other = startAverage(0.5);
  expect([1, 2, 4].map(other)).toEqual([1, (0.5 * 1 + 2) / 1.5, (0.25 * 1 + 0.5 * 2 + 4) / 1.75]);
});

/** A loss that falls from 2.3 to 0.8 about a rate, over so many decades. */
function fallAt(rate: number, decades = 1): (at: number) => number {
  return (at) => 2.3 - 1.5 * sigmoid((4 / decades) * Math.log10(at / rate));
}

test.each(seeds)('the way down of a spike beyond the lowest loss is not the steepest place (noise %i)', (seed) => {
  const fall = fallAt(1e-4);
  // As training breaks down at high rates: up to ten times the loss, and back.
  const loss = (rate: number): number => fall(rate) + (rate > 0.1 && rate < 0.13 ? 20 : 0);
  const { steepest, valley } = suggestRates(sweep({ loss, noise: 0.02, seed }), 0.98, false);
  expectRate(steepest, 1e-4, 0.3);
  expect(valley).toBeLessThan(0.1);
});

test('the way down of a spike on the way to the lowest loss is not the steepest place either', () => {
  const [first, second] = [fallAt(1e-4), fallAt(0.3, 0.2)];
  const spike = along([
    [1e-5, 0],
    [0.02, 0],
    [0.03, 1],
    [0.04, 0],
    [1, 0],
  ]);
  const loss = (rate: number): number => first(rate) + 0.3 * second(rate) + spike(rate);
  const { steepest, valley } = suggestRates(sweep({ loss, noise: 0.02 }), 0.98, false);
  expectRate(steepest, 1e-4, 0.3);
  expect(valley).toBeLessThan(0.02);
});

test('a loss that comes back before its half is won ends the fall, too', () => {
  const loss = along([
    [1e-5, 2],
    [1e-4, 2],
    [1e-3, 1.5],
    [0.01, 1.5],
    [0.03, 1.95],
    [0.04, 0.5],
    [1, 0.5],
  ]);
  const points = sweep({ loss, noise: 0.005 });
  const curve = lossCurve(points, 0.98);
  const fall = findRise(curve) ?? { base: 0, peak: 0, height: 0 };
  expect(points[fall.peak]?.rate).toBeGreaterThan(0.04);
  const end = points[endOfFall(curve, fall)]?.rate;
  expect(end).toBeGreaterThan(1e-3);
  expect(end).toBeLessThan(0.012);
});

test('a regression whose loss explodes and comes back has the range of its first fall', () => {
  const fall = fallAt(1e-3);
  // Lower than ever afterwards, so that the spike is the worst before the best.
  const after = (rate: number): number => (rate < 0.1 ? 0 : rate < 0.13 ? 20 : -0.1);
  const loss = (rate: number): number => fall(rate) + after(rate);
  const { etaMin, etaMax } = suggestRates(sweep({ loss, noise: 0.02 }), 0.98, false);
  expectRate(etaMin, 1e-3 * 10 ** -0.55, 0.2);
  expect(etaMax).toBeGreaterThan(1e-3);
  expect(etaMax).toBeLessThan(0.1);
});

test.each(seeds)('one tooth of the noise is not the steepest place of a slow fall (noise %i)', (seed) => {
  const fall = fallAt(1e-2, 2);
  const points = sweep({ loss: fall, noise: 0.1, seed, steps: 300, smoothing: 0.8 });
  expectRate(suggestRates(points, 0.8, false).steepest, 1e-2, 1);
});

test('a fall that shows over more than half of the rates only has no steepest place, and says why', () => {
  const loss = along([
    [1e-5, 2],
    [1, 1],
  ]);
  const points = sweep({ loss, noise: 0.07, steps: 300, smoothing: 0.8 });
  const { steepest, notes } = suggestRates(points, 0.8, false);
  expect(steepest).toBeUndefined();
  expect(notes).toContain(
    'No steepest: where the loss falls fastest is lost in its noise. Take more steps, or test from a lower rate.',
  );
});

test('a loss that falls among the lowest rates only has neither', () => {
  const loss = along([
    [1e-5, 2],
    [2e-5, 1],
    [1, 1],
  ]);
  const { steepest, valley, notes } = suggestRates(sweep({ loss, noise: 0.05 }), 0.98, false);
  expect({ steepest, valley }).toEqual({});
  expect(notes).toContain(
    'No steepest and no valley: beyond the lowest rates the loss does not fall by more than its noise. Test from a lower one.',
  );
});

test.each([
  [1e-4, 'No steepest: the loss falls fastest at ', 'below etaMin, which is '],
  [0.3, 'No valley: the middle of the longest fall of the loss is at ', 'above etaMax, which is '],
])('a loss whose fall about %d does not fit the range of the accuracy suggests nothing', (rate, which, place) => {
  const accuracy = along([
    [1e-5, 0.1],
    [2e-3, 0.1],
    [5e-3, 0.5],
    [8e-3, 0.5],
    [2e-2, 0.1],
    [1, 0.1],
  ]);
  const { steepest, valley, notes } = suggestRates(sweep({ accuracy, loss: fallAt(rate), noise: 0.01 }), 0.98, false);
  expect(which.includes('steepest') ? steepest : valley).toBeUndefined();
  expect(notes).toContainEqual(expect.stringContaining(which));
  expect(notes).toContainEqual(expect.stringContaining(place));
});

test('a rise within a step has no range', () => {
  const points = sweep({ accuracy: () => 0.1 }).map((point, step) => {
    const accuracy = step === 2 ? 0.9 : 0.1;
    const rate = 1e-3 * (1 + 1e-6 * step);
    return { ...point, rate, accuracy, smoothedAccuracy: step === 2 ? 0.37 : step > 2 && step < 50 ? 0.2 : 0.1 };
  });
  const { etaMin, etaMax, notes } = suggestRates(points, 0.98, false);
  expect({ etaMin, etaMax }).toEqual({});
  expect(notes).toContain('No etaMin and no etaMax: the accuracy rises within a step. Take more steps.');
});

/** A random curve of loss and accuracy: a fall, a plateau, perhaps a spike, an explosion. */
function randomSweep(seed: number): { readonly points: readonly RangePoint[]; readonly smoothing: number } {
  const draws = normals(12, { seed, stream: 9, step: 0, salt: 0 });
  const draw = (index: number): number => draws[index] ?? 0;
  const start = 10 ** (-3.5 + draw(0));
  const fall = fallAt(start, Math.exp(draw(1) / 2));
  const rise = fallAt(start * 10 ** (draw(2) / 2), Math.exp(draw(3) / 2));
  const spikeAt = 10 ** (-2 + draw(4) / 2);
  const spike = (rate: number): number =>
    rate > spikeAt && rate < 1.3 * spikeAt ? Math.max(0, 3 * draw(5)) : Math.max(0, draw(6)) * (rate / 0.3) ** 3;
  const steps = [200, 300, 1000][seed % 3] ?? 200;
  const smoothing = 1 - 50 / steps;
  const points = sweep({
    steps,
    smoothing,
    noise: 0.03 * Math.exp(draw(7)),
    seed,
    loss: (rate) => fall(rate) + spike(rate),
    accuracy: (rate) => 0.1 + 0.5 * ((2.3 - rise(rate)) / 1.5) * Math.exp(-spike(rate)),
  });
  return { points: seed % 2 === 0 ? points : points.map(withoutAccuracy), smoothing };
}

function withoutAccuracy({ step, rate, loss, smoothedLoss }: RangePoint): RangePoint {
  return { step, rate, loss, smoothedLoss };
}

test.each(Array.from({ length: 60 }, (_, seed) => seed))(
  'suggestions never contradict each other (curve %i)',
  (seed) => {
    const { points, smoothing } = randomSweep(seed);
    const { etaMin = 0, etaMax = Infinity, steepest, valley, notes } = suggestRates(points, smoothing, false);
    expect(etaMin).toBeLessThan(etaMax);
    for (const rate of [steepest, valley]) {
      if (rate === undefined) continue;
      expect(rate).toBeGreaterThanOrEqual(etaMin);
      expect(rate).toBeLessThanOrEqual(etaMax);
    }
    // What is absent has its sentence.
    for (const name of ['steepest', 'valley'] as const) {
      const isSaid = notes.some((note) => note.split(':')[0]?.includes(name));
      expect(isSaid).toBe({ steepest, valley }[name] === undefined);
    }
  },
);
