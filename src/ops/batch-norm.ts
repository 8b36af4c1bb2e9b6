/**
 * Batch normalisation over [rows, channels], where rows are batch·positions: statistics of a batch, forward pass and gradients. Each chunk
 * of 256 rows gives its sum and its squared distances to its own mean, which cancel nowhere; the chunks are then combined.
 */
import type { Arithmetic } from '../arithmetic/arithmetic.ts';
import { activate, activationCodes, activationSlope } from './activation.ts';
import { defineKernel, launchLinear, sumChunk } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { columnVariants, launchQuads, quadVariants, quadWords } from './quads.ts';
import { memberColumns } from './tables.ts';

const chunksOf = (rows: number): number => Math.ceil(rows / sumChunk);

/**
 * sums[p,j,0,c] = Σ over the rows r of chunk j of x[p,r,c]; sums[p,j,1,c] = Σ (x[p,r,c] - mean of the chunk)².
 * x [population or 1, rows, channels] → sums [population, ceil(rows/256), 2, channels]. xStride: 0 where all members share x.
 */
export const batchNormChunks = defineKernel({
  name: 'batch_norm_chunks',
  reads: { x: 'f32x4' },
  writes: { sums: 'f32' },
  params: { rows: 'u32', channels: 'u32', xStride: 'u32', population: 'u32' },
  variants: columnVariants,
  specialise: (p) => quadWords(p.channels, p.xStride),
  launch: (p, { WIDTH = 64 }) => launchQuads(chunksOf(p.rows), p.channels, p.population, { WIDTH }),
  longestSum: (p) => Math.min(p.rows, sumChunk),
  twin({ x, sums }, { rows, channels, xStride, population }, { math }) {
    const { round } = math;
    const sum = math.array(channels);
    const squares = math.array(channels);
    for (let member = 0; member < population; member++) {
      for (let chunk = 0; chunk < chunksOf(rows); chunk++) {
        const first = chunk * sumChunk;
        const end = Math.min(first + sumChunk, rows);
        sum.fill(0);
        squares.fill(0);
        for (let row = first; row < end; row++) {
          const start = member * xStride + row * channels;
          for (let c = 0; c < channels; c++) sum[c] = round(sum[c]! + x[start + c]!);
        }
        const out = (member * chunksOf(rows) + chunk) * 2 * channels;
        sums.set(sum, out);
        for (let c = 0; c < channels; c++) sum[c] = round(sum[c]! / (end - first));
        for (let row = first; row < end; row++) {
          const start = member * xStride + row * channels;
          for (let c = 0; c < channels; c++) {
            const distance = round(x[start + c]! - sum[c]!);
            squares[c] = math.mulAdd(distance, distance, squares[c]!);
          }
        }
        sums.set(squares, out + channels);
      }
    }
  },
});

/** The later levels of the rule for sums: chunk sums in index order, in chunks of 256. */
function addChunkSums(math: Arithmetic, chunks: number, term: (part: number, chunk: number) => number): number {
  let sum = 0;
  for (let chunk = 0; chunk < chunks;) {
    const end = Math.min(chunk + sumChunk, chunks);
    let part = 0;
    for (; chunk < end; chunk++) part = term(part, chunk);
    sum = math.round(sum + part);
  }
  return sum;
}

/**
 * statistics[p,0,c] = mean; statistics[p,1,c] = 1/sqrt(variance + epsilon), where the variance is Σ (x - mean)² / rows;
 * running += momentum·(batch - running) for mean and variance, in place and only while the member is trained. The running variance takes
 * Σ (x - mean)² / (rows - 1), as torch.nn.BatchNorm2d; so a batch has at least two rows.
 * Σ (x - mean)² = Σ over chunks of (squares of the chunk + rows of the chunk·(its mean - mean)²).
 * Source: T. Chan, G. Golub, R. LeVeque, Algorithms for computing the sample variance (1983), eq. 2.1.
 * sums [population, ceil(rows/256), 2, channels], members (see tables.ts) → statistics [population, 2, channels], running [population, 2,
 * channels] with runningStride elements from one member to the next. Longest sum: rows terms.
 */
