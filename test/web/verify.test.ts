// What the page says of its checks, and how it compares the two sides of a training.

import { expect, test } from 'vitest';
import type { Comparison } from '../../src/verify/compare.ts';
import type { GradientCheck, GradientRow } from '../../src/verify/gradcheck.ts';
import type { SideReport } from '../../web/protocol/verifying.ts';
import { addReport, compareSides, endSide, startSides } from '../../web/state/sides.ts';
import type { SideName, Sides } from '../../web/state/sides.ts';
import {
  judgeGradient,
  judgeKernels,
  judgeOverfitting,
  judgeRecipe,
  judgeSides,
  sayDifference,
  sayEqual,
} from '../../web/verify/verdicts.ts';

const equal: Comparison = {
  name: 'dense_forward',
  elements: 100,
  equalElements: 100,
  bitEqual: 1,
  maxUlp: 0,
  bound: 0,
};
const near: Comparison = { ...equal, name: 'adam', equalElements: 99, bitEqual: 0.99, maxUlp: 2, bound: 4 };
const wrong: Comparison = { ...near, name: 'sgd', maxUlp: Infinity };

test('a recipe whose kernels agree passes, and the sentence tells equal bits from bounds that are kept', () => {
  const verification = { adapter: 'an adapter', steps: 1, kernels: [equal] };
  expect(judgeRecipe(verification)).toEqual({
    isGood: true,
    text: '1 training step, an evaluation batch and the penalty on an adapter, 1 kernel: all 100 elements are equal in every bit.',
  });
  const { isGood, text } = judgeRecipe({ ...verification, kernels: [equal, near] });
  expect(isGood).toBe(true);
  expect(text).toContain('2 kernels: all within their bounds; 1 of 200 elements differ in a bit.');
});

test('a kernel out of bounds fails the recipe and is named', () => {
  expect(judgeRecipe({ adapter: 'an adapter', steps: 0, kernels: [equal, wrong], failed: wrong })).toEqual({
    isGood: false,
    text: 'On an adapter, sgd is out of bounds: ∞ ulp, at most 4 are allowed.',
  });
});

test('of all kernels every row counts: one out of bounds fails them', () => {
  expect(judgeKernels([equal, { ...equal }, near])).toEqual({
    isGood: true,
    text: '2 kernels in 3 launch variants: all within their bounds; 1 of 300 elements differ in a bit.',
  });
  expect(judgeKernels([equal, wrong, wrong])).toEqual({
    isGood: false,
    text: 'sgd is out of bounds: ∞ ulp, at most 4 are allowed. 1 more row too.',
  });
});

test('a share of equal bits is 100 % only where all are equal', () => {
  expect(sayEqual(equal)).toBe('100 %');
  expect(sayEqual({ ...equal, elements: 1e9, equalElements: 1e9 - 1, bitEqual: 1 - 1e-9 })).toBe('99.9999 %');
});

test('a difference is spelt out with its place, and zeros with their sign', () => {
  const difference = { where: 'train step 0, call 3 ("dense1")', tensor: 'y', index: 17, cpu: 0, gpu: -0 };
  expect(sayDifference(difference)).toBe('train step 0, call 3 ("dense1"): y[17] is 0 on the CPU, -0 on the GPU');
});

const gradient: GradientRow = {
  name: 'dense1.weight',
  elements: 300,
  coordinates: 200,
  redrawn: 0,
  relativeError: 1e-10,
  meanDifference: 0,
  directionError: 2e-10,
};
const check: GradientCheck = { tensors: [gradient], examples: 16, step: 1e-5, tolerance: 1e-7, passed: true };

