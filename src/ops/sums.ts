/**
 * Sums over batches and arenas under the rule for sums. Long ones take one dispatch per level: each call adds chunks of 256, the next
 * one adds the chunk sums.
 */
import type { Arithmetic, FloatArray } from '../arithmetic/arithmetic.ts';
import { defineKernel, launchLinear, linearVariants, sumChunk } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { orderedSum } from './product.ts';
import { hyperColumn, hyperColumns, lossColumns } from './tables.ts';
import type { HyperColumn } from './tables.ts';

/**
 * metrics[r,p,c] = Σ over m of rows[r,p,m,c]: each batch's sum of losses, count of right answers and sum of the third column, for the
 * rows of all steps of a run.
 * rows [chunk rows, population, batch, 3] → metrics [chunk rows, population, 3]. Longest sum: batch terms.
 */
export const batchMetrics = defineKernel({
  name: 'batch_metrics',
  reads: { rows: 'f32' },
  writes: { metrics: 'f32' },
  params: { batch: 'u32', population: 'u32' },
  variants: linearVariants,
  oncePerRun: true,
  launch: (p, _, stepCount) => [p.population, stepCount, 1],
  longestSum: (p) => p.batch,
  twin({ rows, metrics }, { batch, population }, { math, step, stepCount }) {
    for (let i = (step.row + 1 - stepCount) * population; i < (step.row + 1) * population; i++) {
      for (let column = 0; column < lossColumns; column++) {
        metrics[i * lossColumns + column] = orderedSum(math, batch, (sum, m) =>
          math.round(sum + rows[(i * batch + m) * lossColumns + column]!),
        );
      }
    }
  },
});

/**
 * sums[p,j] = Σ over chunk j of w[p,i]², over the penalised i (weights, not biases). First level of the L2 penalty.
 * w [population, stride], penalised: one bit per element [stride/32] → sums [population, ceil(stride/256)].
 */
export const penaltySquares = defineKernel({
  name: 'penalty_squares',
  reads: { w: 'f32', penalised: 'u32' },
  writes: { sums: 'f32' },
  params: { count: 'u32', population: 'u32' },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(Math.ceil(p.count / sumChunk), p.population, tile),
  longestSum: (p) => Math.min(p.count, sumChunk),
  twin({ w, penalised, sums }, { count, population }, { math }) {
    sumChunks(sums, count, population, (sum, member, i) => {
      const value = w[member * count + i]!;
      return (penalised[i >>> 5]! >>> (i & 31)) & 1 ? math.mulAdd(value, value, sum) : sum;
    });
  },
});

/**
 * sums[p,j] = Σ over chunk j of (dw[p,i] + penalty·w[p,i])², the penalty only on weights. First level of the gradient's norm.
 * w, dw [population, count], count a multiple of four, hyper (see tables.ts) → sums [population, ceil(count/256)].
 */
export const gradientSquares = defineKernel({
  name: 'gradient_squares',
  reads: { dw: 'f32x4', w: 'f32x4', penalised: 'u32', hyper: 'f32' },
  writes: { sums: 'f32' },
  params: { count: 'u32', population: 'u32' },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(Math.ceil(p.count / sumChunk), p.population, tile),
  longestSum: (p) => Math.min(p.count, sumChunk),
  twin({ dw, w, penalised, hyper, sums }, { count, population }, { math, step }) {
    sumChunks(sums, count, population, (sum, member, i) => {
      const gradient = penalisedGradient(math, dw[member * count + i]!, w[member * count + i]!, penalised, i, () =>
        hyperAt(hyper, step.row, population, member, 'penalty'),
      );
      return math.mulAdd(gradient, gradient, sum);
    });
  },
});

/** sums[p,j] = Σ over chunk j of values[p,i]: one level of the rule. values [population, count] → sums [population, ceil(count/256)]. */
export const chunkSums = defineKernel({
  name: 'chunk_sums',
  reads: { values: 'f32' },
  writes: { sums: 'f32' },
  params: { count: 'u32', population: 'u32' },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(Math.ceil(p.count / sumChunk), p.population, tile),
  longestSum: (p) => Math.min(p.count, sumChunk),
  twin({ values, sums }, { count, population }, { math }) {
    sumChunks(sums, count, population, (sum, member, i) => math.round(sum + values[member * count + i]!));
  },
});

function sumChunks(
  sums: { [index: number]: number },
  count: number,
  population: number,
  add: (sum: number, member: number, index: number) => number,
): void {
  const chunks = Math.ceil(count / sumChunk);
  for (let member = 0; member < population; member++) {
    for (let chunk = 0; chunk < chunks; chunk++) {
      const end = Math.min((chunk + 1) * sumChunk, count);
      let sum = 0;
      for (let i = chunk * sumChunk; i < end; i++) sum = add(sum, member, i);
      sums[member * chunks + chunk] = sum;
    }
  }
}

/** One number of the chunk's table of hyper-parameters. */
export function hyperAt(
  hyper: FloatArray,
  row: number,
  population: number,
  member: number,
  column: HyperColumn,
): number {
  return hyper[(row * population + member) * hyperColumns.length + hyperColumn[column]]!;
}

/** Gradient with the L2 penalty, which falls on weights and not on biases. */
export function penalisedGradient(
  math: Arithmetic,
  gradient: number,
  weight: number,
  penalised: Uint32Array,
  index: number,
  penalty: () => number,
): number {
  return (penalised[index >>> 5]! >>> (index & 31)) & 1 ? math.mulAdd(penalty(), weight, gradient) : gradient;
}

/** The last count has batch_metrics reach the third level of the rule for sums. */
export const sumCases: readonly KernelCase[] = /* @__PURE__ */ [1, 4, 7, 33, 257, 260, 600, 65_793].flatMap(
  (count): KernelCase[] => {
    const population = 2;
    const w = { elements: population * count, fill: { kind: 'normal', scale: 1 } } as const;
    const sums = { elements: population * Math.ceil(count / sumChunk) };
    const penalised = { elements: Math.ceil(count / 32), fill: { kind: 'bits' } } as const;
    const hyper = { elements: 2 * population * hyperColumns.length, fill: { kind: 'normal', scale: 0.1 } } as const;
    const params = { count, population };
    const name = `${count}, population ${population}`;
    return [
      {
        kernel: batchMetrics,
        name,
        params: { batch: count, population },
        step: { row: 2 },
        stepCount: 2,
        tensors: {
          rows: { elements: 3 * population * count * lossColumns, fill: { kind: 'normal', scale: 1 } },
          metrics: { elements: 3 * population * lossColumns },
        },
      },
      { kernel: penaltySquares, name, params, tensors: { w, penalised, sums } },
      ...(count % 4 === 0
        ? [{ kernel: gradientSquares, name, params, step: { row: 1 }, tensors: { dw: w, w, penalised, hyper, sums } }]
        : []),
      { kernel: chunkSums, name, params, tensors: { values: w, sums } },
    ];
  },
);
