// The gradient check over every loss and activation, and faults planted in the twins: each must be found, in the right tensor.

import { expect, test } from 'vitest';
import type { Kernel } from '../../src/ops/kernel.ts';
import type { Call } from '../../src/plan/plan.ts';
import { activationNames } from '../../src/recipe/schema.ts';
import { checkGradient, gradcheck, gradientTolerance } from '../../src/verify/gradcheck.ts';
import type { GradientCheck } from '../../src/verify/gradcheck.ts';
import { prepare } from '../../src/train/session.ts';
import type { Prepared } from '../../src/train/session.ts';
import { denseLayers, tinyDataset, tinyOutputs, tinyRecipe } from './tiny.ts';

const losses = ['crossEntropy', 'mse', 'mae', 'huber', 'quadratic'] as const;

function expectRight({ tensors, passed }: GradientCheck): void {
  for (const { relativeError, directionError, coordinates, redrawn, elements } of tensors) {
    expect(relativeError).toBeLessThan(gradientTolerance);
    expect(directionError).toBeLessThan(gradientTolerance);
    expect(coordinates + redrawn).toBe(Math.min(elements, 200 + redrawn));
  }
  expect(passed).toBe(true);
}

test.each(losses.flatMap((loss) => activationNames.map((activation) => [loss, activation] as const)))(
  'the gradient of %s through %s is right in every tensor',
  async (loss, activation) => {
    const layers = denseLayers([activation, activation, 'linear'], [6, 7, tinyOutputs]);
    const check = await gradcheck(tinyRecipe({ loss, model: { layers } }), { dataset: tinyDataset() });
    expect(check.tensors.map(({ name, elements }) => [name, elements])).toEqual([
      ['dense1.weight', 30],
      ['dense1.bias', 6],
      ['dense2.weight', 42],
      ['dense2.bias', 7],
      ['dense3.weight', 21],
      ['dense3.bias', 3],
    ]);
    expectRight(check);
  },
);

test.each(activationNames)('a last layer with %s is differentiated too', async (activation) => {
  const layers = denseLayers(['tanh', activation], [6, tinyOutputs]);
  const dataset = tinyDataset({ task: 'regression' });
  expectRight(await gradcheck(tinyRecipe({ loss: 'mse', model: { layers } }), { dataset }));
});

test.each([
  ['smoothed labels', { labelSmoothing: 0.3 }],
  ['weights of classes', { classWeights: [0.25, 2, 0] }],
  ['balanced and smoothed classes', { classWeights: 'balanced', labelSmoothing: 0.1 }],
  ['a narrow Huber loss', { loss: 'huber', huberDelta: 0.3 }],
  ['a Huber loss that is wider than all differences', { loss: 'huber', huberDelta: 100 }],
] as const)('the gradient of %s is right', async (_name, fields) => {
  expectRight(await gradcheck(tinyRecipe(fields), { dataset: tinyDataset({ rowCount: 43 }) }));
});

test.each([
  ['mae', 1],
  ['huber', 0.5],
] as const)('a step over the kink of %s is redrawn and counted', async (loss, huberDelta) => {
  // With weights of 0 the outputs are the biases; the targets of one row lie within a step of the kinks.
  const dataset = tinyDataset({ task: 'regression' });
  const targets = Float32Array.from(dataset.targets!, (target, index) =>
    index < tinyOutputs ? (loss === 'mae' ? 1e-7 : huberDelta + 1e-7) : target,
  );
  const prepared = prepare(
    tinyRecipe({ loss, huberDelta, model: { layers: denseLayers(['linear'], [tinyOutputs]) } }),
    { ...dataset, inputs: new Float32Array(dataset.inputs.length), targets },
    { shareSlots: false },
  );
  const { tensors } = await checkGradient(prepared, undefined, 0);
  expect(tensors[1]).toMatchObject({ name: 'dense1.bias', coordinates: 0, redrawn: tinyOutputs });
});

test.each(['1', '1/2', '1/(2n)'])('the penalty with the factor %s is part of the gradient', async (l2Factor) => {
  expectRight(await gradcheck(tinyRecipe({ l2: 0.7, l2Factor }), { dataset: tinyDataset() }));
});

test('dropout and augmentation stay on, with the same draws each time', async () => {
  const [hidden, last] = denseLayers(['relu', 'linear'], [16, tinyOutputs]);
  const layers = [{ type: 'dropout', rate: 0.2 }, hidden, { type: 'dropout', rate: 0.4 }, last];
  const augmentation = {
    noise: { standardDeviation: 0.1, fraction: 0.5 },
    horizontalFlip: true,
    cropPadding: 1,
    contrast: 0.5,
    brightness: 0.3,
    cutout: 2,
  };
  const dataset = tinyDataset({ inputShape: [3, 4, 2] });
  const check = await gradcheck(tinyRecipe({ model: { layers }, augmentation, l2: 0.01 }), { dataset });
  expectRight(check);
});

test('clipping is no part of the gradient, and of a population the first member is checked', async () => {
  const dataset = tinyDataset();
  const alone = await gradcheck(tinyRecipe({ seed: 5, l2: 0.1 }), { dataset });
  expectRight(alone);
  const members = [{ seed: 5, l2: 0.1 }, { seed: 6 }];
  expect(await gradcheck(tinyRecipe({ clipNorm: 1e-3, members }), { dataset })).toEqual(alone);
});

