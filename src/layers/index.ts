/** Every kind of layer by its name in the recipe. */
import type { LayerRecipe } from '../recipe/schema.ts';
import { addLayer } from './add.ts';
import { averagePool2dLayer } from './average-pool2d.ts';
import { batchNormLayer } from './batch-norm.ts';
import { conv2dLayer } from './conv2d.ts';
import { denseLayer } from './dense.ts';
import { dropoutLayer } from './dropout.ts';
import { flattenLayer } from './flatten.ts';
import { gaussianNoiseLayer } from './gaussian-noise.ts';
import { globalAveragePool2dLayer } from './global-average-pool2d.ts';
import { layerNormLayer } from './layer-norm.ts';
import type { Layer, LayerPlace } from './layer.ts';
import { maxPool2dLayer } from './max-pool2d.ts';

export function createLayer(recipe: LayerRecipe, place: LayerPlace): Layer {
  switch (recipe.type) {
    case 'dense':
      return denseLayer(recipe, place);
    case 'conv2d':
      return conv2dLayer(recipe, place);
    case 'add':
      return addLayer(recipe, place);
    case 'flatten':
      return flattenLayer(place);
    case 'dropout':
      return dropoutLayer(recipe, place);
    case 'maxPool2d':
      return maxPool2dLayer(recipe, place);
    case 'averagePool2d':
      return averagePool2dLayer(recipe, place);
    case 'globalAveragePool2d':
      return globalAveragePool2dLayer(place);
    case 'batchNorm':
      return batchNormLayer(recipe, place);
    case 'layerNorm':
      return layerNormLayer(recipe, place);
    case 'gaussianNoise':
      return gaussianNoiseLayer(recipe, place);
    default:
      return recipe satisfies never;
  }
}
