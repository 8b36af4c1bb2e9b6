/**
 * Dense layer: y = activation(x·W + b) and its two gradients. Weights and bias are one block [inSize + 1, outSize] whose last row is
 * the bias, so that the gradient of the bias is one more row of the product that gives the gradient of the weights.
 */
import type { ActivationName } from '../recipe/schema.ts';
import { activate, activationCodes, activationSlope } from './activation.ts';
import { defineKernel } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { product, productLaunches } from './product.ts';

const aligned = (...strides: readonly number[]): boolean => strides.every((stride) => stride % 4 === 0);

interface DenseShape {
  readonly batch: number;
  readonly inSize: number;
  readonly outSize: number;
  readonly wStride: number;
  readonly population: number;
}

const forwardShape = ({ batch, inSize, outSize, xStride, wStride, population }: DenseShape & { xStride: number }) =>
  ({
    rows: outSize,
    cols: batch,
    depth: inSize,
    members: population,
    left: population === 1 || aligned(wStride) ? 'rows' : 'neither',
    leftShift: outSize % 4,
    right: aligned(inSize, xStride) ? 'depth' : 'neither',
  }) as const;

const backwardInputShape = ({ batch, inSize, outSize, wStride, population }: DenseShape) =>
  ({
    rows: batch,
    cols: inSize,
    depth: outSize,
    members: population,
    left: aligned(outSize) ? 'depth' : 'neither',
    right: aligned(outSize, wStride) ? 'depth' : 'neither',
  }) as const;

/** The ones of the bias stand in a column after the inputs. */
const backwardWeightShape = ({ batch, inSize, outSize, xStride, population }: DenseShape & { xStride: number }) =>
  ({
    rows: outSize,
    cols: inSize + 1,
    depth: batch,
    members: population,
    left: population === 1 || aligned(batch * outSize) ? 'rows' : 'neither',
    leftShift: outSize % 4,
    right: aligned(inSize, xStride) ? 'cols' : 'neither',
  }) as const;

/**
 * y[p,m,n] = activation(Σ over k of x[p,m,k]·w[p,k,n], + b[p,n])
 * x [population or 1, batch, inSize], w [population, inSize + 1, outSize] → y [population, batch, outSize]
 * xStride: elements from one member's batch to the next, 0 where all share it. Longest sum: inSize terms, then the bias.
 */
export const denseForward = defineKernel({
  name: 'dense_forward',
  reads: { x: 'f32x4', w: 'f32x4' },
  writes: { y: 'f32' },
  params: { batch: 'u32', inSize: 'u32', outSize: 'u32', xStride: 'u32', wStride: 'u32', population: 'u32' },
  ...productLaunches(forwardShape),
  longestSum: (p) => p.inSize + 1,
  multiplyAdds: (p) => p.population * p.batch * p.inSize * p.outSize,
  twin({ x, w, y }, { batch, inSize, outSize, xStride, wStride, population }, { math, constants }) {
    const code = constants.ACTIVATION ?? 0;
    for (let member = 0; member < population; member++) {
      const wStart = member * wStride;
      const yStart = member * batch * outSize;
      product(
        math,
        { values: x, start: member * xStride, rowStep: inSize, colStep: 1 },
        { values: w, start: wStart, rowStep: outSize, colStep: 1 },
        batch,
        outSize,
        inSize,
        (row, col, sum) => {
          const z = math.round(sum + w[wStart + inSize * outSize + col]!);
          y[yStart + row * outSize + col] = activate(math, code, z);
        },
      );
    }
  },
});

/**
 * dx[p,m,k] = (Σ over n of dy[p,m,n]·w[p,k,n]) · slope(x[p,m,k])
 * dy [population, batch, outSize], w [population, inSize + 1, outSize] → dx [population, batch, inSize].
 * Where ACTIVATION names the activation that made the layer's input x, dx holds x and is updated in place; linear has slope 1 and
 * assigns it. Longest sum: outSize terms.
 */
export const denseBackwardInput = defineKernel({
  name: 'dense_backward_input',
  reads: { dy: 'f32x4', w: 'f32x4' },
  writes: { dx: 'f32' },
  params: { batch: 'u32', inSize: 'u32', outSize: 'u32', wStride: 'u32', population: 'u32' },
  ...productLaunches(backwardInputShape),
  longestSum: (p) => p.outSize,
  multiplyAdds: (p) => p.population * p.batch * p.inSize * p.outSize,
  twin({ dy, w, dx }, { batch, inSize, outSize, wStride, population }, { math, constants }) {
    const code = constants.ACTIVATION ?? 0;
    for (let member = 0; member < population; member++) {
      const dxStart = member * batch * inSize;
      product(
        math,
        { values: dy, start: member * batch * outSize, rowStep: outSize, colStep: 1 },
        { values: w, start: member * wStride, rowStep: 1, colStep: outSize },
        batch,
        inSize,
        outSize,
        (row, col, sum) => {
          const index = dxStart + row * inSize + col;
          dx[index] = math.flush(math.round(sum * activationSlope(math, code, dx[index]!)));
        },
      );
    }
  },
});

