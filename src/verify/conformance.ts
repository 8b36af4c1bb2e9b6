/**
 * The conformance suite: every kernel, on every launch variant, on every case of its op, CPU against GPU. A library function, so that the
 * tests, `descent verify --kernels` and a page can call it.
 */
import { createCpuExecutor } from '../cpu/executor.ts';
import { InterruptedError } from '../errors.ts';
import type { GpuDevice } from '../gpu/device.ts';
import { createGpuExecutor } from '../gpu/executor.ts';
import { availableVariants } from '../gpu/variants.ts';
import { ops } from '../ops/index.ts';
import { elementType } from '../ops/kernel.ts';
import type { Fill, KernelCase, ShaderBinding, StepScalars, Values } from '../ops/kernel.ts';
import type { Executor } from '../plan/executor.ts';
import type { Executable, PlanBuffer } from '../plan/plan.ts';
import { drawBits, normals } from '../random/draws.ts';
import { twinArithmetic } from '../train/device.ts';
import { compareValues, mergeComparisons, ulpBound } from './compare.ts';
import type { Comparison } from './compare.ts';

export interface ConformanceRow extends Comparison {
  readonly variant: string;
}

const defaultStep: StepScalars = { step: 0, row: 0, validRows: 0xffff_ffff };

export interface ConformanceOptions {
  /** Default: those of all ops. */
  readonly cases?: readonly KernelCase[];
  /** Told each row as it is done, `done` of `count`: on a software adapter, which compiles for a second per shader, all take minutes. */
  readonly onRow?: (row: ConformanceRow, done: number, count: number) => void;
  /** Once aborted, the suite ends after the row in work with InterruptedError. */
  readonly signal?: AbortSignal;
}

/** Runs the suite; one row per kernel and launch variant that the adapter can run, by the kernels' names. */
export async function runConformance(
  gpu: GpuDevice,
  options: ConformanceOptions = {},
): Promise<readonly ConformanceRow[]> {
  const { cases = ops.flatMap((op) => op.cases), onRow, signal } = options;
  const suite = [...new Set(cases.map(({ kernel }) => kernel))].map((kernel) => ({
    own: new Map([...cases.entries()].filter(([, one]) => one.kernel === kernel)),
    variants: availableVariants(gpu, kernel),
  }));
  const count = suite.reduce((sum, { variants }) => sum + variants.length, 0);
  const rows: ConformanceRow[] = [];
  for (const { own, variants } of suite) {
    const executable = caseExecutable(own);
    using cpu = createCpuExecutor(executable, twinArithmetic(gpu));
    const inputs = new Map(Array.from(own, ([index, one]) => [index, caseInputs(one, index)]));
    const runCase = (executor: Executor, index: number, one: KernelCase): void => {
      for (const [binding, data] of Object.entries(inputs.get(index) ?? {})) {
        executor.write(bufferName(index, binding), data);
      }
      executor.run(String(index), { steps: stepsOf(one) });
    };
    for (const [index, one] of own) runCase(cpu, index, one);
    for (const variant of variants) {
      if (signal?.aborted === true) throw new InterruptedError(rows.length);
      using executor = await createGpuExecutor(gpu, executable, () => variant);
      const comparisons: Comparison[] = [];
      for (const [index, one] of own) {
        runCase(executor, index, one);
        comparisons.push(...(await compareCase(cpu, executor, index, one, gpu.arithmetic.exact)));
      }
      const row = { ...mergeComparisons(comparisons), variant };
      rows.push(row);
      onRow?.(row, rows.length, count);
    }
  }
  return rows.sort((a, b) => a.name.localeCompare(b.name));
}

async function compareCase(
  cpu: Executor,
  gpu: Executor,
  index: number,
  { kernel, name, params }: KernelCase,
  exact: boolean,
): Promise<Comparison[]> {
  const bound = ulpBound(kernel.longestSum(params), exact);
  const comparisons: Comparison[] = [];
  for (const binding of Object.keys(kernel.writes)) {
    const buffer = bufferName(index, binding);
    const [expected, got] = [await cpu.read(buffer), await gpu.read(buffer)];
    comparisons.push(compareValues(kernel.name, binding, name, expected, got, bound));
  }
  return comparisons;
}

/** Steps of a case's run; its own is the last. */
function stepsOf({ step, stepCount = 1 }: KernelCase): StepScalars[] {
  const last = { ...defaultStep, ...step };
  return Array.from({ length: stepCount }, (_, index) => ({ ...last, row: last.row + 1 + index - stepCount }));
}

function bufferName(index: number, binding: string): string {
  return `${index}/${binding}`;
}

/** One program per case, by its number; each tensor in a buffer of its own. */
function caseExecutable(cases: ReadonlyMap<number, KernelCase>): Executable {
  const buffers: PlanBuffer[] = [];
  const programs = Object.fromEntries(
    Array.from(cases, ([index, { kernel, name, params, constants = {}, tensors }]) => {
      const bindings: Record<string, ShaderBinding> = { ...kernel.reads, ...kernel.writes };
      const placed = Object.entries(bindings).map(([binding, type]) => {
        const elements = tensors[binding]?.elements;
        if (elements === undefined) throw new Error(`${kernel.name}, case ${name}: no size for ${binding}`);
        const buffer = bufferName(index, binding);
        buffers.push({ name: buffer, dtype: elementType(type), elements, kind: 'table', readBack: false });
        return [binding, { name: binding, shape: [elements], buffer, elementOffset: 0, elements }] as const;
      });
      return [String(index), [{ kernel, layer: name, tensors: Object.fromEntries(placed), params, constants }]];
    }),
  );
  return { buffers, programs, chunkRows: Math.max(1, ...Array.from(cases.values(), ({ stepCount = 1 }) => stepCount)) };
}

/** Contents of every tensor of a case, the same on every machine. */
function caseInputs(kernelCase: KernelCase, seed: number): Record<string, Float32Array | Uint32Array> {
  const { kernel, tensors } = kernelCase;
  const bindings: Record<string, ShaderBinding> = { ...kernel.reads, ...kernel.writes };
  return Object.fromEntries(
    Object.entries(bindings).map(([binding, type], salt) => {
      const { elements = 0, fill } = tensors[binding] ?? {};
      const values = elementType(type) === 'f32' ? new Float32Array(elements) : new Uint32Array(elements);
      if (fill !== undefined) fillValues(values, fill, seed, salt);
      return [binding, values];
    }),
  );
}

function fillValues(values: Values, fill: Fill, seed: number, salt: number): void {
  const place = { seed, stream: 0, step: 0, salt };
  const bits = (index: number) => drawBits(seed, 0, 0, salt, index);
  switch (fill.kind) {
    case 'normal':
    case 'positive': {
      const scale = Math.fround(fill.scale);
      for (const [index, draw] of normals(values.length, place).entries()) {
        values[index] = fill.kind === 'positive' ? Math.abs(draw * scale) : draw * scale;
      }
      return;
    }
    case 'below':
      for (let index = 0; index < values.length; index++) values[index] = bits(index) % fill.bound;
      return;
    case 'bits':
      for (let index = 0; index < values.length; index++) values[index] = bits(index);
      return;
    case 'values':
      for (let index = 0; index < values.length; index++) values[index] = fill.values[index % fill.values.length]!;
      return;
    default:
      fill satisfies never;
  }
}
