/** The first calls of a program: the rows of a batch from the resident dataset, and their augmentation. */
import { elementCount } from '../formats/shape.ts';
import type { Tensor } from '../ops/emitter.ts';
import { augmentImage, augmentNoise, gatherBytes, gatherFloats } from '../ops/gather.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { EmitContext, Program } from './program.ts';

export function emitInputs(program: Program, context: EmitContext): Tensor {
  const features = elementCount(context.model.inputShape);
  const { dataPopulation, indexStride } = context;
  program.inLayer('data');
  const x = program.slot('x', [dataPopulation, program.batch, features]);
  const indices = program.table('indices');
  for (const { buffer, firstRow, rowCount } of context.shards) {
    const shard = program.table(buffer);
    const params = { batch: program.batch, features, indexStride, firstRow, rowCount, members: dataPopulation };
    if (context.inputs === 'bytes')
      program.call(gatherBytes, { shard, indices, affine: program.table('affine'), x }, params);
    else program.call(gatherFloats, { shard, indices, x }, params);
  }
  return x;
}

/** The first field of the recipe that asks for a change of images, if there is one. */
export function imageAugmentation({ augmentation }: Recipe): string | undefined {
  const fields = ['horizontalFlip', 'cropPadding', 'contrast', 'brightness', 'cutout'] as const;
  return fields.find((field) => augmentation[field] !== false && augmentation[field] !== 0);
}

export function emitAugmentation(program: Program, context: EmitContext, gathered: Tensor): Tensor {
  const { augmentation } = context.recipe;
  const { batch } = program;
  const { dataPopulation: members } = context;
  const seeds = program.table('seeds');
  let x = gathered;
  if (imageAugmentation(context.recipe) !== undefined) {
    const [height = 1, width = 1, channels = 1] = context.model.inputShape;
    const params = {
      batch,
      height,
      width,
      channels,
      flip: augmentation.horizontalFlip ? 1 : 0,
      padding: augmentation.cropPadding,
      cutout: augmentation.cutout,
      brightness: Math.fround(augmentation.brightness),
      contrast: Math.fround(augmentation.contrast),
      members,
    };
    const y = program.slot('augmented', x.shape);
    program.call(augmentImage, { x, seeds, y }, params);
    x = y;
  }
  const { noise } = augmentation;
  if (noise !== undefined && noise.fraction > 0) {
    const features = elementCount(context.model.inputShape);
    const threshold = Math.min(0xffff_ffff, Math.round(noise.fraction * 2 ** 32));
    const deviation = Math.fround(noise.standardDeviation);
    const params = { batch, features, deviation, threshold, everyRow: noise.fraction === 1 ? 1 : 0, members };
    const y = program.slot('noisy', x.shape);
    program.call(augmentNoise, { x, seeds, y }, params);
    x = y;
  }
  return x;
}
