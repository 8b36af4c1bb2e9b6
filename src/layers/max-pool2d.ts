/**
 * The largest element of each window. It keeps which one that was, and its gradient goes there. What an activation made is still its output
 * afterwards: the slope is taken here, from fewer values, and the larger tensor before the pool need not be kept.
 */
import { maxPoolBackward, maxPoolForward } from '../ops/pool.ts';
import type { Emitter } from '../ops/emitter.ts';
import type { LayerRecipe } from '../recipe/schema.ts';
import { emitActivationGradient, separateInputGradient } from './activation.ts';
import type { Forward, Inputs, Layer, LayerPlace } from './layer.ts';
import { windowShape } from './window.ts';

export function maxPool2dLayer(recipe: Extract<LayerRecipe, { type: 'maxPool2d' }>, place: LayerPlace): Layer {
  const { name, where, inputs, inputShape } = place;
  const { size, stride = size, padding } = recipe;
  const [input = { name: 'data', shape: inputShape }] = inputs;
  const { inC: channels, ...windows } = windowShape(where, { size, stride, padding }, input);
  const outputShape = [windows.outH, windows.outW, channels];

  function forward(e: Emitter, [x]: Inputs): Forward {
    const { population, batch } = e;
    const params = { ...windows, batch, channels, population };
    const xStride = x.shape[0] === 1 ? 0 : batch * windows.inH * windows.inW * channels;
    const shape = [population, batch, ...outputShape];
    const y = e.slot(`${name}.y`, shape, { ...(x.activation !== undefined && { activation: x.activation }) });
    const choice = e.slot(`${name}.choice`, shape);
    e.call(maxPoolForward, { x, y, choice }, { ...params, xStride });
    return {
      y,
      backward(dy, wantsInput) {
        if (!wantsInput) return undefined;
        const dz = emitActivationGradient(e, x.activation ?? 'linear', y, dy);
        const { dx } = separateInputGradient(e, name, x, [population, batch, ...inputShape]);
        e.call(maxPoolBackward, { dy: dz, choice, dx }, params);
        return dx;
      },
    };
  }

  return { name, type: 'maxPool2d', outputShape, multiplyAdds: 0, forward };
}
