// The range test: suggestions on curves whose answers are known, where a test ends, and what it leaves of the recipe.
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/data/dataset.ts';
import { InterruptedError, RecipeError } from '../../src/errors.ts';
import { normals } from '../../src/random/draws.ts';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { applyRange } from '../../src/search/apply-range.ts';
import { rangeDefaults, rangeTest } from '../../src/search/range-test.ts';
import type { RangeTestOptions } from '../../src/search/range-test.ts';
import { startAverage, suggestRates } from '../../src/search/rate-suggestions.ts';
import type { RangePoint } from '../../src/search/rate-suggestions.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import { clouds, curves } from '../train/support.ts';

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
  expect(suggestRates(points, 0, true)).toMatchObject({ valley, steepest });
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

const classifier = {
  data: { source: 'digits' },
  model: { layers: [{ type: 'dense', units: 3 }] },
  optimizer: { type: 'sgd' },
  batch: 10,
  epochs: 3,
} as const;

const regression = { ...classifier, loss: 'mse', model: { layers: [{ type: 'dense', units: 2 }] } } as const;

function run(recipe: object, dataset: Dataset, options: Partial<RangeTestOptions>): ReturnType<typeof rangeTest> {
  return rangeTest(parseRecipe(recipe), { device: cpuDevice(), dataset, ...options });
}

test('a test has a point for every step, at the rates of its curve, with the losses of its training', async () => {
  const dataset = clouds();
  const result = await run({ ...classifier, l2: 0.01 }, dataset, { epochs: 4, from: 1e-4, to: 0.1 });
  expect(result).toMatchObject({ ended: 'complete', steps: 36, stepsPerEpoch: 9, curve: 'exponential' });
  expect(result.points.map(({ step }) => step)).toEqual(Array.from({ length: 36 }, (_, step) => step));
  expect(result.points[0]?.rate).toBeCloseTo(1e-4, 12);
  expect(result.points[7]?.rate).toBeCloseTo(1e-4 * 1000 ** (7 / 35), 12);
  expect(result.points[35]?.rate).toBeCloseTo(0.1, 12);
  const { recipe } = result;
  expect(recipe).toMatchObject({ l2: 0.01, optimizer: { type: 'sgd' }, batch: 10 });
  const sums: { loss: number; accuracy: number }[] = [];
  for await (const event of train(
    { ...recipe, evaluation: { batch: 256, everySteps: 12 } },
    { device: cpuDevice(), dataset },
  )) {
    if (event.type !== 'evaluation') continue;
    const { loss, accuracy = Number.NaN } = event.members[0]?.train ?? { loss: Number.NaN };
    sums.push({ loss, accuracy });
  }
  const meanOf = (from: number, value: (point: RangePoint) => number): number =>
    result.points.slice(from, from + 12).reduce((sum, point) => sum + value(point), 0) / 12;
  for (const [index, { loss, accuracy }] of sums.entries()) {
    expect(meanOf(12 * index, (point) => point.loss)).toBeCloseTo(loss, 12);
    expect(meanOf(12 * index, (point) => point.accuracy ?? Number.NaN)).toBeCloseTo(accuracy, 12);
  }
  expect(sums).toHaveLength(3);
});

test('a linear test has equal distances, and a regression has no accuracy', async () => {
  const result = await run(regression, curves(), { steps: 5, from: 0.1, to: 0.5, curve: 'linear' });
  expect(result.points.map(({ rate }) => Number(rate.toFixed(12)))).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
  expect(Object.keys(result.points[0] ?? {})).toEqual(['step', 'rate', 'loss', 'smoothedLoss']);
});

test('without a length a test of a small set has at least so many steps, in whole epochs', async () => {
  const counts: number[] = [];
  const controller = new AbortController();
  const options = { signal: controller.signal, onStart: ({ steps }: { readonly steps: number }) => counts.push(steps) };
  controller.abort();
  await expect(run(classifier, clouds(), options)).rejects.toThrow(InterruptedError);
  expect(counts).toEqual([9 * Math.ceil(rangeDefaults.steps / 9)]);
});

test('early stopping, a search and other lengths of the recipe are left out; the evaluation is at the end', async () => {
  const { recipe } = await run(
    {
      ...classifier,
      epochs: undefined,
      cycles: 1,
      schedule: { type: 'cyclic', stepSize: 5 },
      earlyStopping: { patience: 1 },
      evaluation: { everyEpochs: 1 },
      search: { space: { l2: { logUniform: [1e-5, 1e-1] } } },
    },
    clouds(),
    { steps: 8 },
  );
  expect(recipe).toMatchObject({ steps: 8, evaluation: { everySteps: 8 }, schedule: { type: 'rangeTest' } });
  for (const name of ['earlyStopping', 'search', 'cycles', 'epochs']) expect(recipe).not.toHaveProperty(name);
});

