/**
 * Pools over images [batch, height, width, channels]: the largest element of each window, or the mean of those that lie in the image.
 * Padding is never chosen and counts in no mean.
 */
import { activationCodes, activationSlope } from './activation.ts';
import { defineKernel, linearVariants } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { orderedSum } from './product.ts';
import { launchQuads, quadVariants, quadWords } from './quads.ts';

const poolParams = {
  batch: 'u32',
  inH: 'u32',
  inW: 'u32',
  channels: 'u32',
  outH: 'u32',
  outW: 'u32',
  kernelH: 'u32',
  kernelW: 'u32',
  strideH: 'u32',
  strideW: 'u32',
  padTop: 'u32',
  padLeft: 'u32',
} as const;
const forwardParams = { ...poolParams, xStride: 'u32', population: 'u32' } as const;
const backwardParams = { ...poolParams, population: 'u32' } as const;

type PoolShape = { readonly [K in keyof typeof poolParams]: number };
type Range = readonly [first: number, end: number];

/** The elements of window `o` along one side that lie inside the image. */
function tapsInside(o: number, stride: number, pad: number, kernel: number, size: number): Range {
  return [Math.max(0, pad - o * stride), Math.min(kernel, size + pad - o * stride)];
}

/** The windows along one side that cover element `i` of the image. */
function windowsOver(i: number, stride: number, pad: number, kernel: number, count: number): Range {
  const place = i + pad;
  return [
    place >= kernel ? Math.floor((place - kernel) / stride) + 1 : 0,
    Math.min(Math.floor(place / stride) + 1, count),
  ];
}

/** Calls `visit` for each window with the elements of it that lie inside the image. */
function forWindows(p: PoolShape, visit: (pixel: number, rows: Range, cols: Range) => void): void {
  for (let oy = 0; oy < p.outH; oy++) {
    const rows = tapsInside(oy, p.strideH, p.padTop, p.kernelH, p.inH);
    for (let ox = 0; ox < p.outW; ox++)
      visit(oy * p.outW + ox, rows, tapsInside(ox, p.strideW, p.padLeft, p.kernelW, p.inW));
  }
}

/** Calls `visit` for each pixel of the image with the windows that cover it. */
function forPixels(p: PoolShape, visit: (iy: number, ix: number, rows: Range, cols: Range) => void): void {
  for (let iy = 0; iy < p.inH; iy++) {
    const rows = windowsOver(iy, p.strideH, p.padTop, p.kernelH, p.outH);
    for (let ix = 0; ix < p.inW; ix++) visit(iy, ix, rows, windowsOver(ix, p.strideW, p.padLeft, p.kernelW, p.outW));
  }
}

const windowsEach = (kernel: number, stride: number, count: number): number =>
  Math.min(Math.ceil(kernel / stride), count);

const forwardLaunches = {
  variants: linearVariants,
  specialise: (p: { channels: number; xStride: number }) => quadWords(p.channels, p.xStride),
  launch: (p: PoolShape & { population: number }, tile: Readonly<Record<string, number>>) =>
    launchQuads(p.batch * p.outH * p.outW, p.channels, p.population, tile),
} as const;

const backwardLaunches = {
  variants: quadVariants,
  specialise: (p: PoolShape) => ({
    ...quadWords(p.channels),
    APART: p.kernelH <= p.strideH && p.kernelW <= p.strideW ? 1 : 0,
  }),
  launch: (p: PoolShape & { population: number }, tile: Readonly<Record<string, number>>) =>
    launchQuads(p.batch * p.inH * Math.ceil(p.inW / (tile.ROWS ?? 1)), p.channels, p.population, {
      WIDTH: tile.WIDTH ?? 64,
    }),
  longestSum: (p: PoolShape) => windowsEach(p.kernelH, p.strideH, p.outH) * windowsEach(p.kernelW, p.strideW, p.outW),
} as const;

/**
 * y[n,oy,ox,c] = the largest x[n, oy·strideH+r-padTop, ox·strideW+s-padLeft, c] over r < kernelH, s < kernelW inside the image;
 * choice = r·kernelW + s of the first that is as large. A NaN is larger than any number.
 * x [population or 1, batch, inH, inW, channels] → y, choice [population, batch, outH, outW, channels].
 * choice holds whole numbers as floats, so that it can share memory with other tensors.
 */
export const maxPoolForward = defineKernel({
  name: 'max_pool_forward',
  reads: { x: 'f32x4' },
  writes: { y: 'f32', choice: 'f32' },
  params: forwardParams,
  ...forwardLaunches,
  longestSum: () => 1,
  twin({ x, y, choice }, p) {
    const { inH, inW, channels, kernelW } = p;
    for (let image = 0; image < p.population * p.batch; image++) {
      const from = Math.floor(image / p.batch) * p.xStride + (image % p.batch) * inH * inW * channels;
      forWindows(p, (pixel, rows, cols) => {
        const out = (image * p.outH * p.outW + pixel) * channels;
        const top = Math.floor(pixel / p.outW) * p.strideH - p.padTop;
        const left = (pixel % p.outW) * p.strideW - p.padLeft;
        choice.fill(-1, out, out + channels);
        for (let r = rows[0]; r < rows[1]; r++) {
          for (let s = cols[0]; s < cols[1]; s++) {
            const start = from + ((top + r) * inW + left + s) * channels;
            for (let c = 0; c < channels; c++) {
              const value = x[start + c]!;
              const best = y[out + c]!;
              const isBetter = !Number.isNaN(best) && (Number.isNaN(value) || value > best);
              if (choice[out + c]! >= 0 && !isBetter) continue;
              y[out + c] = value;
              choice[out + c] = r * kernelW + s;
            }
          }
        }
      });
    }
  },
});