export const batchNormStatistics = defineKernel({
  name: 'batch_norm_statistics',
  reads: { sums: 'f32x4', members: 'u32' },
  writes: { statistics: 'f32', running: 'f32' },
  params: {
    rows: 'u32',
    channels: 'u32',
    columns: 'u32',
    runningStride: 'u32',
    momentum: 'f32',
    epsilon: 'f32',
    population: 'u32',
  },
  variants: columnVariants,
  specialise: (p) => quadWords(p.channels),
  launch: (p, { WIDTH = 64 }) => launchQuads(1, p.channels, p.population, { WIDTH }),
  longestSum: (p) => p.rows,
  twin(
    { sums, members, statistics, running },
    { rows, channels, columns, runningStride, momentum, epsilon, population },
    { math },
  ) {
    const { round } = math;
    const chunks = chunksOf(rows);
    for (let member = 0; member < population; member++) {
      const isActive = members[member * columns + memberColumns.active] === 1;
      for (let c = 0; c < channels; c++) {
        const at = (chunk: number) => (member * chunks + chunk) * 2 * channels + c;
        const sum = addChunkSums(math, chunks, (part, chunk) => round(part + sums[at(chunk)]!));
        const mean = round(sum / rows);
        const squares = addChunkSums(math, chunks, (part, chunk) => {
          const count = Math.min(sumChunk, rows - chunk * sumChunk);
          const distance = round(round(sums[at(chunk)]! / count) - mean);
          return round(part + math.mulAdd(round(count * distance), distance, sums[at(chunk) + channels]!));
        });
        const out = member * 2 * channels + c;
        statistics[out] = mean;
        statistics[out + channels] = inverseDeviation(math, round(squares / rows), epsilon);
        if (!isActive) continue;
        const move = (index: number, value: number) => {
          const old = running[index]!;
          running[index] = math.flush(math.mulAdd(momentum, round(value - old), old));
        };
        move(member * runningStride + c, mean);
        move(member * runningStride + channels + c, round(squares / (rows - 1)));
      }
    }
  },
});

/** 1/sqrt(variance + epsilon) */
export function inverseDeviation({ round }: Arithmetic, variance: number, epsilon: number): number {
  return round(1 / round(Math.sqrt(round(variance + epsilon))));
}

/**
 * y[p,r,c] = activation((x[p,r,c] - mean[p,c])·inverse[p,c]·w[p,0,c] + w[p,1,c]); w holds scales, then shifts.
 * RUNNING: statistics are the running ones, which hold the variance, and inverse = 1/sqrt(variance + epsilon).
 * x [population or 1, rows, channels], statistics [population, 2, channels], w [population, 2, channels] → y [population, rows, channels].
 */
export const batchNormForward = defineKernel({
  name: 'batch_norm_forward',
  reads: { x: 'f32x4', statistics: 'f32x4', w: 'f32x4' },
  writes: { y: 'f32' },
  params: {
    rows: 'u32',
    channels: 'u32',
    xStride: 'u32',
    statisticsStride: 'u32',
    wStride: 'u32',
    epsilon: 'f32',
    population: 'u32',
  },
  variants: quadVariants,
  specialise: (p) => quadWords(p.channels, p.xStride, p.statisticsStride, p.wStride),
  launch: (p, tile) => launchQuads(p.rows, p.channels, p.population, tile),
  longestSum: () => 2,
  twin(
    { x, statistics, w, y },
    { rows, channels, xStride, statisticsStride, wStride, epsilon, population },
    { math, constants },
  ) {
    const { round } = math;
    const { ACTIVATION: code = 0, RUNNING: isRunning = 0 } = constants;
    for (let member = 0; member < population; member++) {
      const block = member * statisticsStride;
      const mean = statistics.subarray(block, block + channels);
      const inverse = Array.from(statistics.subarray(block + channels, block + 2 * channels), (value) =>
        isRunning === 1 ? inverseDeviation(math, value, epsilon) : value,
      );
      const scale = w.subarray(member * wStride, member * wStride + channels);
      const shift = w.subarray(member * wStride + channels, member * wStride + 2 * channels);
      for (let row = 0; row < rows; row++) {
        const from = member * xStride + row * channels;
        const start = (member * rows + row) * channels;
        for (let c = 0; c < channels; c++) {
          const normal = round(round(x[from + c]! - mean[c]!) * inverse[c]!);
          y[start + c] = activate(math, code, math.mulAdd(normal, scale[c]!, shift[c]!));
        }
      }
    }
  },
});

/**
 * sums[p,j,0,c] = Σ over the rows r of chunk j of dy[p,r,c]·normal[p,r,c]; sums[p,j,1,c] = Σ dy[p,r,c]; normal = (x - mean)·inverse.
 * The first level of the gradients of scale and shift, of batch and layer normalisation (PER_ROW: mean and inverse are a row's). Where one
 * chunk holds all rows these are the gradients, and sums is their block.
 * dy [population, rows, channels], x [population or 1, rows, channels], statistics [population, 2, channels], PER_ROW [population,
 * rows, 2] → sums [population, ceil(rows/256), 2, channels] with sumsStride elements from one member to the next.
 */
