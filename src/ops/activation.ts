/**
 * Activations and their slopes. Slopes are taken from the output, so that the input need not be kept; only gelu, whose output does
 * not determine it, keeps its input and runs as a kernel of its own instead of an epilogue of the product.
 */
import type { Arithmetic } from '../arithmetic/arithmetic.ts';
import type { ActivationName } from '../recipe/schema.ts';
import { defineKernel, launchLinear } from './kernel.ts';
import type { Constants, KernelCase } from './kernel.ts';
import { quadVariants } from './quads.ts';

/** Codes of the constant ACTIVATION, the same in `shaders/lib/activation.wgsl`. */
export const activationCodes: Readonly<Record<ActivationName, number>> = {
  linear: 0,
  relu: 1,
  leakyRelu: 2,
  sigmoid: 3,
  tanh: 4,
  gelu: 5,
};
const leak = Math.fround(0.01);
const inverseSqrt2 = Math.fround(Math.SQRT1_2);
const normalDensityAt0 = Math.fround(1 / Math.sqrt(2 * Math.PI));

/** activation(z) for a code. gelu is z·Φ(z) with the exact normal distribution function, as torch's default. */
export function activate(math: Arithmetic, code: number, z: number): number {
  const { round } = math;
  switch (code) {
    case 1:
      return z < 0 ? 0 : z;
    case 2:
      return z < 0 ? round((math.float === 'float32' ? leak : 0.01) * z) : z;
    case 3:
      return math.sigmoid(z);
    case 4:
      return math.tanh(z);
    case 5:
      return round(z * normalDistribution(math, z));
    default:
      return z;
  }
}

/** d activation / dz; `y` is the output; for gelu the input. relu has slope 0 at 0. */
export function activationSlope(math: Arithmetic, code: number, y: number): number {
  const { round } = math;
  switch (code) {
    case 1:
      return y > 0 ? 1 : 0;
    case 2:
      return y > 0 ? 1 : math.float === 'float32' ? leak : 0.01;
    case 3:
      return round(y * round(1 - y));
    case 4:
      return math.mulAdd(-y, y, 1);
    case 5: {
      const density = round(
        (math.float === 'float32' ? normalDensityAt0 : 1 / Math.sqrt(2 * Math.PI)) *
          math.exp(round(round(-0.5 * y) * y)),
      );
      return math.mulAdd(y, density, normalDistribution(math, y));
    }
    default:
      return 1;
  }
}

function normalDistribution(math: Arithmetic, z: number): number {
  const scaled = math.round(-z * (math.float === 'float32' ? inverseSqrt2 : Math.SQRT1_2));
  return math.round(0.5 * math.erfc(scaled));
}

const launchQuads = ({ count }: { count: number }, { ROWS = 1, WIDTH = 64 }: Constants) =>
  launchLinear(Math.ceil(count / 4 / ROWS), 1, { WIDTH });

/** y[i] = activation(x[i]). x, y [count]; what fills up the last four elements is written too. */
export const activationForward = defineKernel({
  name: 'activation_forward',
  reads: { x: 'f32x4' },
  writes: { y: 'f32x4' },
  params: { count: 'u32' },
  variants: quadVariants,
  launch: launchQuads,
  longestSum: () => 1,
  twin({ x, y }, { count }, { math, constants }) {
    const code = constants.ACTIVATION ?? 0;
    for (let i = 0; i < count; i++) y[i] = activate(math, code, x[i]!);
  },
});

/**
 * dx[i] = dy[i] · slope(dx[i]): in place of the activation's output, for gelu of its input. dy, dx [count]; what fills up the last four
 * elements is written too.
 */
export const activationBackward = defineKernel({
  name: 'activation_backward',
  reads: { dy: 'f32x4' },
  writes: { dx: 'f32x4' },
  params: { count: 'u32' },
  variants: quadVariants,
  launch: launchQuads,
  longestSum: () => 1,
  twin({ dy, dx }, { count }, { math, constants }) {
    const code = constants.ACTIVATION ?? 0;
    for (let i = 0; i < count; i++) dx[i] = math.flush(math.round(dy[i]! * activationSlope(math, code, dx[i]!)));
  },
});

export const activationCases: readonly KernelCase[] = /* @__PURE__ */ Object.entries(activationCodes).flatMap(
  ([name, code]) =>
    [1, 7, 257, 600].flatMap((count): KernelCase[] => {
      const wide = { elements: count, fill: { kind: 'normal', scale: 3 } } as const;
      const y = name === 'gelu' ? wide : ({ elements: count, fill: { kind: 'normal', scale: 0.5 } } as const);
      return [
        {
          kernel: activationForward,
          name: `${name}, ${count}`,
          params: { count },
          constants: { ACTIVATION: code },
          tensors: { x: wide, y: { elements: count } },
        },
        {
          kernel: activationBackward,
          name: `${name}, ${count}`,
          params: { count },
          constants: { ACTIVATION: code },
          tensors: { dy: wide, dx: y },
        },
      ];
    }),
);
