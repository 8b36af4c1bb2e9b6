/** Layer normalisation: over the features of a row, or over the channels of each position of an image. */
import { activationCodes } from '../ops/activation.ts';
import { layerNormBackwardInput, layerNormForward } from '../ops/layer-norm.ts';
import { elementCount } from '../formats/shape.ts';
import type { Emitter } from '../ops/emitter.ts';
import type { LayerRecipe } from '../recipe/schema.ts';
import type { Forward, Inputs, Layer, LayerPlace } from './layer.ts';
import {
  emitActivation,
  emitActivationGradient,
  fusedActivation,
  outputSlot,
  separateInputGradient,
} from './activation.ts';
import { emitNormGradients, normBlock, normSizes } from './norm.ts';

export function layerNormLayer(recipe: Extract<LayerRecipe, { type: 'layerNorm' }>, place: LayerPlace): Layer {
  const { name, inputShape } = place;
  const { activation } = recipe;
  const epsilon = Math.fround(recipe.epsilon);

  function forward(e: Emitter, [x]: Inputs): Forward {
    const { population, batch, memberStride } = e;
    const sizes = normSizes(e, inputShape, x);
    const { rows, channels } = sizes;
    const w = e.parameters(name);
    const fused = fusedActivation(activation);
    const shape = [population, batch, ...inputShape];
    const z = outputSlot(e, name, activation, shape);
    const statistics = e.slot(`${name}.statistics`, [population, rows, 2]);
    const params = { ...sizes, wStride: memberStride, epsilon };
    e.call(layerNormForward, { x, w, y: z, statistics }, params, { ACTIVATION: activationCodes[fused] });
    return {
      y: emitActivation(e, name, activation, z),
      backward(dy, wantsInput) {
        const dz = emitActivationGradient(e, activation, z, dy);
        emitNormGradients(e, name, { dy: dz, x, statistics }, sizes, true);
        if (!wantsInput) return undefined;
        const { dx, constants } = separateInputGradient(e, name, x, shape);
        e.call(
          layerNormBackwardInput,
          { dy: dz, x, statistics, w, dx },
          { rows, channels, wStride: memberStride, population },
          constants,
        );
        return dx;
      },
    };
  }

  return {
    name,
    type: 'layerNorm',
    outputShape: inputShape,
    block: normBlock(name, inputShape.at(-1) ?? 1),
    multiplyAdds: elementCount(inputShape),
    forward,
  };
}
