/** Inverted dropout; in evaluation it does nothing and emits nothing. */
import { dropout } from '../ops/dropout.ts';
import { elementCount } from '../formats/shape.ts';
import type { Emitter, Tensor } from '../ops/emitter.ts';
import { memberColumns } from '../ops/tables.ts';
import type { LayerRecipe } from '../recipe/schema.ts';
import type { Forward, Inputs, Layer, LayerPlace } from './layer.ts';

export function dropoutLayer(recipe: Extract<LayerRecipe, { type: 'dropout' }>, place: LayerPlace): Layer {
  const { name, inputShape, dropoutIndex } = place;
  const features = elementCount(inputShape);

  function forward(e: Emitter, [x]: Inputs, training: boolean): Forward {
    if (!training) return { y: x, backward: (dy) => dy };
    const { population, batch } = e;
    const members = e.table('members');
    const params = {
      count: batch * features,
      salt: dropoutIndex,
      column: memberColumns.first + 2 * dropoutIndex,
      columns: members.shape[1] ?? 0,
      population,
    };
    const shape = [population, batch, features];
    const masked = (from: Tensor, suffix: string): Tensor => {
      const y = e.slot(`${name}.${suffix}`, shape);
      e.call(dropout, { x: from, members, y }, { ...params, xStride: from.shape[0] === 1 ? 0 : params.count });
      return y;
    };
    return { y: masked(x, 'y'), backward: (dy, wantsInput) => (wantsInput ? masked(dy, 'dx') : undefined) };
  }

  return { name, type: 'dropout', outputShape: inputShape, multiplyAdds: 0, rate: recipe.rate, forward };
}
