// Normalisation, pools, sums and noise as layers of models: their gradients against differences, with planted faults found; their shapes;
// and the running statistics.

import { expect, test } from 'vitest';
import { RecipeError, ShapeError } from '../../src/errors.ts';
import type { Kernel } from '../../src/ops/kernel.ts';
import { prepare } from '../../src/train/session.ts';
import type { Prepared } from '../../src/train/session.ts';
import { checkGradient, gradcheck, gradientTolerance } from '../../src/verify/gradcheck.ts';
import { tinyDataset, tinyOutputs, tinyRecipe } from './tiny.ts';

const image = [6, 4, 3];
const last = { type: 'dense', units: tinyOutputs };

const models: readonly (readonly [string, readonly number[], readonly object[]])[] = [
  [
    'batch norm between dense layers',
    [5],
    [{ type: 'dense', units: 6, activation: 'tanh' }, { type: 'batchNorm', activation: 'relu' }, last],
  ],
  ['batch norm of the data', [5], [{ type: 'batchNorm', activation: 'gelu' }, last]],
  [
    'layer norm between dense layers',
    [5],
    [{ type: 'dense', units: 6, activation: 'sigmoid' }, { type: 'layerNorm', activation: 'gelu' }, last],
  ],
  [
    'a sum of three layers',
    [5],
    [
      { type: 'dense', units: 6, activation: 'sigmoid', name: 'a' },
      { type: 'dense', units: 6, activation: 'tanh', name: 'b' },
      { type: 'layerNorm', name: 'c' },
      { type: 'add', inputs: ['a', 'b', 'c'], activation: 'leakyRelu' },
      { type: 'gaussianNoise', standardDeviation: 0.1 },
      last,
    ],
  ],
  [
    'a layer whose bias a batch norm takes out again',
    image,
    [
      { type: 'conv2d', filters: 4, padding: 'same' },
      { type: 'batchNorm', activation: 'tanh' },
      { type: 'dense', units: 6 },
      { type: 'batchNorm', activation: 'relu', epsilon: 0.1 },
      last,
    ],
  ],
  [
    'convolutions with strides, pads and a branch',
    image,
    [
      {
        type: 'conv2d',
        filters: 5,
        kernel: [2, 3],
        stride: [1, 2],
        padding: 'same',
        activation: 'tanh',
        name: 'trunk',
      },
      { type: 'conv2d', filters: 5, padding: 'same', activation: 'gelu', name: 'branch' },
      { type: 'add', inputs: ['trunk', 'branch'], activation: 'sigmoid' },
      { type: 'maxPool2d', size: [3, 1] },
      { type: 'conv2d', filters: 3, kernel: [1, 2], activation: 'relu', bias: false },
      last,
    ],
  ],
  [
    'overlapping max pools of a batch norm with relu',
    image,
    [
      { type: 'batchNorm', activation: 'relu' },
      { type: 'maxPool2d', size: 3, stride: 2, padding: 'same' },
      { type: 'layerNorm', activation: 'tanh' },
      { type: 'maxPool2d', size: [1, 2] },
      last,
    ],
  ],
  [
    'average pools',
    image,
    [
      { type: 'layerNorm', activation: 'sigmoid' },
      { type: 'averagePool2d', size: 3, stride: 1, padding: 'same' },
      { type: 'batchNorm', activation: 'tanh' },
      { type: 'averagePool2d', stride: [1, 3] },
      { type: 'globalAveragePool2d' },
      last,
    ],
  ],
];

// With 70 rows of 24 pixels the sums over a batch are longer than a chunk.
test.each(models.flatMap(([name, shape, layers]) => [8, 70].map((batch) => [name, batch, shape, layers] as const)))(
  'the gradient through %s is right, in batches of %d',
  async (_, batch, inputShape, layers) => {
    const dataset = tinyDataset({ inputShape, rowCount: 90 });
    const check = await gradcheck(tinyRecipe({ model: { layers }, batch }), { dataset, examples: batch });
    for (const { relativeError, directionError } of check.tensors) {
      expect(relativeError).toBeLessThan(gradientTolerance);
      expect(directionError).toBeLessThan(gradientTolerance);
    }
    expect(check.passed).toBe(true);
  },
);

