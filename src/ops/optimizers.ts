/**
 * Optimizer updates: one dispatch over the whole arena, in place. Names, defaults and places of the epsilons are PyTorch's
 * (torch.optim); numbers that change with the step come from the chunk's `hyper` table, computed on the host in float64.
 */
import type { FloatArray } from '../arithmetic/arithmetic.ts';
import { defineKernel, launchLinear } from './kernel.ts';
import type { Constants, KernelCase, TwinContext } from './kernel.ts';
import { hyperAt, penalisedGradient } from './sums.ts';
import { hyperColumn, hyperColumns, memberColumns } from './tables.ts';
import type { HyperColumn } from './tables.ts';

/**
 * Read by every update; `normSquares` [population] is the squared norm of the gradient, read only where CLIP is 1. `count` elements of a
 * member's arena are updated, `stride` lie from one member to the next; both are multiples of four.
 */
const shared = { dw: 'f32x4', hyper: 'f32', penalised: 'u32', members: 'u32', normSquares: 'f32' } as const;
const params = { count: 'u32', stride: 'u32', columns: 'u32', population: 'u32' } as const;

/** Each thread updates PARTS times four elements. */
const variants = { parts16: { WIDTH: 64, PARTS: 16 }, parts1: { WIDTH: 64, PARTS: 1 } } as const;
const launch = ({ count, population }: { count: number; population: number }, { PARTS = 1, ...tile }: Constants) =>
  launchLinear(Math.ceil(count / 4 / PARTS), population, tile);

interface Update {
  readonly index: number;
  /** Gradient with penalty, clipped. */
  readonly gradient: number;
  /** Weight after decoupled decay. */
  readonly weight: number;
  readonly hyper: (column: HyperColumn) => number;
}

interface SharedTensors {
  readonly w: FloatArray;
  readonly dw: FloatArray;
  readonly hyper: FloatArray;
  readonly penalised: Uint32Array;
  readonly members: Uint32Array;
  readonly normSquares: FloatArray;
}

/** Calls `update` for every element of every active member; assigns what it returns to the weight. */
function updateAll(
  tensors: SharedTensors,
  { count, stride, columns, population }: { count: number; stride: number; columns: number; population: number },
  { math, step, constants }: TwinContext,
  update: (arguments_: Update) => number,
): void {
  const { round } = math;
  for (let member = 0; member < population; member++) {
    if (tensors.members[member * columns + memberColumns.active] === 0) continue;
    const hyper = (column: HyperColumn) => hyperAt(tensors.hyper, step.row, population, member, column);
    const keep = hyper('keep');
    const penalty = hyper('penalty');
    let clip = 1;
    if (constants.CLIP === 1) {
      const norm = round(Math.sqrt(tensors.normSquares[member]!));
      const scale = round(hyper('clipNorm') / round(norm + (math.float === 'float32' ? Math.fround(1e-6) : 1e-6)));
      clip = scale < 1 ? scale : 1;
    }
    for (let i = 0; i < count; i++) {
      const index = member * stride + i;
      const weight = tensors.w[index]!;
      const gradient = penalisedGradient(math, tensors.dw[index]!, weight, tensors.penalised, i, () => penalty);
      tensors.w[index] = math.flush(
        update({ index, gradient: round(gradient * clip), weight: round(weight * keep), hyper }),
      );
    }
  }
}

/** w = keep·w - rate·g. w, dw [population, stride]. */
export const sgd = defineKernel({
  name: 'sgd',
  reads: shared,
  writes: { w: 'f32x4' },
  params,
  variants,
  launch,
  longestSum: () => 4,
  twin(tensors, p, context) {
    const { mulAdd } = context.math;
    updateAll(tensors, p, context, ({ gradient, weight, hyper }) => mulAdd(-hyper('rate'), gradient, weight));
  },
});

/**
 * b = decay1·b + g, w = keep·w - rate·b (PyTorch); RATE_INSIDE: b = decay1·b + rate·g, w = keep·w - b (docs/reports.md, 004).
 * NESTEROV: the step is g + decay1·b in the place of b (with the rate inside: rate·g + decay1·b). b starts at 0.
 */
export const momentum = defineKernel({
  name: 'momentum',
  reads: shared,
  writes: { w: 'f32x4', b: 'f32x4' },
  params,
  variants,
  launch,
  longestSum: () => 6,
  twin(tensors, p, context) {
    const { math, constants } = context;
    const { round, mulAdd } = math;
    const b = tensors.b;
    const inside = constants.RATE_INSIDE === 1;
    updateAll(tensors, p, context, ({ index, gradient, weight, hyper }) => {
      const push = inside ? round(hyper('rate') * gradient) : gradient;
      const velocity = math.flush(mulAdd(hyper('decay1'), b[index]!, push));
      b[index] = velocity;
      const step = constants.NESTEROV === 1 ? mulAdd(hyper('decay1'), velocity, push) : velocity;
      return inside ? round(weight - step) : mulAdd(-hyper('rate'), step, weight);
    });
  },
});

