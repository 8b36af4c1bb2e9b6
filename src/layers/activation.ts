/**
 * What layers with an activation share. Kernels apply it as they store, and gradients take its slope as they are stored: over the
 * output itself, of which nothing else is wanted by then.
 */
import { activationBackward, activationCodes, activationForward } from '../ops/activation.ts';
import { elementCount } from '../formats/shape.ts';
import type { Emitter, Tensor } from '../ops/emitter.ts';
import type { Constants } from '../ops/kernel.ts';
import type { ActivationName } from '../recipe/schema.ts';

/** The activation that the kernel of a layer applies: gelu, whose slope does not follow from its output, runs on its own. */
export function fusedActivation(activation: ActivationName): ActivationName {
  return activation === 'gelu' ? 'linear' : activation;
}

/** The tensor that a layer's kernel writes, with the activation that it applies. */
export function outputSlot(e: Emitter, name: string, activation: ActivationName, shape: readonly number[]): Tensor {
  return e.slot(`${name}.${activation === 'gelu' ? 'z' : 'y'}`, shape, { activation: fusedActivation(activation) });
}

/** Runs what is not fused; `z` is what the layer's kernel wrote. */
export function emitActivation(e: Emitter, name: string, activation: ActivationName, z: Tensor): Tensor {
  if (activation !== 'gelu') return z;
  const y = e.slot(`${name}.y`, z.shape);
  e.call(activationForward, { x: z, y }, { count: elementCount(z.shape) }, { ACTIVATION: activationCodes.gelu });
  return y;
}

/** The gradient before the activation: what came, or in the place of `z`, which the layer's kernel wrote. */
export function emitActivationGradient(e: Emitter, activation: ActivationName, z: Tensor, dy: Tensor): Tensor {
  if (activation === 'linear' || dy.beforeActivation === true) return dy;
  const dx = inPlaceOf(z);
  e.call(activationBackward, { dy, dx }, { count: elementCount(z.shape) }, { ACTIVATION: activationCodes[activation] });
  return dx;
}

/** Where the gradient of an input goes, and the constants of the kernel that takes the slope of what made the input. */
export interface InputGradient {
  readonly dx: Tensor;
  readonly constants: Constants;
}

/**
 * For kernels that take the slope from what dx held. In place where this layer alone takes the input: only then is its activation known, and
 * by then nothing else wants the input. In a tensor of its own where several layers take it, or where it was made without an activation:
 * then it may still be wanted, and no slope is taken here.
 */
export function inputGradient(e: Emitter, name: string, x: Tensor, shape: readonly number[]): InputGradient {
  if (x.activation === undefined) return separateInputGradient(e, name, x, shape);
  return { dx: inPlaceOf(x), constants: slopeConstants(x) };
}

/**
 * For kernels that cannot work in place: those that read the input beside its gradient, and the max pool, which took the slope before. In a
 * tensor of its own always; the slope is taken where the activation is known, that is where this layer alone takes the input.
 */
export function separateInputGradient(e: Emitter, name: string, x: Tensor, shape: readonly number[]): InputGradient {
  const dx = e.slot(`${name}.dx`, shape, { beforeActivation: x.activation !== undefined });
  return { dx, constants: slopeConstants(x) };
}

function slopeConstants({ activation = 'linear' }: Tensor): Constants {
  return { ACTIVATION: activationCodes[activation] };
}

/** The same memory from here on, for the gradient before the activation. */
function inPlaceOf(tensor: Tensor): Tensor {
  return { ...tensor, activation: undefined, beforeActivation: true };
}
