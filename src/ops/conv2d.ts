/**
 * 2-D convolution: y = activation(x * w + b) and its two gradients, each a matrix product whose one side is looked up in the image as
 * the product goes; no matrix of patches is ever stored. Weights and bias are one block whose last row is the bias, as for dense.
 */
import type { FloatArray } from '../arithmetic/arithmetic.ts';
import { activate, activationCodes, activationSlope } from './activation.ts';
import { defineKernel } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { product, productLaunches, productVariants } from './product.ts';
import type { FillRow } from './product.ts';

const aligned = (...strides: readonly number[]): boolean => strides.every((stride) => stride % 4 === 0);

interface Convolution {
  readonly batch: number;
  readonly inH: number;
  readonly inW: number;
  readonly inC: number;
  readonly outH: number;
  readonly outW: number;
  readonly outC: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
  /** 1 where the block has a row of biases, else 0. */
  readonly bias: number;
  readonly wStride: number;
  readonly population: number;
}

const sizes = {
  batch: 'u32',
  inH: 'u32',
  inW: 'u32',
  inC: 'u32',
  outH: 'u32',
  outW: 'u32',
  outC: 'u32',
  kernelH: 'u32',
  kernelW: 'u32',
  strideH: 'u32',
  strideW: 'u32',
  padTop: 'u32',
  padLeft: 'u32',
  bias: 'u32',
  wStride: 'u32',
  population: 'u32',
} as const;

// Filters and channels are multiples of sixteen or few: what tiles of 28 rows are for does not occur.
const { shared28: _, ...variants } = productVariants;

const inElements = ({ inH, inW, inC }: Convolution): number => inH * inW * inC;
const outElements = ({ outH, outW, outC }: Convolution): number => outH * outW * outC;
/** Terms of one output: the elements of a patch. */
const tapCount = ({ kernelH, kernelW, inC }: Convolution): number => kernelH * kernelW * inC;
const multiplyAdds = (p: Convolution): number => p.population * p.batch * p.outH * p.outW * tapCount(p) * p.outC;

const forwardShape = (p: Convolution & { xStride: number }) =>
  ({
    rows: p.outC,
    cols: p.batch * p.outH * p.outW,
    depth: tapCount(p),
    members: p.population,
    left: p.population === 1 || aligned(p.wStride) ? 'rows' : 'neither',
    leftShift: p.outC % 4,
    right: aligned(p.inC, p.xStride) ? 'depth' : 'neither',
  }) as const;

const backwardInputShape = (p: Convolution) =>
  ({
    rows: p.inC,
    cols: p.batch * p.inH * p.inW,
    depth: p.kernelH * p.kernelW * p.outC,
    members: p.population,
    left: aligned(p.outC, p.wStride) ? 'depth' : 'neither',
    right: aligned(p.outC) ? 'depth' : 'neither',
  }) as const;

/** The ones of the bias stand in a column after the taps. */
const backwardWeightShape = (p: Convolution & { xStride: number }) =>
  ({
    rows: p.outC,
    cols: tapCount(p) + p.bias,
    depth: p.batch * p.outH * p.outW,
    members: p.population,
    left: p.population === 1 || aligned(p.batch * outElements(p)) ? 'rows' : 'neither',
    leftShift: p.outC % 4,
    right: aligned(p.inC, p.xStride) ? 'cols' : 'neither',
  }) as const;

/**
 * y[p,n,oy,ox,co] = activation(Σ over r, s, ci of x[p,n, oy·strideH + r - padTop, ox·strideW + s - padLeft, ci]·w[p,r,s,ci,co], + b[p,co])
 * x [population or 1, batch, inH, inW, inC], w [population, kernelH·kernelW·inC + bias, outC] → y [population, batch, outH, outW, outC]
 * xStride: elements from one member's batch to the next, 0 where all share it. Padding counts as zero. Longest sum:
 * kernelH·kernelW·inC terms, then the bias. A cross-correlation, as in other libraries: the kernel is not turned round.
 */