test.each([
  ['its coordinates', { relativeError: 1e-3 }],
  ['its direction', { directionError: 1e-3 }],
  ['coordinates that could be compared', { coordinates: 0 }],
])('a gradient is judged by %s', (_, fault) => {
  expect(judgeGradient(check)).toEqual({
    isGood: true,
    text: '1 tensor on 16 examples: the largest relative error is 2.00e-10, at most 1.00e-7 is allowed.',
  });
  const failed = judgeGradient({ ...check, tensors: [gradient, { ...gradient, ...fault, name: 'b' }], passed: false });
  expect(failed.isGood).toBe(false);
  expect(failed.text).toContain('The gradient of b is off');
});

test('a loss that stays up is told with what was expected', () => {
  const result = { examples: 100, epochs: 2000, loss: 0.7, threshold: 0.05, learningRate: 0.1, passed: false };
  expect(judgeOverfitting(result)).toMatchObject({ isGood: false, text: expect.stringContaining('below 0.05') });
  expect(judgeOverfitting({ ...result, loss: 0.01, passed: true }).isGood).toBe(true);
});

/** Both sides report in stretches of their own. */
function trainBoth(
  gpu: readonly number[],
  cpu: readonly number[],
  hashes: Partial<Record<SideName, string>> = {},
): Sides {
  const reports: readonly (readonly [SideName, SideReport])[] = [
    ['gpu', { type: 'losses', losses: gpu.slice(0, 1), samplesPerSecond: 500 }],
    ['cpu', { type: 'losses', losses: cpu, samplesPerSecond: 50 }],
    ['gpu', { type: 'losses', losses: gpu.slice(1), samplesPerSecond: 1000 }],
    ['gpu', { type: 'weights', step: 1, sha256: 'a' }],
    ['cpu', { type: 'weights', step: 1, sha256: 'a' }],
    ['gpu', { type: 'weights', step: 3, sha256: hashes.gpu ?? 'b' }],
    ['cpu', { type: 'weights', step: 3, sha256: hashes.cpu ?? 'b' }],
    ['gpu', { type: 'weights', step: 5, sha256: 'only here so far' }],
  ];
  return reports.reduce((sides, [name, report]) => addReport(sides, name, report), startSides(5));
}

test('sides are compared as far as both have come, step by step, NaN included', () => {
  const sides = trainBoth([2, 1, Number.NaN, 0.5], [2, 1, Number.NaN]);
  expect(sides.gpu.steps).toEqual([1, 2, 3, 4]);
  const agreement = compareSides(sides);
  expect(agreement).toEqual({
    steps: 3,
    equalLosses: 3,
    largestDifference: 0,
    hashes: 2,
    equalHashes: 2,
    speedUp: 20,
  });
  expect(judgeSides(agreement, true)).toEqual({
    isGood: true,
    text: 'The losses of all 3 steps and the weights at 2 points are equal in every bit.',
  });
});

test('sides that differ fail where every bit should be equal, and pass where the adapter rounds in another way', () => {
  const agreement = compareSides(trainBoth([2, 1.25], [2, 1], { gpu: 'c' }));
  expect(agreement).toMatchObject({ equalLosses: 1, largestDifference: 0.25, equalHashes: 1, firstDifferent: 3 });
  expect(judgeSides(agreement, true)).toMatchObject({ isGood: false, text: expect.stringContaining('after step 3') });
  expect(judgeSides(agreement, false).isGood).toBe(true);
});

test('weights alone that differ are found, though the losses are equal so far', () => {
  const agreement = compareSides(trainBoth([2, 1], [2, 1], { cpu: 'c' }));
  expect(judgeSides(agreement, true).isGood).toBe(false);
});

test('a loss that is a number on one side only fails on any adapter', () => {
  const agreement = compareSides(trainBoth([2, Number.NaN], [2, 1]));
  expect(judgeSides(agreement, false).isGood).toBe(false);
});

test('at the end of a side the speed is that of its whole run', () => {
  const sides = endSide(trainBoth([2], [2]), 'gpu', { adapter: 'an adapter', steps: 5, samplesPerSecond: 400 });
  expect(compareSides(sides).speedUp).toBe(8);
});
