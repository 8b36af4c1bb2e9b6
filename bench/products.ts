/**
 * Matrix products alone, by the kernels that dense layers use, in a plan of their own: no bias, no activation, one model. Each result is
 * checked as a whole before it is timed.
 */
import { CheckError } from '../src/errors.ts';
import { denseBackwardInput, denseBackwardWeight, denseForward } from '../src/ops/dense.ts';
import { promisingVariants } from '../src/gpu/variants.ts';
import { elementType } from '../src/ops/kernel.ts';
import type { Kernel, Params, Values } from '../src/ops/kernel.ts';
import type { Executor } from '../src/plan/executor.ts';
import type { Call, Executable, PlacedTensor, PlanBuffer } from '../src/plan/plan.ts';
import { createCpuExecutor } from '../src/cpu/executor.ts';
import { createGpuExecutor } from '../src/gpu/executor.ts';
import type { Device } from '../src/train/device.ts';
import { gigaflops, timeRepeats } from './measure.ts';
import { leftElement, rightElement } from './protocol.ts';
import type { ProductSize } from './protocol.ts';
import type { Spread } from './statistics.ts';

/** A product as a call of one kernel: `left` and `right` are the bindings that hold a and b, `y` the one that is written. */
interface ProductCall {
  readonly kernel: Kernel;
  readonly params: Params;
  readonly left: string;
  readonly right: string;
  readonly y: string;
  /** Elements of every binding. */
  readonly elements: Readonly<Record<string, number>>;
}

function productCall({ kind, m, n, k }: ProductSize): ProductCall {
  const common = { population: 1 };
  switch (kind) {
    case 'forward':
      return {
        kernel: denseForward,
        params: { ...common, batch: m, inSize: k, outSize: n, xStride: 0, wStride: (k + 1) * n },
        left: 'x',
        right: 'w',
        y: 'y',
        // The row after b is the bias: zero.
        elements: { x: m * k, w: (k + 1) * n, y: m * n },
      };
    case 'input':
      return {
        kernel: denseBackwardInput,
        params: { ...common, batch: m, inSize: n, outSize: k, wStride: (n + 1) * k },
        left: 'dy',
        right: 'w',
        y: 'dx',
        elements: { dy: m * k, w: (n + 1) * k, dx: m * n },
      };
    case 'weight':
      return {
        kernel: denseBackwardWeight,
        params: { ...common, batch: k, inSize: m, outSize: n, xStride: 0, wStride: (m + 1) * n },
        left: 'x',
        right: 'dy',
        y: 'dw',
        // The row after y is the gradient of the bias.
        elements: { x: k * m, dy: k * n, dw: (m + 1) * n },
      };
  }
  return kind satisfies never;
}

const chunkRows = 64;
const steps = Array.from({ length: chunkRows }, () => ({ step: 0, row: 0, validRows: 0xffff_ffff }));

function productExecutable({ kernel, params, elements }: ProductCall): Executable {
  const bindings = Object.entries({ ...kernel.reads, ...kernel.writes });
  const buffers: PlanBuffer[] = bindings.map(([name, type]) => {
    const count = elements[name];
    if (count === undefined) throw new Error(`${kernel.name}: no size for ${name}`);
    return { name, dtype: elementType(type), elements: count, kind: 'table', readBack: false };
  });
  const tensors: Record<string, PlacedTensor> = Object.fromEntries(
    buffers.map(({ name, elements: count }) => [
      name,
      { name, shape: [count], buffer: name, elementOffset: 0, elements: count },
    ]),
  );
  // The shaders' own default is the linear activation.
  const call: Call = { kernel, layer: 'product', tensors, params, constants: {} };
  return { buffers, chunkRows, programs: { product: [call] } };
}

export interface ProductFigure {
  readonly shape: ProductSize;
  /** Launch variant; `CPU twin` on the CPU path. */
  readonly variant: string;
  readonly ms: Spread;
  readonly gflops: number;
}

/** Times a product on every launch variant. Throws CheckError naming the variant whose result is wrong. */
export async function measureProduct(device: Device, shape: ProductSize, rounds: number): Promise<ProductFigure[]> {
  const { kernel } = productCall(shape);
  const variants = device.kind === 'gpu' ? promisingVariants(device, kernel) : ['CPU twin'];
  const figures: ProductFigure[] = [];
  for (const variant of variants) figures.push(await measureVariant(device, shape, variant, rounds));
  return figures;
}