test('of a large tensor 200 coordinates are sampled, the same ones each time', async () => {
  const recipe = tinyRecipe({ model: { layers: denseLayers(['tanh', 'linear'], [64, tinyOutputs]) } });
  const dataset = tinyDataset();
  const check = await gradcheck(recipe, { dataset });
  expect(check.tensors.map(({ coordinates }) => coordinates)).toEqual([200, 64, 192, 3]);
  expectRight(check);
  expect(await gradcheck(recipe, { dataset })).toEqual(check);
});

test("the batch is the recipe's, or as many examples as are asked for if those are fewer", async () => {
  const dataset = tinyDataset();
  expect((await gradcheck(tinyRecipe(), { dataset })).examples).toBe(8);
  expect((await gradcheck(tinyRecipe({ batch: 20 }), { dataset })).examples).toBe(16);
  expect((await gradcheck(tinyRecipe(), { dataset, examples: 3 })).examples).toBe(3);
});

test.each(['relu', 'leakyRelu'])('a coordinate whose step flips a %s is redrawn and counted', async (activation) => {
  // Features of 1e-7 leave every unit within a step of its kink: moving a bias crosses it, moving a weight does not.
  const dataset = tinyDataset({ rows: { 0: () => 1e-7 } });
  const layers = denseLayers([activation, 'linear'], [6, tinyOutputs]);
  const { tensors, passed } = await gradcheck(tinyRecipe({ model: { layers } }), { dataset, biasDeviation: 0 });
  const [weight, bias, ...others] = tensors;
  expect(weight).toMatchObject({ redrawn: 0, coordinates: 30 });
  expect(weight?.relativeError).toBeLessThan(gradientTolerance);
  expect(bias).toMatchObject({ redrawn: 6, coordinates: 0, relativeError: 0, meanDifference: 0 });
  expect(bias).not.toHaveProperty('directionError');
  for (const other of others) expect(other.relativeError).toBeLessThan(gradientTolerance);
  expect(passed).toBe(false);
  // Random biases move the units off the kink.
  expect((await gradcheck(tinyRecipe({ model: { layers } }), { dataset })).passed).toBe(true);
});

const [first, ...others] = denseLayers(['sigmoid', 'tanh', 'linear'], [6, 7, tinyOutputs]);
const faultyLayers = [first, { type: 'dropout', rate: 0.3 }, ...others];

/** The tiny model with a faulty twin in the place of the kernel of some calls. */
function plant(chosen: (call: Call) => boolean, twin: (kernel: Kernel) => Kernel['twin']): Prepared {
  const recipe = tinyRecipe({ model: { layers: faultyLayers }, l2: 0.1 });
  const prepared = prepare(recipe, tinyDataset(), { shareSlots: false });
  const { plan } = prepared;
  const train = plan.programs.train.map((call) =>
    chosen(call) ? { ...call, kernel: { ...call.kernel, twin: twin(call.kernel) } } : call,
  );
  expect(train).not.toEqual(plan.programs.train);
  return { ...prepared, plan: { ...plan, programs: { ...plan.programs, train } } };
}

/** What the right twin writes to `binding`, times 1.000001 everywhere. */
const scaled =
  (binding: string) =>
  (kernel: Kernel): Kernel['twin'] =>
  (tensors, params, context) => {
    kernel.twin(tensors, params, context);
    tensors[binding]?.forEach((value, index, all) => {
      all[index] = value * 1.000001;
    });
  };

const faults: readonly [name: string, prepared: () => Prepared, wrong: readonly string[]][] = [
  ['none', () => prepare(tinyRecipe({ l2: 0.1 }), tinyDataset(), { shareSlots: false }), []],
  [
    'a weight gradient that is too large by a millionth',
    () => plant(({ kernel, layer }) => kernel.name === 'dense_backward_weight' && layer === 'dense2', scaled('dw')),
    ['dense2.weight', 'dense2.bias', 'dense3.weight', 'dense3.bias'],
  ],
  [
    'an input gradient that is too large by a millionth',
    () => plant(({ kernel, layer }) => kernel.name === 'dense_backward_input' && layer === 'dense2', scaled('dx')),
    ['dense1.weight', 'dense1.bias'],
  ],
  [
    'the slope of the wrong activation',
    () =>
      plant(
        ({ kernel, layer }) => kernel.name === 'dense_backward_input' && layer === 'dense3',
        (kernel) => (tensors, params, context) =>
          kernel.twin(tensors, params, { ...context, constants: { ACTIVATION: 3 } }),
      ),
    ['dense1.weight', 'dense1.bias', 'dense2.weight', 'dense2.bias'],
  ],
  [
    'a gradient through units that dropout took out',
    () =>
      plant(
        ({ kernel, tensors }) => kernel.name === 'dropout' && tensors.y?.name === 'dropout1.dx',
        () => (tensors) => tensors.y?.set(tensors.x ?? []),
      ),
    ['dense1.weight', 'dense1.bias'],
  ],
  [
    'a loss gradient without the mean over the batch',
    () =>
      plant(
        ({ kernel }) => kernel.name === 'softmax_cross_entropy',
        (kernel) => (tensors, params, context) => kernel.twin(tensors, { ...params, inverseBatch: 1 }, context),
      ),
    ['dense1.weight', 'dense1.bias', 'dense2.weight', 'dense2.bias', 'dense3.weight', 'dense3.bias'],
  ],
];

test.each(faults)('planted fault, %s: found in exactly the tensors that it spoils', async (_, prepared, wrong) => {
  const { tensors, passed } = await checkGradient(prepared());
  const failing = tensors.filter(
    ({ relativeError, directionError = 0 }) => Math.max(relativeError, directionError) > gradientTolerance,
  );
  expect(failing.map(({ name }) => name).toSorted()).toEqual(wrong.toSorted());
  expect(passed).toBe(wrong.length === 0);
});
