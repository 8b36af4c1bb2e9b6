/** 2-D convolution of an image with `filters` kernels; the bias, where there is one, is the last row of its block. */
import { activationCodes } from '../ops/activation.ts';
import { conv2dBackwardInput, conv2dBackwardWeight, conv2dForward } from '../ops/conv2d.ts';
import type { Emitter } from '../ops/emitter.ts';
import type { LayerRecipe } from '../recipe/schema.ts';
import type { Forward, Inputs, Layer, LayerPlace } from './layer.ts';
import { emitActivation, emitActivationGradient, fusedActivation, inputGradient, outputSlot } from './activation.ts';
import { windowShape } from './window.ts';

export function conv2dLayer(recipe: Extract<LayerRecipe, { type: 'conv2d' }>, place: LayerPlace): Layer {
  const { name, where, inputs, inputShape } = place;
  const { filters: outC, kernel: size, stride, padding, activation, init } = recipe;
  const [input = { name: 'data', shape: inputShape }] = inputs;
  const windows = windowShape(where, { size, stride, padding, noun: 'kernel' }, input);
  const { inH, inW, inC, outH, outW, kernelH, kernelW } = windows;
  const bias = recipe.bias ? 1 : 0;
  const taps = kernelH * kernelW * inC;

  function forward(e: Emitter, [x]: Inputs): Forward {
    const { population, batch } = e;
    const w = e.parameters(name);
    const sizes = { ...windows, batch, outC, bias, wStride: e.memberStride, population };
    const xStride = x.shape[0] === 1 ? 0 : batch * inH * inW * inC;
    const shape = [population, batch, outH, outW, outC];
    const z = outputSlot(e, name, activation, shape);
    const constants = { ACTIVATION: activationCodes[fusedActivation(activation)] };
    e.call(conv2dForward, { x, w, y: z }, { ...sizes, xStride }, constants);
    return {
      y: emitActivation(e, name, activation, z),
      backward(dy, wantsInput) {
        const dz = emitActivationGradient(e, activation, z, dy);
        e.call(conv2dBackwardWeight, { x, dy: dz, dw: e.gradients(name) }, { ...sizes, xStride });
        if (!wantsInput) return undefined;
        const gradient = inputGradient(e, name, x, [population, batch, inH, inW, inC]);
        e.call(conv2dBackwardInput, { dy: dz, w, dx: gradient.dx }, sizes, gradient.constants);
        return gradient.dx;
      },
    };
  }

  const weight = { name: `${name}.weight`, shape: [kernelH, kernelW, inC, outC], offset: 0, penalised: true };
  const biases = { name: `${name}.bias`, shape: [outC], offset: taps * outC, penalised: false };
  return {
    name,
    type: 'conv2d',
    outputShape: [outH, outW, outC],
    block: {
      name,
      elements: (taps + bias) * outC,
      tensors: recipe.bias ? [weight, biases] : [weight],
      // Biases are drawn as weights are with `torch` only.
      start: {
        init,
        count: (taps + (init === 'torch' ? bias : 0)) * outC,
        fanIn: taps,
        fanOut: kernelH * kernelW * outC,
      },
    },
    multiplyAdds: outH * outW * taps * outC,
    forward,
  };
}