/**
 * dx[n,iy,ix,c] = Σ over the windows that cover it of dy where their choice is it; a window that chose another element adds 0.
 * dy, choice [population, batch, outH, outW, channels] → dx [population, batch, inH, inW, channels]. Longest sum: the windows over an
 * element.
 */
export const maxPoolBackward = defineKernel({
  name: 'max_pool_backward',
  reads: { dy: 'f32x4', choice: 'f32x4' },
  writes: { dx: 'f32' },
  params: backwardParams,
  ...backwardLaunches,
  twin({ dy, choice, dx }, p, { math }) {
    const { channels, kernelW, outW } = p;
    for (let image = 0; image < p.population * p.batch; image++) {
      const from = image * p.outH * outW * channels;
      forPixels(p, (iy, ix, rows, cols) => {
        const across = cols[1] - cols[0];
        const out = ((image * p.inH + iy) * p.inW + ix) * channels;
        for (let c = 0; c < channels; c++) {
          const sum = orderedSum(math, (rows[1] - rows[0]) * across, (total, term) => {
            const oy = rows[0] + Math.floor(term / across);
            const ox = cols[0] + (term % across);
            const tap = (iy + p.padTop - oy * p.strideH) * kernelW + ix + p.padLeft - ox * p.strideW;
            const index = from + (oy * outW + ox) * channels + c;
            return choice[index] === tap ? math.round(total + dy[index]!) : total;
          });
          dx[out + c] = math.flush(sum);
        }
      });
    }
  },
});

/**
 * y[n,oy,ox,c] = mean of x[n, oy·strideH+r-padTop, ox·strideW+s-padLeft, c] over r < kernelH, s < kernelW inside the image.
 * x [population or 1, batch, inH, inW, channels] → y [population, batch, outH, outW, channels]. Longest sum: the elements of a window.
 */
export const averagePoolForward = defineKernel({
  name: 'average_pool_forward',
  reads: { x: 'f32x4' },
  writes: { y: 'f32' },
  params: forwardParams,
  ...forwardLaunches,
  longestSum: (p) => Math.min(p.kernelH, p.inH) * Math.min(p.kernelW, p.inW),
  twin({ x, y }, p, { math }) {
    const { inH, inW, channels } = p;
    for (let image = 0; image < p.population * p.batch; image++) {
      const from = Math.floor(image / p.batch) * p.xStride + (image % p.batch) * inH * inW * channels;
      forWindows(p, (pixel, rows, cols) => {
        const across = cols[1] - cols[0];
        const count = (rows[1] - rows[0]) * across;
        const top = Math.floor(pixel / p.outW) * p.strideH - p.padTop + rows[0];
        const left = (pixel % p.outW) * p.strideW - p.padLeft + cols[0];
        for (let c = 0; c < channels; c++) {
          const sum = orderedSum(math, count, (total, term) => {
            const place = (top + Math.floor(term / across)) * inW + left + (term % across);
            return math.round(total + x[from + place * channels + c]!);
          });
          y[(image * p.outH * p.outW + pixel) * channels + c] = math.round(sum / count);
        }
      });
    }
  },
});

/**
 * dx[n,iy,ix,c] = (Σ over the windows that cover it of dy / elements of the window inside the image) · slope(x[n,iy,ix,c]).
 * dy [population, batch, outH, outW, channels], x [population, batch, inH, inW, channels] → dx like x. ACTIVATION names the
 * activation that made x, the pool's input. Longest sum: the windows over an element.
 */
export const averagePoolBackward = defineKernel({
  name: 'average_pool_backward',
  reads: { dy: 'f32x4', x: 'f32x4' },
  writes: { dx: 'f32' },
  params: backwardParams,
  ...backwardLaunches,
  twin({ dy, x, dx }, p, { math, constants: { ACTIVATION: code = 0 } }) {
    const { channels, outW } = p;
    const counts: number[] = [];
    forWindows(p, (pixel, rows, cols) => {
      counts[pixel] = (rows[1] - rows[0]) * (cols[1] - cols[0]);
    });
    for (let image = 0; image < p.population * p.batch; image++) {
      const from = image * p.outH * outW * channels;
      forPixels(p, (iy, ix, rows, cols) => {
        const across = cols[1] - cols[0];
        const out = ((image * p.inH + iy) * p.inW + ix) * channels;
        for (let c = 0; c < channels; c++) {
          const sum = orderedSum(math, (rows[1] - rows[0]) * across, (total, term) => {
            const pixel = (rows[0] + Math.floor(term / across)) * outW + cols[0] + (term % across);
            return math.round(total + math.round(dy[from + pixel * channels + c]! / counts[pixel]!));
          });
          dx[out + c] = math.flush(math.round(sum * activationSlope(math, code, x[out + c]!)));
        }
      });
    }
  },
});