export const conv2dForward = defineKernel({
  name: 'conv2d_forward',
  reads: { x: 'f32x4', w: 'f32x4' },
  writes: { y: 'f32' },
  params: { ...sizes, xStride: 'u32' },
  ...productLaunches(forwardShape, variants),
  longestSum: (p) => tapCount(p) + p.bias,
  multiplyAdds,
  twin({ x, w, y }, p, { math, constants }) {
    const { batch, outH, outW, outC, population } = p;
    const code = constants.ACTIVATION ?? 0;
    const depth = tapCount(p);
    const positions = outH * outW;
    for (let member = 0; member < population; member++) {
      const wStart = member * p.wStride;
      const left = { values: w, start: wStart, rowStep: 1, colStep: outC };
      for (const { first, count } of imageGroups(batch, positions)) {
        const yStart = (member * batch + first) * outElements(p);
        const right = patchTaps(p, x, member * p.xStride + first * inElements(p), count);
        product(math, left, right, outC, count * positions, depth, (row, col, sum) => {
          const z = p.bias === 0 ? sum : math.round(sum + w[wStart + depth * outC + row]!);
          y[yStart + col * outC + row] = activate(math, code, z);
        });
      }
    }
  },
});

/**
 * dx[p,n,iy,ix,ci] = (Σ over r, s, co of dy[p,n,oy,ox,co]·w[p,r,s,ci,co]) · slope(x[p,n,iy,ix,ci]),
 *   where oy·strideH = iy + padTop - r and ox·strideW = ix + padLeft - s; other terms are 0.
 * dy [population, batch, outH, outW, outC], w as in the forward pass → dx [population, batch, inH, inW, inC].
 * Where ACTIVATION names the activation that made the layer's input x, dx holds x and is updated in place; linear has slope 1 and
 * assigns it. Longest sum: kernelH·kernelW·outC terms.
 */
export const conv2dBackwardInput = defineKernel({
  name: 'conv2d_backward_input',
  reads: { dy: 'f32x4', w: 'f32x4' },
  writes: { dx: 'f32' },
  params: sizes,
  ...productLaunches(backwardInputShape, variants),
  longestSum: (p) => p.kernelH * p.kernelW * p.outC,
  multiplyAdds,
  twin({ dy, w, dx }, p, { math, constants }) {
    const { batch, inH, inW, inC, outC, kernelH, kernelW, population } = p;
    const code = constants.ACTIVATION ?? 0;
    const taps = kernelH * kernelW;
    // w [tap, ci, co] with the channels of the input last, as rows of the left side: [ci, tap·outC + co].
    const turned = math.array(inC * taps * outC);
    const left = { values: turned, start: 0, rowStep: taps * outC, colStep: 1 };
    for (let member = 0; member < population; member++) {
      for (let tap = 0, from = member * p.wStride; tap < taps; tap++) {
        for (let ci = 0; ci < inC; ci++) {
          for (let co = 0; co < outC; co++) turned[(ci * taps + tap) * outC + co] = w[from++]!;
        }
      }
      for (const { first, count } of imageGroups(batch, inH * inW)) {
        const dxStart = (member * batch + first) * inElements(p);
        const right = gradientTaps(p, dy, (member * batch + first) * outElements(p), count);
        product(math, left, right, inC, count * inH * inW, taps * outC, (row, col, sum) => {
          const index = dxStart + col * inC + row;
          dx[index] = math.flush(math.round(sum * activationSlope(math, code, dx[index]!)));
        });
      }
    }
  },
});

/**
 * dw[p,r,s,ci,co] = Σ over n, oy, ox of x[p,n, oy·strideH + r - padTop, ox·strideW + s - padLeft, ci]·dy[p,n,oy,ox,co];
 * the row after the taps, where there is a bias, is its gradient, as if every patch ended with a one.
 * x [population or 1, batch, inH, inW, inC], dy [population, batch, outH, outW, outC]
 *   → dw [population, kernelH·kernelW·inC + bias, outC], assigned. Longest sum: batch·outH·outW terms.
 */
