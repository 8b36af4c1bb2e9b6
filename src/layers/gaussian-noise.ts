/** Normal noise while training; in evaluation nothing is added and nothing emitted. */
import { elementCount } from '../formats/shape.ts';
import type { Emitter } from '../ops/emitter.ts';
import { gaussianNoise } from '../ops/noise.ts';
import type { LayerRecipe } from '../recipe/schema.ts';
import type { Forward, Inputs, Layer, LayerPlace } from './layer.ts';

export function gaussianNoiseLayer(recipe: Extract<LayerRecipe, { type: 'gaussianNoise' }>, place: LayerPlace): Layer {
  const { name, inputShape, index } = place;
  const deviation = Math.fround(recipe.standardDeviation);

  function forward(e: Emitter, [x]: Inputs, training: boolean): Forward {
    if (!training) return { y: x, backward: (dy) => dy };
    const { population, batch } = e;
    const members = e.table('members');
    const count = batch * elementCount(inputShape);
    const y = e.slot(`${name}.y`, [population, batch, ...inputShape]);
    const xStride = x.shape[0] === 1 ? 0 : count;
    const columns = members.shape[1] ?? 0;
    e.call(gaussianNoise, { x, members, y }, { count, xStride, deviation, salt: index, columns, population });
    return { y, backward: (dy) => dy };
  }

  return { name, type: 'gaussianNoise', outputShape: inputShape, multiplyAdds: 0, forward };
}