interface PoolCase {
  readonly name: string;
  readonly image: readonly [batch: number, inH: number, inW: number, channels: number];
  readonly windows: readonly [outH: number, outW: number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pad?: readonly [number, number];
  readonly population?: number;
  readonly isShared?: boolean;
}

const cases: readonly PoolCase[] = [
  { name: 'one element', image: [1, 1, 1, 1], windows: [1, 1], kernel: [1, 1], stride: [1, 1] },
  { name: 'halves', image: [7, 4, 6, 8], windows: [2, 3], kernel: [2, 2], stride: [2, 2], population: 2 },
  { name: 'rest left over', image: [2, 5, 7, 3], windows: [2, 3], kernel: [2, 2], stride: [2, 2], isShared: true },
  // Windows that leave rows and columns between them.
  { name: 'stride beyond the window', image: [3, 7, 8, 4], windows: [2, 3], kernel: [1, 2], stride: [4, 3] },
  { name: 'overlapping', image: [2, 9, 7, 33], windows: [4, 3], kernel: [3, 3], stride: [2, 2], population: 2 },
  { name: 'same', image: [1, 6, 5, 5], windows: [3, 3], kernel: [3, 3], stride: [2, 2], pad: [0, 1] },
  {
    name: 'same, window larger than the image',
    image: [2, 3, 2, 12],
    windows: [3, 2],
    kernel: [5, 4],
    stride: [1, 1],
    pad: [2, 1],
    population: 2,
    isShared: true,
  },
  // Sums of more than 256 terms: elements of a window, and windows over an element.
  { name: 'whole image', image: [2, 19, 15, 3], windows: [1, 1], kernel: [19, 15], stride: [19, 15], population: 2 },
  { name: 'many windows', image: [1, 18, 17, 4], windows: [18, 17], kernel: [36, 33], stride: [1, 1], pad: [17, 16] },
];

export const poolCases: readonly KernelCase[] = /* @__PURE__ */ cases.flatMap(
  ({ name, image, windows, kernel, stride, pad = [0, 0], population = 1, isShared = false }): KernelCase[] => {
    const [batch, inH, inW, channels] = image;
    const [outH, outW] = windows;
    const inputs = batch * inH * inW * channels;
    const outputs = population * batch * outH * outW * channels;
    const params = {
      batch,
      inH,
      inW,
      channels,
      outH,
      outW,
      kernelH: kernel[0],
      kernelW: kernel[1],
      strideH: stride[0],
      strideW: stride[1],
      padTop: pad[0],
      padLeft: pad[1],
      population,
    };
    // Only the aligned ones have an activation, so that there are few pipelines.
    const constants = { ACTIVATION: activationCodes[channels % 4 === 0 ? 'relu' : 'linear'] };
    // Few distinct values, so that the first of several largest has to win.
    const x = { elements: population * inputs, fill: { kind: 'below', bound: 9 } } as const;
    const reals = (elements: number) => ({ elements, fill: { kind: 'normal', scale: 1 } }) as const;
    const out = { elements: outputs };
    const taps = { elements: outputs, fill: { kind: 'below', bound: kernel[0] * kernel[1] } } as const;
    const forward = { ...params, xStride: isShared ? 0 : inputs };
    const label = `${name}, ${image.join('x')}, population ${population}${isShared ? ', shared x' : ''}`;
    return [
      { kernel: maxPoolForward, name: label, params: forward, tensors: { x, y: out, choice: out } },
      {
        kernel: maxPoolBackward,
        name: label,
        params,
        tensors: { dy: reals(outputs), choice: taps, dx: { elements: x.elements } },
      },
      { kernel: averagePoolForward, name: label, params: forward, tensors: { x: reals(x.elements), y: out } },
      {
        kernel: averagePoolBackward,
        name: label,
        params,
        constants,
        tensors: { dy: reals(outputs), x: reals(x.elements), dx: { elements: x.elements } },
      },
    ];
  },
);

/** NaN and infinities; the first NaN of a window is chosen. */
export const unorderedPoolCase: KernelCase = {
  kernel: maxPoolForward,
  name: 'NaN and infinities',
  params: {
    batch: 1,
    inH: 2,
    inW: 6,
    channels: 4,
    outH: 1,
    outW: 3,
    kernelH: 2,
    kernelW: 2,
    strideH: 2,
    strideW: 2,
    padTop: 0,
    padLeft: 0,
    xStride: 48,
    population: 1,
  },
  tensors: {
    x: { elements: 48, fill: { kind: 'values', values: [NaN, 1, -Infinity, 0, -1, Infinity, -Infinity] } },
    y: { elements: 12 },
    choice: { elements: 12 },
  },
};
