/**
 * The sum of two tensors: residual connections, and the gradient of a tensor that several layers take.
 */
import { activate, activationCodes } from './activation.ts';
import { defineKernel, launchLinear } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { quadVariants, quadWords } from './quads.ts';

/**
 * y[p,i] = activation(a[p,i] + b[p,i]). a, b [population or 1, count] → y [population, count]; aStride, bStride: elements from one member
 * to the next, 0 where all share it.
 */
export const addForward = defineKernel({
  name: 'add_forward',
  reads: { a: 'f32x4', b: 'f32x4' },
  writes: { y: 'f32' },
  params: { count: 'u32', aStride: 'u32', bStride: 'u32', population: 'u32' },
  variants: quadVariants,
  specialise: (p) => quadWords(p.count, p.aStride, p.bStride),
  launch: (p, { ROWS = 1, WIDTH = 64 }) => launchLinear(Math.ceil(p.count / 4), p.population, { WIDTH: ROWS * WIDTH }),
  longestSum: () => 2,
  twin({ a, b, y }, { count, aStride, bStride, population }, { math, constants }) {
    const code = constants.ACTIVATION ?? 0;
    for (let member = 0; member < population; member++) {
      for (let i = 0; i < count; i++) {
        y[member * count + i] = activate(math, code, math.round(a[member * aStride + i]! + b[member * bStride + i]!));
      }
    }
  },
});

export const addCases: readonly KernelCase[] = /* @__PURE__ */ (
  [
    [1, 'linear'],
    [7, 'linear'],
    [257, 'relu'],
    [600, 'relu'],
  ] as const
).map(([count, activation], index) => {
  const values = { elements: 2 * count, fill: { kind: 'normal', scale: 1 } } as const;
  const isShared = index % 2 === 1;
  return {
    kernel: addForward,
    name: `${count}, ${activation}, population 2${isShared ? ', shared a' : ''}`,
    params: { count, aStride: isShared ? 0 : count, bStride: count, population: 2 },
    constants: { ACTIVATION: activationCodes[activation] },
    tensors: { a: values, b: values, y: { elements: values.elements } },
  };
});
