/** Dense layer: an image or any other shape is flattened; the bias is the last row of its block. */
import { activationBackward, activationCodes, activationForward } from '../ops/activation.ts';
import { denseBackwardInput, denseBackwardWeight, denseForward } from '../ops/dense.ts';
import { elementCount } from '../formats/shape.ts';
import type { Emitter, Tensor } from '../ops/emitter.ts';
import type { LayerRecipe } from '../recipe/schema.ts';
import type { Forward, Layer, LayerPlace } from './layer.ts';

export function denseLayer(recipe: Extract<LayerRecipe, { type: 'dense' }>, place: LayerPlace): Layer {
  const { name, inputShape } = place;
  const inSize = elementCount(inputShape);
  const outSize = recipe.units;
  const { activation } = recipe;
  // The slope of gelu does not follow from its output: it keeps its input and runs as a kernel of its own.
  const fused = activation === 'gelu' ? 'linear' : activation;

  function forward(e: Emitter, x: Tensor): Forward {
    const { population, batch } = e;
    const w = e.parameters(name);
    const sizes = { batch, inSize, outSize, wStride: e.memberStride, population };
    const xStride = x.shape[0] === 1 ? 0 : batch * inSize;
    const shape = [population, batch, outSize];
    const count = population * batch * outSize;
    const constants = { ACTIVATION: activationCodes[activation] };
    const z = e.slot(`${name}.${activation === 'gelu' ? 'z' : 'y'}`, shape, { activation: fused });
    e.call(denseForward, { x, w, y: z }, { ...sizes, xStride }, { ACTIVATION: activationCodes[fused] });
    let y = z;
    if (activation === 'gelu') {
      y = e.slot(`${name}.y`, shape);
      e.call(activationForward, { x: z, y }, { count }, constants);
    }
    return {
      y,
      backward(dy, wantsInput) {
        let dz = dy;
        if (activation !== 'linear' && dy.beforeActivation !== true) {
          dz = e.slot(`${name}.dz`, shape);
          e.call(activationBackward, { dy, saved: z, dx: dz }, { count }, constants);
        }
        e.call(denseBackwardWeight, { x, dy: dz, dw: e.gradients(name) }, { ...sizes, xStride });
        if (!wantsInput) return undefined;
        // The slope of the activation that made x is applied where the sums are stored.
        const made = x.activation ?? 'linear';
        const dx = e.slot(`${name}.dx`, [population, batch, inSize], { beforeActivation: x.activation !== undefined });
        e.call(denseBackwardInput, { dy: dz, w, saved: x, dx }, sizes, { ACTIVATION: activationCodes[made] });
        return dx;
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
      init: recipe.init,
      fanIn: inSize,
      fanOut: outSize,
    },
    multiplyAdds: inSize * outSize,
    forward,
  };
}