test('a loss that grows beyond four times its lowest ends the test with the point that shows it', async () => {
  const result = await run(regression, curves(), { steps: 200, from: 1e-2, to: 1e4, smoothing: 0.5 });
  const { points, ended } = result;
  expect(ended).toBe('diverged');
  expect(points.length).toBeLessThan(200);
  const lowest = Math.min(...points.map(({ smoothedLoss }) => smoothedLoss));
  expect(points.at(-1)?.smoothedLoss).toBeGreaterThan(4 * lowest);
  expect(points.at(-2)?.smoothedLoss).toBeLessThanOrEqual(4 * lowest);
  const slow = await run(regression, curves(), {
    steps: 200,
    from: 1e-2,
    to: 1e4,
    smoothing: 0.5,
    chunkMilliseconds: 1e-6,
  });
  expect(slow.points).toEqual(points);
});

test('a loss that is not finite ends the test after the last that is, wherever chunks end', async () => {
  // The second step multiplies the weights by so much that the squares of the third overflow.
  const options = { steps: 40, from: 1e-3, to: 1e38, curve: 'linear' as const };
  const result = await run(regression, curves(), options);
  expect(result).toMatchObject({
    ended: 'notFinite',
    suggestions: { notes: [expect.any(String), expect.any(String)] },
  });
  expect(result.points.map(({ step }) => step)).toEqual([0, 1]);
  expect((await run(regression, curves(), { ...options, chunkMilliseconds: 1e-6 })).points).toEqual(result.points);
});

test('a loss that is not finite at once ends the test without a point', async () => {
  const dataset = { ...curves(), targets: curves().targets?.map(() => 3e38) ?? new Float32Array() };
  const { points, ended } = await run(regression, dataset, { steps: 5 });
  expect({ points, ended }).toEqual({ points: [], ended: 'notFinite' });
});

test.each([
  [{ from: 0 }, 'from: expected a learning rate above 0, got 0. The standard is 0.00001.'],
  [{ from: Number.NaN }, 'from: expected a learning rate above 0, got NaN. The standard is 0.00001.'],
  [{ from: 0.1, to: 0.1 }, 'to: expected a learning rate above "from", which is 0.1, got 0.1. Raise it.'],
  [{ to: Infinity }, 'to: expected a learning rate above "from", which is 0.00001, got Infinity. Raise it.'],
  [{ smoothing: 1 }, 'smoothing: expected a number from 0 to below 1, got 1. fastai takes 0.98.'],
  [{ epochs: 0 }, 'steps: expected a number of at least 1, got 0.'],
])('bounds that are none: %j', async (options, sentence) => {
  const failure = await run(classifier, clouds(), options).catch((cause: unknown) => cause);
  expect(failure).toBeInstanceOf(RecipeError);
  expect((failure as RecipeError).message).toBe(sentence);
});

test('a population is refused', async () => {
  const recipe = { ...classifier, members: [{ seed: 1 }, { seed: 2 }] };
  await expect(run(recipe, clouds(), {})).rejects.toThrow(
    'members: a range test trains one model, but the recipe has 2 members. Leave "members" out.',
  );
});

const found = { etaMin: 1e-4, etaMax: 0.05, valley: 2e-3, steepest: 1e-3, notes: [] };

test('a cyclic schedule gets both ends, oneCycle its top, any other recipe the learning rate; nothing else changes', () => {
  const cyclic = builtInRecipes['cifar10-cyclic'] as { readonly schedule: object };
  expect(applyRange(cyclic, found)).toEqual({
    recipe: { ...cyclic, schedule: { ...cyclic.schedule, etaMin: 1e-4, etaMax: 0.05 } },
    changes: [
      { path: 'schedule.etaMin', value: 1e-4 },
      { path: 'schedule.etaMax', value: 0.05 },
    ],
  });
  const oneCycle = { ...classifier, schedule: { type: 'oneCycle', etaMax: 1 } };
  expect(applyRange(oneCycle, found).recipe).toEqual({ ...oneCycle, schedule: { type: 'oneCycle', etaMax: 0.05 } });
  const { recipe, changes } = applyRange(classifier, found);
  expect(recipe).toEqual({ ...classifier, optimizer: { type: 'sgd', learningRate: 2e-3 } });
  expect(changes).toEqual([{ path: 'optimizer.learningRate', value: 2e-3 }]);
  const { optimizer: _optimizer, ...plain } = classifier;
  expect(applyRange(plain, { steepest: 1e-3, notes: [] }).recipe).toEqual({
    ...plain,
    optimizer: { type: 'adam', learningRate: 1e-3 },
  });
});

test('what was not found is not put in, and one end alone only where it fits the other', () => {
  const cyclic = { ...classifier, schedule: { type: 'cyclic', etaMin: 1e-3, etaMax: 0.1, stepSize: 5 } };
  expect(applyRange(cyclic, { etaMax: 0.05, notes: [] }).changes).toEqual([{ path: 'schedule.etaMax', value: 0.05 }]);
  expect(applyRange(cyclic, { etaMax: 1e-4, notes: [] })).toEqual({ recipe: cyclic, changes: [] });
  expect(applyRange(cyclic, { valley: 1e-2, notes: [] })).toEqual({ recipe: cyclic, changes: [] });
  expect(applyRange(classifier, { etaMin: 1e-4, etaMax: 0.05, notes: [] })).toEqual({
    recipe: classifier,
    changes: [],
  });
});
