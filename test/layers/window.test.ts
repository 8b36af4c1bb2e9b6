// Where windows lie on an image, and what is refused.

import { expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.ts';
import { createLayer } from '../../src/layers/index.ts';
import type { LayerPlace } from '../../src/layers/layer.ts';
import { windowShape } from '../../src/layers/window.ts';
import type { Extent } from '../../src/layers/window.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';

function outputOf(
  input: readonly [number, number],
  size: Extent,
  stride: Extent,
  padding: 'valid' | 'same',
): readonly number[] {
  const place = { name: 'data', shape: [...input, 3] };
  const { outH, outW, padTop, padLeft } = windowShape('a layer', { size, stride, padding }, place);
  return [outH, outW, padTop, padLeft];
}

test.each([
  // Rows, columns and padding as Keras has them; [outH, outW, padTop, padLeft].
  ['a window of one', [1, 1], 1, 1, 'valid', [1, 1, 0, 0]],
  ['a window as large as the image', [5, 4], [5, 4], 1, 'valid', [1, 1, 0, 0]],
  ['3x3', [28, 28], 3, 1, 'valid', [26, 26, 0, 0]],
  ['a stride that leaves something over', [13, 12], 2, 2, 'valid', [6, 6, 0, 0]],
  ['a stride beyond the window', [7, 6], [2, 1], [3, 2], 'valid', [2, 3, 0, 0]],
  ['3x3, same', [28, 28], 3, 1, 'same', [28, 28, 1, 1]],
  ['an even window, same: one more below', [5, 5], [2, 4], 1, 'same', [5, 5, 0, 1]],
  ['same with a stride', [7, 6], 3, 2, 'same', [4, 3, 1, 0]],
  ['same where a stride passes over what is left', [9, 9], 1, 4, 'same', [3, 3, 0, 0]],
  ['a window beyond the image, same', [1, 2], [3, 5], 1, 'same', [1, 2, 1, 2]],
] as const)('%s', (_, input, size, stride, padding, expected) => {
  expect(outputOf(input, size, stride, padding)).toEqual(expected);
});

function createFirst(layer: object, inputShape: readonly number[]) {
  const recipe = parseRecipe({
    data: { source: 'spirals' },
    model: { layers: [layer, { type: 'dense', units: 3 }] },
    epochs: 1,
  });
  const place: LayerPlace = {
    name: 'conv2',
    where: 'model.layers[3] "conv2"',
    inputs: [{ name: 'pool1', shape: inputShape }],
    inputShape,
    index: 3,
    dropoutIndex: 0,
  };
  return createLayer(recipe.model.layers[0]!, place);
}

test.each([
  [
    'a kernel beyond the image',
    { type: 'conv2d', filters: 2, kernel: 5 },
    [4, 4, 2],
    'model.layers[3] "conv2": a 5x5 kernel without padding does not fit the 4x4 input it gets from "pool1". Use padding: "same", or a kernel of at most 4.',
  ],
  [
    'a kernel beyond one side of the image',
    { type: 'conv2d', filters: 2, kernel: [2, 5] },
    [6, 4, 2],
    'model.layers[3] "conv2": a 2x5 kernel without padding does not fit the 6x4 input it gets from "pool1". Use padding: "same", or a kernel of at most 6x4.',
  ],
  [
    'no image',
    { type: 'conv2d', filters: 2 },
    [64],
    'model.layers[3] "conv2": needs an image [height, width, channels], and gets [64] from "pool1". Put it before the layers that flatten the image, such as dense.',
  ],
])('%s is refused with the place and the cure', (_, layer, inputShape, message) => {
  expect(() => createFirst(layer, inputShape)).toThrow(ShapeError);
  expect(() => createFirst(layer, inputShape)).toThrow(message);
});

test('a convolution keeps its weights as [height, width, channels, filters], with the bias behind them', () => {
  const { block, outputShape, multiplyAdds } = createFirst(
    { type: 'conv2d', filters: 7, kernel: [3, 2], stride: [1, 2], init: 'torch' },
    [6, 5, 4],
  );
  expect(outputShape).toEqual([4, 2, 7]);
  expect(multiplyAdds).toBe(4 * 2 * 7 * 24);
  expect(block).toEqual({
    name: 'conv2',
    elements: 25 * 7,
    tensors: [
      { name: 'conv2.weight', shape: [3, 2, 4, 7], offset: 0, penalised: true },
      { name: 'conv2.bias', shape: [7], offset: 24 * 7, penalised: false },
    ],
    start: { init: 'torch', count: 25 * 7, fanIn: 24, fanOut: 42 },
  });
});

test('without a bias there is none in its block', () => {
  const { block } = createFirst({ type: 'conv2d', filters: 7, bias: false, init: 'torch' }, [6, 5, 4]);
  expect(block?.tensors.map(({ name }) => name)).toEqual(['conv2.weight']);
  expect([block?.elements, block?.start?.count]).toEqual([36 * 7, 36 * 7]);
});