export const conv2dBackwardWeight = defineKernel({
  name: 'conv2d_backward_weight',
  reads: { x: 'f32x4', dy: 'f32x4' },
  writes: { dw: 'f32' },
  params: { ...sizes, xStride: 'u32' },
  ...productLaunches(backwardWeightShape, variants),
  longestSum: (p) => p.batch * p.outH * p.outW,
  multiplyAdds,
  twin({ x, dy, dw }, p, { math }) {
    const { batch, outH, outW, outC, population } = p;
    for (let member = 0; member < population; member++) {
      const left = { values: dy, start: member * batch * outElements(p), rowStep: 1, colStep: outC };
      const right = patches(p, x, member * p.xStride);
      product(math, left, right, outC, tapCount(p) + p.bias, batch * outH * outW, (row, col, sum) => {
        dw[member * p.wStride + col * outC + row] = math.flush(sum);
      });
    }
  },
});

/** Columns of a product of the CPU path: enough for its loops to be long, few enough for a chunk of rows to stay in the cache. */
const groupColumns = 1024;

/** Images of a batch that one product takes together. */
function* imageGroups(batch: number, positions: number): Generator<{ first: number; count: number }> {
  const most = Math.max(1, Math.floor(groupColumns / positions));
  for (let first = 0; first < batch; first += most) yield { first, count: Math.min(most, batch - first) };
}

/** Row k of the patches of `count` images from x[start] on: tap k = (r, s, ci) of the patch of every output position. */
function patchTaps(p: Convolution, x: FloatArray, start: number, count: number): FillRow {
  const { inH, inW, inC, outH, outW, kernelW, strideH, strideW, padTop, padLeft } = p;
  return (k, values, offset) => {
    const ci = k % inC;
    const tap = (k - ci) / inC;
    const s = tap % kernelW;
    const r = (tap - s) / kernelW;
    let at = offset;
    for (let image = 0; image < count; image++) {
      for (let oy = 0; oy < outH; oy++) {
        const y = oy * strideH + r - padTop;
        const line = start + (image * inH + y) * inW * inC + ci;
        const isInside = y >= 0 && y < inH;
        for (let ox = 0, column = s - padLeft; ox < outW; ox++, column += strideW) {
          values[at++] = isInside && column >= 0 && column < inW ? x[line + column * inC]! : 0;
        }
      }
    }
  };
}

/** Row k = (r, s, co) of what `count` images from dy[start] on bring to every position of the input. */
function gradientTaps(p: Convolution, dy: FloatArray, start: number, count: number): FillRow {
  const { inH, inW, outH, outW, outC, kernelW, strideH, strideW, padTop, padLeft } = p;
  return (k, values, offset) => {
    const co = k % outC;
    const tap = (k - co) / outC;
    const s = tap % kernelW;
    const r = (tap - s) / kernelW;
    let at = offset;
    for (let image = 0; image < count; image++) {
      for (let iy = 0; iy < inH; iy++) {
        const oy = (iy + padTop - r) / strideH;
        const line = start + (image * outH + oy) * outW * outC + co;
        const isInside = oy >= 0 && oy < outH && Number.isInteger(oy);
        for (let ix = 0; ix < inW; ix++) {
          const ox = (ix + padLeft - s) / strideW;
          values[at++] = isInside && ox >= 0 && ox < outW && Number.isInteger(ox) ? dy[line + ox * outC]! : 0;
        }
      }
    }
  };
}

/** Row k of the patches of a member's batch: the patch of output position k, and the one of the bias. */
function patches(p: Convolution, x: FloatArray, start: number): FillRow {
  const { inH, inW, inC, outH, outW, kernelH, kernelW, strideH, strideW, padTop, padLeft, bias } = p;
  return (k, values, offset) => {
    const ox = k % outW;
    const line = (k - ox) / outW;
    const oy = line % outH;
    const image = (line - oy) / outH;
    let at = offset;
    for (let r = 0; r < kernelH; r++) {
      const y = oy * strideH + r - padTop;
      for (let s = 0; s < kernelW; s++) {
        const column = ox * strideW + s - padLeft;
        const isInside = y >= 0 && y < inH && column >= 0 && column < inW;
        const from = start + ((image * inH + y) * inW + column) * inC;
        for (let ci = 0; ci < inC; ci++) values[at++] = isInside ? x[from + ci]! : 0;
      }
    }
    if (bias > 0) values[at] = 1;
  };
}