async function measureVariant(
  device: Device,
  shape: ProductSize,
  variant: string,
  rounds: number,
): Promise<ProductFigure> {
  const call = productCall(shape);
  using executor = await openProduct(device, call, variant);
  executor.run('product', { steps: steps.slice(0, 1) });
  const y = await executor.read(call.y, 0, shape.m * shape.n);
  if (!isProduct(shape, y)) {
    const { kind, m, n, k } = shape;
    throw new CheckError(`${call.kernel.name} is wrong on ${device.name}: ${kind} ${m}x${n}x${k}, variant ${variant}.`);
  }
  const ms = await timeRepeats(executor, { program: 'product', firstCall: 0, steps, waitFor: call.y }, rounds);
  return { shape, variant, ms, gflops: gigaflops(multiplyAdds(shape), ms.median) };
}

/** As a side of the comparison answers it, with the variant that the executor takes by itself. */
export async function timeProduct(
  device: Device,
  shape: ProductSize,
  repeats: number,
): Promise<{ readonly ms: number; readonly y: Values }> {
  const call = productCall(shape);
  using executor = await openProduct(device, call);
  const run = async (count: number): Promise<Values> => {
    for (let done = 0; done < count; done += chunkRows) {
      executor.run('product', { steps: steps.slice(0, count - done) });
    }
    return executor.read(call.y, 0, 1);
  };
  await run(3);
  const started = performance.now();
  await run(repeats);
  const ms = (performance.now() - started) / repeats;
  return { ms, y: await executor.read(call.y, 0, shape.m * shape.n) };
}

async function openProduct(device: Device, call: ProductCall, variant?: string): Promise<Executor> {
  const executable = productExecutable(call);
  const executor =
    device.kind === 'cpu'
      ? createCpuExecutor(executable)
      : await createGpuExecutor(device, executable, variant === undefined ? undefined : () => variant);
  const write = (binding: string, count: number, element: (index: number) => number): void =>
    executor.write(
      binding,
      Float32Array.from({ length: count }, (_, index) => element(index)),
    );
  const { params, kernel } = call;
  const { batch = 0, inSize = 0, outSize = 0 } = params;
  // The last row of w stays 0.
  const rightCount = kernel === denseBackwardWeight ? batch * outSize : inSize * outSize;
  write(call.left, call.elements[call.left] ?? 0, leftElement);
  write(call.right, rightCount, rightElement);
  return executor;
}

export function multiplyAdds({ m, n, k }: ProductSize): number {
  return m * n * k;
}

/**
 * Whether y [m,n] is a times b, every element of it: y·r = a·(b·r) for a vector r of whole numbers (R. Freivalds, "Probabilistic machines
 * can use less running time", 1977). The sides are multiples of 1/64, so every sum here is exact in float64 and equality is meant.
 */
export function isProduct({ kind, m, n, k }: ProductSize, y: ArrayLike<number>): boolean {
  const a = (row: number, at: number): number => leftElement(kind === 'weight' ? at * m + row : row * k + at);
  const b = (at: number, col: number): number => rightElement(kind === 'input' ? col * k + at : at * n + col);
  const r = (col: number): number => ((col * 7919) % 1009) + 1;
  const right = Float64Array.from({ length: k }, (_, at) => sum(n, (col) => b(at, col) * r(col)));
  for (let row = 0; row < m; row++) {
    const wanted = sum(k, (at) => a(row, at) * (right[at] ?? 0));
    const came = sum(n, (col) => (y[row * n + col] ?? 0) * r(col));
    if (wanted !== came) return false;
  }
  return true;
}

/** Element `index` of y [m,n], exact. */
export function productElement({ kind, m, n, k }: ProductSize, index: number): number {
  const row = Math.floor(index / n);
  const col = index % n;
  return sum(
    k,
    (at) =>
      leftElement(kind === 'weight' ? at * m + row : row * k + at) *
      rightElement(kind === 'input' ? col * k + at : at * n + col),
  );
}

function sum(count: number, term: (index: number) => number): number {
  let total = 0;
  for (let index = 0; index < count; index++) total += term(index);
  return total;
}
