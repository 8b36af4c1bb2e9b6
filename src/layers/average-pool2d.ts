/** The mean of each window, over the part of it that lies in the image. */
import { averagePoolBackward, averagePoolForward } from '../ops/pool.ts';
import type { Emitter } from '../ops/emitter.ts';
import type { LayerRecipe } from '../recipe/schema.ts';
import { separateInputGradient } from './activation.ts';
import type { Forward, Inputs, Layer, LayerPlace } from './layer.ts';
import { windowShape } from './window.ts';
import type { WindowShape } from './window.ts';

export function averagePool2dLayer(recipe: Extract<LayerRecipe, { type: 'averagePool2d' }>, place: LayerPlace): Layer {
  const { size, stride = size, padding } = recipe;
  const [input = { name: 'data', shape: place.inputShape }] = place.inputs;
  const windows = windowShape(place.where, { size, stride, padding }, input);
  return averagingLayer('averagePool2d', place, windows, [windows.outH, windows.outW, windows.inC]);
}

/** A layer of means over windows. */
export function averagingLayer(
  type: string,
  { name, inputShape }: LayerPlace,
  { inC: channels, ...windows }: WindowShape,
  outputShape: readonly number[],
): Layer {
  function forward(e: Emitter, [x]: Inputs): Forward {
    const { population, batch } = e;
    const params = { ...windows, batch, channels, population };
    const xStride = x.shape[0] === 1 ? 0 : batch * windows.inH * windows.inW * channels;
    const y = e.slot(`${name}.y`, [population, batch, ...outputShape]);
    e.call(averagePoolForward, { x, y }, { ...params, xStride });
    return {
      y,
      backward(dy, wantsInput) {
        if (!wantsInput) return undefined;
        const { dx, constants } = separateInputGradient(e, name, x, [population, batch, ...inputShape]);
        e.call(averagePoolBackward, { dy, x, dx }, params, constants);
        return dx;
      },
    };
  }

  return { name, type, outputShape, multiplyAdds: 0, forward };
}