interface CaseSizes {
  readonly name: string;
  readonly batch?: number;
  readonly input: readonly [height: number, width: number, channels: number];
  readonly kernel: readonly [height: number, width: number];
  readonly strides?: readonly [height: number, width: number];
  /** Zeros above and on the left; those below and on the right follow from the output. */
  readonly padding?: readonly [top: number, left: number];
  readonly output: readonly [height: number, width: number, channels: number];
  readonly bias?: 0;
  readonly population?: number;
  readonly isShared?: true;
}

// Compiling is what the cases cost: of each kernel, those that are read alike and have as many chunks make the same pipeline.
const caseSizes: readonly CaseSizes[] = [
  // One by one.
  { name: 'one pixel', input: [1, 1, 1], kernel: [1, 1], output: [1, 1, 1] },
  { name: 'a kernel beyond the image', input: [1, 2, 1], kernel: [3, 5], padding: [1, 2], output: [1, 2, 1] },
  {
    name: 'strides beyond the kernel',
    batch: 2,
    input: [7, 6, 3],
    kernel: [2, 1],
    strides: [3, 2],
    output: [2, 3, 5],
  },
  {
    name: 'padding below and on the right, two members',
    batch: 4,
    input: [6, 5, 5],
    kernel: [3, 2],
    strides: [2, 2],
    output: [3, 3, 33],
    population: 2,
  },
  {
    name: '33 channels, two members that share x',
    batch: 4,
    input: [5, 4, 33],
    kernel: [2, 3],
    padding: [0, 1],
    output: [5, 4, 5],
    population: 2,
    isShared: true,
  },
  // The gradient of the weights has a third level of sums.
  { name: 'many positions', batch: 2, input: [182, 182, 1], kernel: [2, 1], output: [182, 182, 1] },
  // By fours: 288 terms of outputs and of gradients of inputs, as many and more of the gradients of weights.
  { name: '4 channels', input: [17, 18, 4], kernel: [9, 8], padding: [4, 3], output: [17, 18, 4], bias: 0 },
  {
    name: '8 channels, oblong strides, two members',
    batch: 3,
    input: [12, 28, 8],
    kernel: [6, 6],
    strides: [1, 2],
    padding: [2, 2],
    output: [12, 14, 8],
    population: 2,
  },
  {
    name: '32 channels, two members that share x',
    batch: 2,
    input: [13, 11, 32],
    kernel: [3, 3],
    padding: [1, 1],
    output: [13, 11, 32],
    population: 2,
    isShared: true,
  },
];

export const conv2dCases: readonly KernelCase[] = /* @__PURE__ */ caseSizes.flatMap((one): KernelCase[] => {
  const { name, batch = 1, bias = 1, population = 1 } = one;
  const [inH, inW, inC] = one.input;
  const [outH, outW, outC] = one.output;
  const [kernelH, kernelW] = one.kernel;
  const [strideH, strideW] = one.strides ?? [1, 1];
  const [padTop, padLeft] = one.padding ?? [0, 0];
  const block = (kernelH * kernelW * inC + bias) * outC;
  const wStride = Math.ceil(block / 4) * 4 + 4;
  const xCount = batch * inH * inW * inC;
  const yCount = population * batch * outH * outW * outC;
  const xStride = one.isShared === true ? 0 : xCount;
  const params = {
    batch,
    inH,
    inW,
    inC,
    outH,
    outW,
    outC,
    kernelH,
    kernelW,
    strideH,
    strideW,
    padTop,
    padLeft,
    bias,
    wStride,
    population,
  };
  // One that hides nothing.
  const constants = { ACTIVATION: activationCodes.leakyRelu };
  const normal = (elements: number, scale: number) => ({ elements, fill: { kind: 'normal', scale } }) as const;
  const x = normal(population * xCount, 1);
  const w = normal(population * wStride, 0.3);
  const dy = normal(yCount, 0.1);
  return [
    {
      kernel: conv2dForward,
      name,
      params: { ...params, xStride },
      constants,
      tensors: { x, w, y: { elements: yCount } },
    },
    {
      kernel: conv2dBackwardInput,
      name,
      params,
      constants,
      tensors: { dy, w, dx: normal(x.elements, 0.5) },
    },
    { kernel: conv2dBackwardWeight, name, params: { ...params, xStride }, tensors: { x, dy, dw: w } },
  ];
});
