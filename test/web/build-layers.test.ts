// Editing layers: whoever refers to a layer by its name goes on referring to the same one.
import { expect, test } from 'vitest';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { buildModel } from '../../src/model/model.ts';
import {
  addLayer,
  duplicateLayer,
  layerNames,
  moveLayer,
  removeLayer,
  replaceLayer,
} from '../../web/build/layer-edits.ts';
import type { LayerJson } from '../../web/build/layer-edits.ts';
import { withEditedLayers } from '../../web/build/recipe-edits.ts';

const conv: LayerJson = { type: 'conv2d', filters: 4, padding: 'same' };
const residual: readonly LayerJson[] = [
  conv,
  conv,
  { type: 'batchNorm', name: 'branch' },
  { type: 'add', inputs: ['conv2d1', 'branch'] },
  { type: 'dense', units: 10 },
];

function build(layers: readonly LayerJson[]) {
  const recipe = parseRecipe({ data: { source: 'digits' }, model: { layers }, epochs: 1 });
  return buildModel(recipe, { inputShape: [8, 8, 1], outputCount: 10, task: 'classification' });
}

/** The layers that the `add` sums, told by their place in the old list. */
function summed({ layers, origins }: { readonly layers: readonly LayerJson[]; readonly origins: readonly number[] }) {
  const names = layerNames(layers);
  const add = layers.find(({ type }) => type === 'add');
  return ((add?.['inputs'] ?? []) as string[]).map((name) => origins[names.indexOf(name)]);
}

test('layers without a name go by their type and number, as in the model', () => {
  expect(layerNames(residual)).toEqual(build(residual).layers.map(({ name }) => name));
});

test('a layer put before one that is referred to by its number does not take its place', () => {
  const edited = addLayer(residual, 0, conv);
  expect(edited.layers[4]).toEqual({ type: 'add', inputs: ['conv2d2', 'branch'] });
  expect(summed(edited)).toEqual([0, 2]);
  expect(() => build(edited.layers)).not.toThrow();
});

test('a copy has no name of its own to share, and comes after the layer', () => {
  const edited = duplicateLayer(residual, 2);
  expect(edited.layers[3]).toEqual({ type: 'batchNorm' });
  expect(summed(edited)).toEqual([0, 2]);
});

test('a copied layer that names its input is followed by its copy', () => {
  const layers = [conv, { ...conv, input: 'data' }, { type: 'add', inputs: ['conv2d1', 'conv2d2'] }];
  expect(duplicateLayer(layers, 1).layers[2]).toEqual(conv);
});

test('whoever referred to a layer that is removed takes its input', () => {
  const edited = removeLayer(residual, 2);
  expect(edited.layers[2]).toEqual({ type: 'add', inputs: ['conv2d1', 'conv2d2'] });
  expect(() => build(edited.layers)).not.toThrow();
  expect(removeLayer(residual, 0).layers[2]).toEqual({ type: 'add', inputs: ['data', 'branch'] });
});

test('a layer behind one that named its input takes that input when it is removed', () => {
  const layers = [conv, conv, { type: 'flatten', input: 'conv2d1' }, { type: 'dense', units: 10 }];
  expect(removeLayer(layers, 2).layers[2]).toEqual({ type: 'dense', units: 10, input: 'conv2d1' });
});

test('a layer that is moved keeps those who refer to it', () => {
  const edited = moveLayer(residual, 0, 1);
  expect(summed(edited)).toEqual([0, 2]);
  expect(edited.origins).toEqual([1, 0, 2, 3, 4]);
});

test('a layer that is moved behind one that needs it gives the sentence of the model', () => {
  const edited = moveLayer(residual, 2, 3);
  expect(() => build(edited.layers)).toThrow('"branch" is no layer before this one. Known: data, conv2d1, conv2d2.');
});

test('a new name is followed', () => {
  const edited = replaceLayer(residual, 0, { ...conv, name: 'start' });
  expect(edited.layers[3]).toEqual({ type: 'add', inputs: ['start', 'branch'] });
});

test('lists that are edited stay as they were', () => {
  const before = structuredClone(residual);
  addLayer(residual, 0, conv);
  removeLayer(residual, 0);
  moveLayer(residual, 0, 3);
  expect(residual).toEqual(before);
});

test('what a search varies and members override goes with the layer that it is about', () => {
  const recipe = {
    search: {
      space: { 'model.layers.1.filters': { grid: [4, 8] }, 'model.layers.*.rate': { grid: [0] }, l2: { grid: [0] } },
    },
    members: [{ 'model.layers.4.rate': 0.1, seed: 1 }, { 'model.layers.0.rate': 0.2 }],
  };
  const edited = withEditedLayers(recipe, removeLayer(residual, 0));
  expect(edited).toMatchObject({
    search: { space: { 'model.layers.0.filters': { grid: [4, 8] }, 'model.layers.*.rate': { grid: [0] } } },
    members: [{ 'model.layers.3.rate': 0.1, seed: 1 }, {}],
  });
  expect(edited['members']).toEqual([{ 'model.layers.3.rate': 0.1, seed: 1 }, {}]);
});