export const normGradientSums = defineKernel({
  name: 'norm_gradient_sums',
  reads: { dy: 'f32x4', x: 'f32x4', statistics: 'f32x4' },
  writes: { sums: 'f32' },
  params: { rows: 'u32', channels: 'u32', xStride: 'u32', sumsStride: 'u32', population: 'u32' },
  variants: columnVariants,
  specialise: (p) => quadWords(p.channels, p.xStride),
  launch: (p, { WIDTH = 64 }) => launchQuads(chunksOf(p.rows), p.channels, p.population, { WIDTH }),
  longestSum: (p) => Math.min(p.rows, sumChunk),
  twin(
    { dy, x, statistics, sums },
    { rows, channels, xStride, sumsStride, population },
    { math, constants: { PER_ROW: perRow = 0 } },
  ) {
    const { round } = math;
    const finish = rows <= sumChunk ? math.flush : (sum: number) => sum;
    const scale = math.array(channels);
    const shift = math.array(channels);
    for (let member = 0; member < population; member++) {
      for (let chunk = 0; chunk < chunksOf(rows); chunk++) {
        scale.fill(0);
        shift.fill(0);
        for (let row = chunk * sumChunk; row < Math.min((chunk + 1) * sumChunk, rows); row++) {
          const from = member * xStride + row * channels;
          const start = (member * rows + row) * channels;
          for (let c = 0; c < channels; c++) {
            const mean = perRow === 1 ? (member * rows + row) * 2 : member * 2 * channels + c;
            const inverse = mean + (perRow === 1 ? 1 : channels);
            const normal = round(round(x[from + c]! - statistics[mean]!) * statistics[inverse]!);
            scale[c] = math.mulAdd(dy[start + c]!, normal, scale[c]!);
            shift[c] = round(shift[c]! + dy[start + c]!);
          }
        }
        const out = member * sumsStride + chunk * 2 * channels;
        sums.set(scale.map(finish), out);
        sums.set(shift.map(finish), out + channels);
      }
    }
  },
});

/**
 * dw[p,i] = Σ over chunks j of sums[p,j,i]: the later levels of the gradients of scale and shift.
 * sums [population, chunks, cols] → dw [population, cols] with wStride elements from one member to the next, assigned.
 */
export const normGradients = defineKernel({
  name: 'norm_gradients',
  reads: { sums: 'f32x4' },
  writes: { dw: 'f32' },
  params: { chunks: 'u32', cols: 'u32', wStride: 'u32', population: 'u32' },
  variants: columnVariants,
  specialise: (p) => quadWords(p.cols),
  launch: (p, { WIDTH = 64 }) => launchLinear(Math.ceil(p.cols / 4), p.population, { WIDTH }),
  longestSum: (p) => p.chunks,
  twin({ sums, dw }, { chunks, cols, wStride, population }, { math }) {
    for (let member = 0; member < population; member++) {
      for (let i = 0; i < cols; i++) {
        const at = (chunk: number) => (member * chunks + chunk) * cols + i;
        dw[member * wStride + i] = math.flush(
          addChunkSums(math, chunks, (part, chunk) => math.round(part + sums[at(chunk)]!)),
        );
      }
    }
  },
});

/**
 * dx[p,r,c] = w[p,0,c]·inverse[p,c]·(dy[p,r,c] - dw[p,1,c]/rows - normal[p,r,c]·dw[p,0,c]/rows)·slope(x[p,r,c])
 * where dw holds the gradients of scale and shift, which are Σ dy·normal and Σ dy.
 * Source: S. Ioffe, C. Szegedy, Batch normalization (2015), section 3, brought together. ACTIVATION names the activation that made x.
 * dy, x [population, rows, channels], statistics [population, 2, channels], w, dw [population, 2, channels] → dx like x.
 */
export const batchNormBackwardInput = defineKernel({
  name: 'batch_norm_backward_input',
  reads: { dy: 'f32x4', x: 'f32x4', statistics: 'f32x4', w: 'f32x4', dw: 'f32x4' },
  writes: { dx: 'f32' },
  params: { rows: 'u32', channels: 'u32', wStride: 'u32', population: 'u32' },
  variants: quadVariants,
  specialise: (p) => quadWords(p.channels, p.wStride),
  launch: (p, tile) => launchQuads(p.rows, p.channels, p.population, tile),
  longestSum: () => 4,
  twin(
    { dy, x, statistics, w, dw, dx },
    { rows, channels, wStride, population },
    { math, constants: { ACTIVATION: code = 0 } },
  ) {
    const { round } = math;
    for (let member = 0; member < population; member++) {
      for (let c = 0; c < channels; c++) {
        const mean = statistics[member * 2 * channels + c]!;
        const inverse = statistics[(member * 2 + 1) * channels + c]!;
        const factor = round(w[member * wStride + c]! * inverse);
        const gradientMean = round(dw[member * wStride + channels + c]! / rows);
        const productMean = round(dw[member * wStride + c]! / rows);
        for (let row = 0; row < rows; row++) {
          const i = (member * rows + row) * channels + c;
          const normal = round(round(x[i]! - mean) * inverse);
          const centred = math.mulAdd(-normal, productMean, round(dy[i]! - gradientMean));
          dx[i] = math.flush(round(round(factor * centred) * activationSlope(math, code, x[i]!)));
        }
      }
    }
  },
});

