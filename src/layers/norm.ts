/** What the two normalising layers share: a scale and a shift for each channel, and their gradients. */
import { normGradients, normGradientSums } from '../ops/batch-norm.ts';
import { elementCount } from '../formats/shape.ts';
import type { Emitter, Tensor } from '../ops/emitter.ts';
import { sumChunk } from '../ops/kernel.ts';
import type { ParameterBlock } from './layer.ts';

/** Scales, which start from 1, then shifts, which start from 0; neither is penalised. */
export function normBlock(name: string, channels: number): ParameterBlock {
  const shape = [channels];
  return {
    name,
    elements: 2 * channels,
    tensors: [
      { name: `${name}.scale`, shape, offset: 0, penalised: false, fill: 1 },
      { name: `${name}.shift`, shape, offset: channels, penalised: false, fill: 0 },
    ],
  };
}

export interface NormSizes {
  readonly rows: number;
  readonly channels: number;
  readonly population: number;
  /** Elements of x from one member to the next, 0 where all share it. */
  readonly xStride: number;
}

export function normSizes({ population, batch }: Emitter, inputShape: readonly number[], x: Tensor): NormSizes {
  const channels = inputShape.at(-1) ?? 1;
  const count = batch * elementCount(inputShape);
  return { rows: count / channels, channels, population, xStride: x.shape[0] === 1 ? 0 : count };
}

/** Gradients of scale and shift, into the layer's block: in one call where one chunk holds all rows. */
export function emitNormGradients(
  e: Emitter,
  name: string,
  tensors: { readonly dy: Tensor; readonly x: Tensor; readonly statistics: Tensor },
  sizes: NormSizes,
  perRow: boolean,
): void {
  const { rows, channels, population } = sizes;
  const dw = e.gradients(name);
  const chunks = Math.ceil(rows / sumChunk);
  const constants = { PER_ROW: perRow ? 1 : 0 };
  if (chunks === 1) {
    e.call(normGradientSums, { ...tensors, sums: dw }, { ...sizes, sumsStride: e.memberStride }, constants);
    return;
  }
  const cols = 2 * channels;
  const sums = e.slot(`${name}.gradientSums`, [population, chunks, 2, channels]);
  e.call(normGradientSums, { ...tensors, sums }, { ...sizes, sumsStride: chunks * cols }, constants);
  e.call(normGradients, { sums, dw }, { chunks, cols, wStride: e.memberStride, population });
}
