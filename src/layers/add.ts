/** The sum of layers of one shape: a residual connection. Its gradient is that of each of them. */
import { ShapeError } from '../errors.ts';
import { elementCount } from '../formats/shape.ts';
import { activationCodes } from '../ops/activation.ts';
import { addForward } from '../ops/add.ts';
import type { Emitter, Tensor } from '../ops/emitter.ts';
import type { LayerRecipe } from '../recipe/schema.ts';
import { emitActivation, emitActivationGradient, fusedActivation, outputSlot } from './activation.ts';
import type { Forward, Inputs, Layer, LayerPlace } from './layer.ts';

export function addLayer(recipe: Extract<LayerRecipe, { type: 'add' }>, place: LayerPlace): Layer {
  const { name, inputs: sources, inputShape } = place;
  for (const { name: other, shape } of sources) {
    if (shape.join() === inputShape.join()) continue;
    throw new ShapeError(
      place.where,
      `"${sources[0]?.name}" gives ${inputShape.join('x')} numbers and "${other}" ${shape.join('x')}. ` +
        'Bring them to one shape, such as by a conv2d with kernel 1 and the same stride on the way past.',
    );
  }
  const { activation } = recipe;

  function forward(e: Emitter, [first, ...others]: Inputs): Forward {
    const { population, batch } = e;
    const count = batch * elementCount(inputShape);
    const shape = [population, batch, ...inputShape];
    const stride = (tensor: Tensor): number => (tensor.shape[0] === 1 ? 0 : count);
    let z = first;
    for (const [index, b] of others.entries()) {
      const isLast = index === others.length - 1;
      const y = isLast ? outputSlot(e, name, activation, shape) : e.slot(`${name}.sum${index}`, shape);
      const params = { count, aStride: stride(z), bStride: stride(b), population };
      const constants = { ACTIVATION: activationCodes[isLast ? fusedActivation(activation) : 'linear'] };
      e.call(addForward, { a: z, b, y }, params, constants);
      z = y;
    }
    return {
      y: emitActivation(e, name, activation, z),
      // A gradient of the sum; of the activations of what was added it says nothing.
      backward: (dy) => ({ ...emitActivationGradient(e, activation, z, dy), beforeActivation: false }),
    };
  }

  return { name, type: 'add', outputShape: inputShape, multiplyAdds: 0, forward };
}
