/** Every kind of layer by its name in the recipe. */
import type { LayerRecipe } from '../recipe/schema.ts';
import { denseLayer } from './dense.ts';
import { dropoutLayer } from './dropout.ts';
import type { Layer, LayerPlace } from './layer.ts';

export function createLayer(recipe: LayerRecipe, place: LayerPlace): Layer {
  switch (recipe.type) {
    case 'dense':
      return denseLayer(recipe, place);
    case 'dropout':
      return dropoutLayer(recipe, place);
    default:
      return recipe satisfies never;
  }
}
