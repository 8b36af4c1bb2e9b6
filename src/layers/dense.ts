/** Dense layer: an image or any other shape is flattened; the bias is the last row of its block. */
import { activationCodes } from '../ops/activation.ts';
import { denseBackwardInput, denseBackwardWeight, denseForward } from '../ops/dense.ts';
import { elementCount } from '../formats/shape.ts';
import type { Emitter } from '../ops/emitter.ts';
import type { LayerRecipe } from '../recipe/schema.ts';
import { emitActivation, emitActivationGradient, fusedActivation, inputGradient, outputSlot } from './activation.ts';
import type { Forward, Inputs, Layer, LayerPlace } from './layer.ts';

export function denseLayer(recipe: Extract<LayerRecipe, { type: 'dense' }>, place: LayerPlace): Layer {
  const { name, inputShape } = place;
  const inSize = elementCount(inputShape);
  const outSize = recipe.units;
  const { activation } = recipe;

  function forward(e: Emitter, [x]: Inputs): Forward {
    const { population, batch } = e;
    const w = e.parameters(name);
    const sizes = { batch, inSize, outSize, wStride: e.memberStride, population };
    const xStride = x.shape[0] === 1 ? 0 : batch * inSize;
    const z = outputSlot(e, name, activation, [population, batch, outSize]);
    const constants = { ACTIVATION: activationCodes[fusedActivation(activation)] };
    e.call(denseForward, { x, w, y: z }, { ...sizes, xStride }, constants);
    return {
      y: emitActivation(e, name, activation, z),
      backward(dy, wantsInput) {
        const dz = emitActivationGradient(e, activation, z, dy);
        e.call(denseBackwardWeight, { x, dy: dz, dw: e.gradients(name) }, { ...sizes, xStride });
        if (!wantsInput) return undefined;
        const gradient = inputGradient(e, name, x, [population, batch, inSize]);
        e.call(denseBackwardInput, { dy: dz, w, dx: gradient.dx }, sizes, gradient.constants);
        return gradient.dx;
      },
    };
  }

  return {
    name,
    type: 'dense',
    outputShape: [outSize],
    block: {
      name,
      elements: (inSize + 1) * outSize,
      tensors: [
        { name: `${name}.weight`, shape: [inSize, outSize], offset: 0, penalised: true },
        { name: `${name}.bias`, shape: [outSize], offset: inSize * outSize, penalised: false },
      ],
      // Biases are drawn as weights are with `torch` only.
      start: {
        init: recipe.init,
        count: (inSize + (recipe.init === 'torch' ? 1 : 0)) * outSize,
        fanIn: inSize,
        fanOut: outSize,
      },
    },
    multiplyAdds: inSize * outSize,
    forward,
  };
}
