/**
 * Every kernel and its conformance cases. The conformance, shader-compile and binding suites iterate over this list: a new op is one
 * file here, its shaders, and one line.
 */
import { activationBackward, activationCases, activationForward } from './activation.ts';
import { denseBackwardInput, denseBackwardWeight, denseCases, denseForward } from './dense.ts';
import { dropout, dropoutCases } from './dropout.ts';
import { augmentCases, augmentImage, augmentNoise, gatherBytes, gatherCases, gatherFloats } from './gather.ts';
import type { Kernel, KernelCase } from './kernel.ts';
import { extremeLogitCase, lossCases, softmaxCrossEntropy, squaredError } from './losses.ts';
import { adam, momentum, optimizerCases, rmsprop, sgd } from './optimizers.ts';
import { batchMetrics, chunkSums, gradientSquares, penaltySquares, sumCases } from './sums.ts';

interface Op {
  readonly name: string;
  readonly kernels: readonly Kernel[];
  readonly cases: readonly KernelCase[];
}

export const ops: readonly Op[] = [
  {
    name: 'gather',
    kernels: [gatherBytes, gatherFloats, augmentImage, augmentNoise],
    cases: [...gatherCases, ...augmentCases],
  },
  { name: 'dense', kernels: [denseForward, denseBackwardInput, denseBackwardWeight], cases: denseCases },
  { name: 'activation', kernels: [activationForward, activationBackward], cases: activationCases },
  { name: 'dropout', kernels: [dropout], cases: dropoutCases },
  { name: 'losses', kernels: [softmaxCrossEntropy, squaredError], cases: [...lossCases, extremeLogitCase] },
  { name: 'sums', kernels: [batchMetrics, penaltySquares, gradientSquares, chunkSums], cases: sumCases },
  { name: 'optimizers', kernels: [sgd, momentum, rmsprop, adam], cases: optimizerCases },
];

export const kernels: readonly Kernel[] = ops.flatMap((op) => op.kernels);
