/**
 * Every kernel and its conformance cases. The conformance, shader-compile and binding suites iterate over this list: a new op is one
 * file here, its shaders, and one line. The lists of cases are marked pure: a program that only trains does not carry them.
 */
import { activationBackward, activationCases, activationForward } from './activation.ts';
import { addCases, addForward } from './add.ts';
import {
  batchNormBackwardInput,
  batchNormCases,
  batchNormChunks,
  batchNormForward,
  batchNormStatistics,
  normGradients,
  normGradientSums,
} from './batch-norm.ts';
import { conv2dBackwardInput, conv2dBackwardWeight, conv2dCases, conv2dForward } from './conv2d.ts';
import { denseBackwardInput, denseBackwardWeight, denseCases, denseForward } from './dense.ts';
import { dropout, dropoutCases } from './dropout.ts';
import { augmentCases, augmentImage, augmentNoise, gatherBytes, gatherCases, gatherFloats } from './gather.ts';
import type { Kernel, KernelCase } from './kernel.ts';
import { layerNormBackwardInput, layerNormCases, layerNormForward } from './layer-norm.ts';
import { extremeLogitCase, kinkCases, lossCases, regressionLoss, softmaxCrossEntropy } from './losses.ts';
import { gaussianNoise, noiseCases } from './noise.ts';
import { adam, momentum, optimizerCases, rmsprop, sgd } from './optimizers.ts';
import {
  averagePoolBackward,
  averagePoolForward,
  maxPoolBackward,
  maxPoolForward,
  poolCases,
  unorderedPoolCase,
} from './pool.ts';
import { deadUnits, statisticsCases, takeSamples, tensorStatistics } from './statistics.ts';
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
  {
    name: 'conv2d',
    kernels: [conv2dForward, conv2dBackwardInput, conv2dBackwardWeight],
    cases: conv2dCases,
  },
  { name: 'activation', kernels: [activationForward, activationBackward], cases: activationCases },
  { name: 'add', kernels: [addForward], cases: addCases },
  { name: 'dropout', kernels: [dropout], cases: dropoutCases },
  { name: 'noise', kernels: [gaussianNoise], cases: noiseCases },
  {
    name: 'batch norm',
    kernels: [
      batchNormChunks,
      batchNormStatistics,
      batchNormForward,
      normGradientSums,
      normGradients,
      batchNormBackwardInput,
    ],
    cases: batchNormCases,
  },
  { name: 'layer norm', kernels: [layerNormForward, layerNormBackwardInput], cases: layerNormCases },
  {
    name: 'pool',
    kernels: [maxPoolForward, maxPoolBackward, averagePoolForward, averagePoolBackward],
    cases: [...poolCases, unorderedPoolCase],
  },
  {
    name: 'losses',
    kernels: [softmaxCrossEntropy, regressionLoss],
    cases: [...lossCases, extremeLogitCase, ...kinkCases],
  },
  { name: 'sums', kernels: [batchMetrics, penaltySquares, gradientSquares, chunkSums], cases: sumCases },
  { name: 'optimizers', kernels: [sgd, momentum, rmsprop, adam], cases: optimizerCases },
  { name: 'statistics', kernels: [tensorStatistics, takeSamples, deadUnits], cases: statisticsCases },
];

export const kernels: readonly Kernel[] = /* @__PURE__ */ ops.flatMap((op) => op.kernels);
