/**
 * Layer normalisation over the channels of each row; rows are batch·positions. The gradients of scale and shift are sums over rows as in
 * batch normalisation, and made by its kernels.
 */
import { activate, activationCodes, activationSlope } from './activation.ts';
import { inverseDeviation } from './batch-norm.ts';
import { defineKernel, launchLinear, linearVariants } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { orderedSum } from './product.ts';
import { quadWords } from './quads.ts';

/**
 * y[p,r,c] = activation((x[p,r,c] - mean[p,r])·inverse[p,r]·w[p,0,c] + w[p,1,c]); statistics[p,r] = (mean, inverse), where mean is that of
 * the row, inverse = 1/sqrt(variance + epsilon) and the variance is Σ (x - mean)² / channels, as torch.nn.LayerNorm.
 * x [population or 1, rows, channels], w [population, 2, channels] → y [population, rows, channels], statistics [population, rows, 2].
 * Longest sum: channels terms, of two passes: one would cancel where the mean is large.
 */
export const layerNormForward = defineKernel({
  name: 'layer_norm_forward',
  reads: { x: 'f32x4', w: 'f32x4' },
  writes: { y: 'f32', statistics: 'f32' },
  params: { rows: 'u32', channels: 'u32', xStride: 'u32', wStride: 'u32', epsilon: 'f32', population: 'u32' },
  variants: linearVariants,
  specialise: (p) => quadWords(p.channels, p.xStride, p.wStride),
  launch: (p, tile) => launchLinear(p.rows, p.population, tile),
  longestSum: (p) => p.channels,
  twin(
    { x, w, y, statistics },
    { rows, channels, xStride, wStride, epsilon, population },
    { math, constants: { ACTIVATION: code = 0 } },
  ) {
    const { round } = math;
    for (let member = 0; member < population; member++) {
      for (let row = 0; row < rows; row++) {
        const from = member * xStride + row * channels;
        const start = (member * rows + row) * channels;
        const mean = round(orderedSum(math, channels, (sum, c) => round(sum + x[from + c]!)) / channels);
        const distance = (c: number) => round(x[from + c]! - mean);
        const squares = orderedSum(math, channels, (sum, c) => math.mulAdd(distance(c), distance(c), sum));
        const inverse = inverseDeviation(math, round(squares / channels), epsilon);
        statistics[(member * rows + row) * 2] = mean;
        statistics[(member * rows + row) * 2 + 1] = inverse;
        for (let c = 0; c < channels; c++) {
          const normal = round(distance(c) * inverse);
          const z = math.mulAdd(normal, w[member * wStride + c]!, w[member * wStride + channels + c]!);
          y[start + c] = activate(math, code, z);
        }
      }
    }
  },
});

/**
 * dx[p,r,c] = inverse·(g[c] - Σg/channels - normal[c]·Σ(g·normal)/channels)·slope(x[p,r,c]), g = dy·w[p,0], normal = (x - mean)·inverse.
 * Source: J. Ba, J. Kiros, G. Hinton, Layer normalization (2016), eq. 3, differentiated. ACTIVATION names the activation that made x.
 * dy, x [population, rows, channels], statistics [population, rows, 2], w [population, 2, channels] → dx like x.
 * Longest sum: channels terms.
 */
export const layerNormBackwardInput = defineKernel({
  name: 'layer_norm_backward_input',
  reads: { dy: 'f32x4', x: 'f32x4', statistics: 'f32', w: 'f32x4' },
  writes: { dx: 'f32' },
  params: { rows: 'u32', channels: 'u32', wStride: 'u32', population: 'u32' },
  variants: linearVariants,
  specialise: (p) => quadWords(p.channels, p.wStride),
  launch: (p, tile) => launchLinear(p.rows, p.population, tile),
  longestSum: (p) => p.channels,
  twin(
    { dy, x, statistics, w, dx },
    { rows, channels, wStride, population },
    { math, constants: { ACTIVATION: code = 0 } },
  ) {
    const { round } = math;
    for (let member = 0; member < population; member++) {
      for (let row = 0; row < rows; row++) {
        const start = (member * rows + row) * channels;
        const mean = statistics[(member * rows + row) * 2]!;
        const inverse = statistics[(member * rows + row) * 2 + 1]!;
        const scale = (c: number) => w[member * wStride + c]!;
        const normal = (c: number) => round(round(x[start + c]! - mean) * inverse);
        const gradientMean = round(
          orderedSum(math, channels, (sum, c) => math.mulAdd(dy[start + c]!, scale(c), sum)) / channels,
        );
        const productMean = round(
          orderedSum(math, channels, (sum, c) => math.mulAdd(round(dy[start + c]! * scale(c)), normal(c), sum)) /
            channels,
        );
        for (let c = 0; c < channels; c++) {
          const centred = math.mulAdd(-normal(c), productMean, math.mulAdd(dy[start + c]!, scale(c), -gradientMean));
          dx[start + c] = math.flush(round(round(inverse * centred) * activationSlope(math, code, x[start + c]!)));
        }
      }
    }
  },
});

// Compiling is what cases cost: those that make the same pipeline but for the activation have the same activation.
const shapes: readonly (readonly [rows: number, channels: number, population: number])[] = [
  [1, 1, 1],
  [7, 3, 2],
  [5, 33, 1],
  [257, 5, 2],
  [3, 600, 2],
  [33, 8, 1],
  // The third level of the rule for sums.
  [1, 65_793, 1],
];

export const layerNormCases: readonly KernelCase[] = /* @__PURE__ */ shapes.flatMap(
  ([rows, channels, population], index): KernelCase[] => {
    const constants = { ACTIVATION: activationCodes[channels % 4 === 0 ? 'relu' : 'linear'] };
    const isShared = index % 2 === 1;
    const wStride = Math.ceil((2 * channels) / 64) * 64;
    const elements = population * rows * channels;
    const values = { elements, fill: { kind: 'normal', scale: 1 } } as const;
    const w = { elements: population * wStride, fill: { kind: 'normal', scale: 1 } } as const;
    const statistics = { elements: population * rows * 2, fill: { kind: 'positive', scale: 1 } } as const;
    const name = `${rows}x${channels}, population ${population}`;
    const sizes = { rows, channels, wStride, population };
    return [
      {
        kernel: layerNormForward,
        name: `${name}${isShared ? ', shared x' : ''}`,
        params: { ...sizes, xStride: isShared ? 0 : rows * channels, epsilon: Math.fround(1e-5) },
        constants,
        tensors: { x: values, w, y: { elements }, statistics: { elements: statistics.elements } },
      },
      {
        kernel: layerNormBackwardInput,
        name,
        params: sizes,
        constants,
        tensors: { dy: values, x: values, statistics, w, dx: { elements } },
      },
    ];
  },
);