/**
 * dw[p,k,n] = Σ over m of x[p,m,k]·dy[p,m,n]; the row k = inSize is the gradient of the bias, as if x had a column of ones.
 * x [population or 1, batch, inSize], dy [population, batch, outSize] → dw [population, inSize + 1, outSize], assigned.
 * Longest sum: batch terms.
 */
export const denseBackwardWeight = defineKernel({
  name: 'dense_backward_weight',
  reads: { x: 'f32x4', dy: 'f32x4' },
  writes: { dw: 'f32' },
  params: { batch: 'u32', inSize: 'u32', outSize: 'u32', xStride: 'u32', wStride: 'u32', population: 'u32' },
  ...productLaunches(backwardWeightShape),
  longestSum: (p) => p.batch,
  multiplyAdds: (p) => p.population * p.batch * (p.inSize + 1) * p.outSize,
  twin({ x, dy, dw }, { batch, inSize, outSize, xStride, wStride, population }, { math }) {
    const ones = math.array(1).fill(1);
    for (let member = 0; member < population; member++) {
      const right = { values: dy, start: member * batch * outSize, rowStep: outSize, colStep: 1 };
      const store = (firstRow: number) => (row: number, col: number, sum: number) => {
        dw[member * wStride + (firstRow + row) * outSize + col] = math.flush(sum);
      };
      const left = { values: x, start: member * xStride, rowStep: 1, colStep: inSize };
      product(math, left, right, inSize, outSize, batch, store(0));
      product(math, { values: ones, start: 0, rowStep: 0, colStep: 0 }, right, 1, outSize, batch, store(inSize));
    }
  },
});

// Compiling is what the cases cost: those that make the same pipeline but for the activation have the same activation.
const sizes: readonly (readonly [
  batch: number,
  inSize: number,
  outSize: number,
  population: number,
  activation: ActivationName,
])[] = [
  [1, 1, 1, 1, 'linear'],
  [7, 33, 1, 1, 'linear'],
  [1, 257, 7, 2, 'relu'],
  [33, 7, 33, 3, 'linear'],
  [7, 600, 33, 1, 'sigmoid'],
  // Rows by fours that are no multiple of four, for one member and for two; then such that are, with the other side one by one.
  [600, 7, 5, 1, 'linear'],
  [260, 33, 10, 2, 'linear'],
  [7, 33, 12, 2, 'linear'],
  // Aligned to four everywhere, so that all sides are read by fours.
  [257, 300, 260, 2, 'tanh'],
  // One sum each of more than 65,536 terms: the third level of the rule. No activation that would hide it where it saturates.
  [1, 65_793, 1, 1, 'leakyRelu'],
  [1, 1, 65_793, 1, 'linear'],
  [65_793, 1, 1, 1, 'linear'],
  [4, 65_796, 4, 1, 'linear'],
];

export const denseCases: readonly KernelCase[] = /* @__PURE__ */ sizes.flatMap(
  ([batch, inSize, outSize, population, activation], index): KernelCase[] => {
    const constants = { ACTIVATION: activationCodes[activation] };
    // Plans align it; without that some sides are read one by one.
    const wStride = index % 3 === 0 ? (inSize + 1) * outSize + 3 : Math.ceil(((inSize + 1) * outSize) / 4) * 4 + 4;
    const x = { elements: population * batch * inSize, fill: { kind: 'normal', scale: 1 } } as const;
    const w = { elements: population * wStride, fill: { kind: 'normal', scale: 0.3 } } as const;
    const dy = { elements: population * batch * outSize, fill: { kind: 'normal', scale: 0.1 } } as const;
    const shape = { batch, inSize, outSize, wStride, population };
    const name = `${batch}x${inSize}x${outSize}, population ${population}`;
    const shared = index % 2 === 0;
    const xStride = shared ? 0 : batch * inSize;
    return [
      {
        kernel: denseForward,
        name: `${name}, ${activation}${shared ? ', shared x' : ''}`,
        params: { ...shape, xStride },
        constants,
        tensors: { x, w, y: { elements: dy.elements } },
      },
      {
        kernel: denseBackwardInput,
        name: `${name}, ${activation}`,
        params: shape,
        constants,
        tensors: {
          dy,
          w,
          dx: { elements: x.elements, fill: { kind: 'normal', scale: 0.5 } },
        },
      },
      {
        kernel: denseBackwardWeight,
        name: `${name}${shared ? ', shared x' : ''}`,
        params: { ...shape, xStride },
        tensors: { x, dy, dw: w },
      },
    ];
  },
);