// Compiling is what cases cost: aligned ones share pipelines, and so do those that are not; only the aligned ones have an activation.
const shapes: readonly (readonly [rows: number, channels: number, population: number])[] = [
  [2, 1, 1],
  [7, 3, 2],
  [33, 5, 1],
  [256, 33, 2],
  [257, 8, 2],
  [600, 64, 1],
  // The third level of the rule for sums.
  [65_793, 1, 1],
  [65_793, 4, 1],
];

/** Rows of `members`. */
const activeMember = [7, 1, ...Array<number>(memberColumns.first - 2).fill(0)];
const frozenMember = [8, 0, ...Array<number>(memberColumns.first - 2).fill(0)];

export const batchNormCases: readonly KernelCase[] = /* @__PURE__ */ shapes.flatMap(
  ([rows, channels, population], index): KernelCase[] => {
    const words = channels % 4 === 0;
    const constants = { ACTIVATION: activationCodes[words ? 'relu' : 'linear'] };
    const isShared = index % 2 === 1;
    const chunks = chunksOf(rows);
    const wStride = Math.ceil((2 * channels) / 64) * 64;
    const xStride = isShared ? 0 : rows * channels;
    const normal = (elements: number, scale = 1) => ({ elements, fill: { kind: 'normal', scale } }) as const;
    const positive = (elements: number) => ({ elements, fill: { kind: 'positive', scale: 1 } }) as const;
    const x = normal(population * rows * channels);
    const w = normal(population * wStride);
    const sums = positive(population * chunks * 2 * channels);
    const statistics = positive(population * 2 * channels);
    const running = positive(population * wStride);
    const sizes = { rows, channels, population };
    const name = `${rows}x${channels}, population ${population}`;
    const shared = isShared ? ', shared x' : '';
    const epsilon = Math.fround(1e-5);
    return [
      { kernel: batchNormChunks, name: `${name}${shared}`, params: { ...sizes, xStride }, tensors: { x, sums } },
      {
        kernel: batchNormStatistics,
        name: `${name}${population === 2 ? ', the second member frozen' : ''}`,
        params: {
          ...sizes,
          columns: memberColumns.first,
          runningStride: wStride,
          momentum: Math.fround(0.1),
          epsilon,
        },
        tensors: {
          sums,
          members: {
            elements: population * memberColumns.first,
            fill: { kind: 'values', values: [...activeMember, ...frozenMember] },
          },
          statistics,
          running,
        },
      },
      ...(rows === 33 || rows === 257 ? [0, 1] : [0]).map((isRunning) => ({
        kernel: batchNormForward,
        name: `${name}${shared}${isRunning === 1 ? ', running statistics' : ''}`,
        params: { ...sizes, xStride, statisticsStride: isRunning === 1 ? wStride : 2 * channels, wStride, epsilon },
        constants: { ...constants, RUNNING: isRunning },
        tensors: { x, statistics: isRunning === 1 ? running : statistics, w, y: x },
      })),
      ...(rows === 33 || rows === 257 ? [0, 1] : [0]).map((perRow) => ({
        kernel: normGradientSums,
        name: `${name}${shared}${perRow === 1 ? ', statistics of rows' : ''}`,
        params: { ...sizes, xStride, sumsStride: chunks === 1 ? wStride : chunks * 2 * channels },
        constants: { PER_ROW: perRow },
        tensors: {
          dy: x,
          x,
          statistics: perRow === 1 ? positive(population * rows * 2) : statistics,
          sums: normal(population * (chunks === 1 ? wStride : chunks * 2 * channels)),
        },
      })),
      {
        kernel: normGradients,
        name,
        params: { chunks, cols: 2 * channels, wStride, population },
        tensors: { sums, dw: w },
      },
      {
        kernel: batchNormBackwardInput,
        name,
        params: { ...sizes, wStride },
        constants,
        tensors: { dy: x, x, statistics, w, dw: w, dx: x },
      },
    ];
  },
);
