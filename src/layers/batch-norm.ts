/**
 * Batch normalisation over the batch and the positions of an image, for each channel. Training takes the statistics of the batch and moves
 * the running ones, which evaluation takes.
 */
import { RecipeError } from '../errors.ts';
import { activationCodes } from '../ops/activation.ts';
import { batchNormBackwardInput, batchNormChunks, batchNormForward, batchNormStatistics } from '../ops/batch-norm.ts';
import { elementCount } from '../formats/shape.ts';
import type { Emitter, Tensor } from '../ops/emitter.ts';
import { sumChunk } from '../ops/kernel.ts';
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
import type { NormSizes } from './norm.ts';

export function batchNormLayer(recipe: Extract<LayerRecipe, { type: 'batchNorm' }>, place: LayerPlace): Layer {
  const { name, where, inputShape } = place;
  const { activation } = recipe;
  const channels = inputShape.at(-1) ?? 1;
  const epsilon = Math.fround(recipe.epsilon);
  const momentum = Math.fround(recipe.momentum);

  /** Mean and inverse deviation of the batch; the running statistics move. */
  function emitStatistics(e: Emitter, x: Tensor, sizes: NormSizes): Tensor {
    const { rows, population } = sizes;
    const members = e.table('members');
    const sums = e.slot(`${name}.sums`, [population, Math.ceil(rows / sumChunk), 2, channels]);
    e.call(batchNormChunks, { x, sums }, { ...sizes });
    const statistics = e.slot(`${name}.statistics`, [population, 2, channels]);
    const columns = members.shape[1] ?? 0;
    const params = { rows, channels, columns, runningStride: e.memberStride, momentum, epsilon, population };
    e.call(batchNormStatistics, { sums, members, statistics, running: e.statistics(name) }, params);
    return statistics;
  }

  function forward(e: Emitter, [x]: Inputs, training: boolean): Forward {
    const { population, batch, memberStride } = e;
    const sizes = normSizes(e, inputShape, x);
    const { rows } = sizes;
    if (training && rows === 1) {
      throw new RecipeError(
        where,
        'needs more than one value of each channel while training, and a batch of 1 row has one. Use a larger batch, or layerNorm.',
      );
    }
    const statistics = training ? emitStatistics(e, x, sizes) : e.statistics(name);
    const w = e.parameters(name);
    const fused = fusedActivation(activation);
    const shape = [population, batch, ...inputShape];
    const z = outputSlot(e, name, activation, shape);
    e.call(
      batchNormForward,
      { x, statistics, w, y: z },
      { ...sizes, statisticsStride: training ? 2 * channels : memberStride, wStride: memberStride, epsilon },
      { ACTIVATION: activationCodes[fused], RUNNING: training ? 0 : 1 },
    );
    return {
      y: emitActivation(e, name, activation, z),
      backward(dy, wantsInput) {
        const dz = emitActivationGradient(e, activation, z, dy);
        emitNormGradients(e, name, { dy: dz, x, statistics }, sizes, false);
        if (!wantsInput) return undefined;
        const { dx, constants } = separateInputGradient(e, name, x, shape);
        e.call(
          batchNormBackwardInput,
          { dy: dz, x, statistics, w, dw: e.gradients(name), dx },
          { rows, channels, wStride: memberStride, population },
          constants,
        );
        return dx;
      },
    };
  }

  return {
    name,
    type: 'batchNorm',
    outputShape: inputShape,
    block: normBlock(name, channels),
    statistics: {
      name,
      elements: 2 * channels,
      tensors: [
        { name: `${name}.runningMean`, shape: [channels], offset: 0, penalised: false, fill: 0 },
        { name: `${name}.runningVariance`, shape: [channels], offset: channels, penalised: false, fill: 1 },
      ],
    },
    multiplyAdds: elementCount(inputShape),
    forward,
  };
}