/** v = decay1·v + gain1·g², w = keep·w - rate·g/(sqrt(v) + epsilon). */
export const rmsprop = defineKernel({
  name: 'rmsprop',
  reads: shared,
  writes: { w: 'f32x4', v: 'f32x4' },
  params,
  variants,
  launch,
  longestSum: () => 6,
  twin(tensors, p, context) {
    const { math } = context;
    const { round, mulAdd } = math;
    const v = tensors.v;
    updateAll(tensors, p, context, ({ index, gradient, weight, hyper }) => {
      const squares = math.flush(
        mulAdd(hyper('decay1'), v[index]!, round(round(hyper('gain1') * gradient) * gradient)),
      );
      v[index] = squares;
      const scale = round(round(Math.sqrt(squares)) + hyper('epsilon'));
      return mulAdd(-hyper('rate'), round(gradient / scale), weight);
    });
  },
});

/**
 * m = decay1·m + gain1·g, v = decay2·v + gain2·g², w = keep·w - rate·m/(sqrt(v)/correction2 + epsilon),
 * with rate = learningRate/(1 - beta1^t) and correction2 = sqrt(1 - beta2^t) from the host (Kingma and Ba 2015).
 */
export const adam = defineKernel({
  name: 'adam',
  reads: shared,
  writes: { w: 'f32x4', m: 'f32x4', v: 'f32x4' },
  params,
  variants,
  launch,
  longestSum: () => 8,
  twin(tensors, p, context) {
    const { math } = context;
    const { round, mulAdd } = math;
    const { m, v } = tensors;
    updateAll(tensors, p, context, ({ index, gradient, weight, hyper }) => {
      const mean = math.flush(mulAdd(hyper('decay1'), m[index]!, round(hyper('gain1') * gradient)));
      const squares = math.flush(
        mulAdd(hyper('decay2'), v[index]!, round(round(hyper('gain2') * gradient) * gradient)),
      );
      m[index] = mean;
      v[index] = squares;
      const scale = round(round(round(Math.sqrt(squares)) / hyper('correction2')) + hyper('epsilon'));
      return mulAdd(-hyper('rate'), round(mean / scale), weight);
    });
  },
});

/** A plausible row of hyper-parameters, so that no case divides by a random number near zero. */
const hyperRow: Readonly<Record<HyperColumn, number>> = {
  rate: 0.01,
  penalty: 0.02,
  keep: 0.999,
  decay1: 0.9,
  gain1: 0.1,
  decay2: 0.999,
  gain2: 0.001,
  correction2: 0.0316,
  epsilon: 1e-8,
  clipNorm: 2.5,
};

/** Just above the least normal number: a tenth off and it is subnormal, which some adapters flush and others keep. */
const leastWeight = 1.2e-38;

const sizes = [
  { count: 4, decaying: false },
  { count: 8, decaying: false },
  { count: 260, decaying: false },
  { count: 600, decaying: false },
  // More than one workgroup, however much a thread does.
  { count: 9_220, decaying: false },
  { count: 36, decaying: true },
] as const;

export const optimizerCases: readonly KernelCase[] = /* @__PURE__ */ sizes.flatMap(
  ({ count, decaying }, index): KernelCase[] => {
    const population = 3;
    // In every third case something lies between the members that no update may touch.
    const stride = index % 3 === 1 ? count + 8 : count;
    const arena = { elements: population * stride, fill: { kind: 'normal', scale: 0.5 } } as const;
    const positive = { elements: population * stride, fill: { kind: 'positive', scale: 0.1 } } as const;
    const values = [...hyperColumns]
      .sort((a, b) => hyperColumn[a] - hyperColumn[b])
      .map((column) => Math.fround(decaying && column === 'keep' ? 0.9 : hyperRow[column]));
    const weights = {
      elements: population * stride,
      fill: { kind: 'values', values: [leastWeight, -leastWeight] },
    } as const;
    const tensors = {
      dw: decaying ? { elements: arena.elements } : arena,
      hyper: { elements: 2 * population * values.length, fill: { kind: 'values', values } },
      penalised: { elements: Math.ceil(stride / 32), fill: { kind: 'bits' } },
      members: { elements: 2 * population, fill: { kind: 'values', values: [1, 1, 2, 0, 3, 1] } },
      normSquares: { elements: population, fill: { kind: 'values', values: [9, 4, 0.25] } },
      w: decaying ? weights : arena,
    } as const;
    const base = { params: { count, stride, columns: 2, population }, step: { row: 1 } };
    const CLIP = index % 2;
    const name = `${count}${CLIP ? ', clipped' : ''}${decaying ? ', weights that decay to nothing' : ''}`;
    return [
      { kernel: sgd, name, ...base, constants: { CLIP }, tensors },
      ...[0, 1].flatMap((NESTEROV) =>
        [0, 1].map((RATE_INSIDE) => ({
          kernel: momentum,
          name: `${name}${NESTEROV ? ', nesterov' : ''}${RATE_INSIDE ? ', rate inside' : ''}`,
          ...base,
          constants: { CLIP, NESTEROV, RATE_INSIDE },
          tensors: { ...tensors, b: decaying ? { elements: arena.elements } : arena },
        })),
      ),
      { kernel: rmsprop, name, ...base, constants: { CLIP }, tensors: { ...tensors, v: positive } },
      {
        kernel: adam,
        name,
        ...base,
        constants: { CLIP },
        tensors: { ...tensors, m: decaying ? { elements: arena.elements } : arena, v: positive },
      },
    ];
  },
);