/** A prepared run whose kernel `name` of a layer has another twin. */
function plant(
  layers: readonly object[],
  layer: string,
  name: string,
  twin: (kernel: Kernel) => Kernel['twin'],
): Prepared {
  const prepared = prepare(tinyRecipe({ model: { layers } }), tinyDataset({ inputShape: image }), {
    shareSlots: false,
  });
  const { plan } = prepared;
  const isChosen = (call: (typeof plan.programs.train)[number]) => call.layer === layer && call.kernel.name === name;
  expect(plan.programs.train.filter(isChosen)).toHaveLength(1);
  const train = plan.programs.train.map((call) =>
    isChosen(call) ? { ...call, kernel: { ...call.kernel, twin: twin(call.kernel) } } : call,
  );
  return { ...prepared, plan: { ...plan, programs: { ...plan.programs, train } } };
}

const faultyLayers = [
  { type: 'layerNorm', name: 'first', activation: 'tanh' },
  { type: 'maxPool2d', name: 'max', size: 2 },
  { type: 'batchNorm', name: 'middle' },
  { type: 'averagePool2d', name: 'mean', size: 2, stride: 1, padding: 'same' },
  // Three channels that are almost equal would bend too much for differences of 1e-5.
  { type: 'layerNorm', name: 'end', epsilon: 0.1 },
  last,
];
const first = ['first.scale', 'first.shift'];
const middle = ['middle.scale', 'middle.shift'];

test.each<[string, string, string, (kernel: Kernel) => Kernel['twin'], readonly string[]]>([
  [
    'a batch norm whose statistics count as constants',
    'middle',
    'batch_norm_backward_input',
    (kernel) => (tensors, params, context) =>
      kernel.twin({ ...tensors, dw: context.math.array(tensors.dw!.length) }, params, context),
    first,
  ],
  [
    'a layer norm without its scale in the gradient',
    'end',
    'layer_norm_backward_input',
    (kernel) => (tensors, params, context) =>
      kernel.twin({ ...tensors, w: context.math.array(tensors.w!.length).fill(1) }, params, context),
    [...first, ...middle],
  ],
  [
    'a max pool that gives the gradient to the neighbour',
    'max',
    'max_pool_backward',
    (kernel) => (tensors, params, context) =>
      kernel.twin({ ...tensors, choice: tensors.choice!.map((choice) => 3 - choice) }, params, context),
    // The shift of a channel gets the sum of all its gradients, wherever they go.
    ['first.scale'],
  ],
  [
    'an average over the padding too',
    'mean',
    'average_pool_backward',
    (kernel) => (tensors, params, context) =>
      kernel.twin(tensors, { ...params, inH: params.inH! + 1, inW: params.inW! + 1 }, context),
    [...first, ...middle],
  ],
  [
    'scale and shift whose gradients are exchanged',
    'middle',
    'norm_gradient_sums',
    (kernel) => (tensors, params, context) => {
      kernel.twin(tensors, params, context);
      tensors.sums!.subarray(0, 6).reverse();
    },
    // The gradient of the input is made of them.
    [...first, ...middle],
  ],
])('planted fault, %s: found in exactly the tensors that it spoils', async (_, layer, name, twin, wrong) => {
  const { tensors, passed } = await checkGradient(plant(faultyLayers, layer, name, twin));
  const failing = tensors.filter(
    ({ relativeError, directionError = 0 }) => Math.max(relativeError, directionError) > gradientTolerance,
  );
  expect(failing.map((tensor) => tensor.name).toSorted()).toEqual([...wrong].toSorted());
  expect(passed).toBe(false);
});

test.each([
  [{ type: 'maxPool2d', size: 5 }, image, '5x5 window without padding does not fit the 6x4 input it gets from "data"'],
  [{ type: 'averagePool2d' }, [7], 'needs an image [height, width, channels], and gets [7] from "data"'],
  [{ type: 'globalAveragePool2d' }, [7], 'needs an image [height, width, channels], and gets [7] from "data"'],
])('%o on data of %o is refused: %s', (layer, inputShape, message) => {
  const refused = () => prepare(tinyRecipe({ model: { layers: [layer, last] } }), tinyDataset({ inputShape }), {});
  expect(refused).toThrow(ShapeError);
  expect(refused).toThrow(message);
});

test('a batch norm refuses batches of one value for each channel', () => {
  const recipe = tinyRecipe({ model: { layers: [{ type: 'batchNorm' }, last] }, batch: 1 });
  const refused = () => prepare(recipe, tinyDataset(), {});
  expect(refused).toThrow(RecipeError);
  expect(refused).toThrow('batchNorm1');
  expect(() => prepare(recipe, tinyDataset({ inputShape: image }), {})).not.toThrow();
});
