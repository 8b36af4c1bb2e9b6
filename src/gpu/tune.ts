/**
 * Chooses launch variants of a plan's matrix products by measuring them on their real shapes, for at most two seconds in all. A variant
 * wins only if its output equals the default variant's to the bit.
 */
import { DescentError } from '../errors.ts';
import { elementType } from '../ops/kernel.ts';
import type { StepScalars } from '../ops/kernel.ts';
import type { Call, Executable, PlacedTensor, PlanBuffer } from '../plan/plan.ts';
import type { GpuDevice } from './device.ts';
import { createGpuExecutor } from './executor.ts';
import { pipelineCache } from './pipelines.ts';
import { productKey } from './tuning.ts';
import type { TunedProduct } from './tuning.ts';
import { defaultVariant, promisingVariants, variantConstants } from './variants.ts';

const budgetMilliseconds = 2000;
/** What one measurement should take, by repeating a product: long against the rounding of timestamps in a page. */
const sampleMilliseconds = 3;
const samples = 3;
const mostRuns = 64;
/** A variant whose first sample is so many times the fastest one's is not measured again. */
const hopeless = 1.3;

/** One product on a device, with every variant ready to run. */
export interface ProductTrial extends Disposable {
  /** Bits that a variant computes, the inputs being the same for all. */
  output(variant: string): Promise<Uint32Array>;
  /** Milliseconds that so many runs of a variant take, at most 64. */
  time(variant: string, runs: number): Promise<number>;
}

/** What tuning measures with; tests hand in their own. */
export interface TuningTools {
  /** Milliseconds. */
  now(): number;
  /** Whether work is done in so many milliseconds. */
  isDoneWithin(milliseconds: number, work: Promise<unknown>): Promise<boolean>;
  compile(gpu: GpuDevice, call: Call, variant: string): Promise<unknown>;
  open(gpu: GpuDevice, call: Call, variants: readonly string[]): Promise<ProductTrial>;
}

export const tuningTools: TuningTools = {
  now: () => performance.now(),
  async isDoneWithin(milliseconds, work) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), milliseconds);
    });
    try {
      return await Promise.race([work.then(() => true), timeout]);
    } finally {
      clearTimeout(timer);
    }
  },
  compile: (gpu, { kernel, params, constants }, variant) =>
    pipelineCache(gpu.device, gpu.shaders).compile(kernel, {
      ...variantConstants(gpu, kernel, variant, params),
      ...constants,
    }),
  open: openTrial,
};

interface Product {
  readonly key: string;
  readonly call: Call;
  /** Multiply-adds of all its calls in a training step. */
  trained: number;
  readonly multiplyAdds: number;
}

/** Measures the products of a plan that the device's tuning asks for. Throws DeviceError when the device is lost. */
export async function tuneProducts(
  gpu: GpuDevice,
  plan: Executable,
  { now, isDoneWithin, compile, open }: TuningTools = tuningTools,
): Promise<void> {
  const { tuning } = gpu;
  if (tuning.when === 'never' || (tuning.when === 'auto' && gpu.software)) return;
  const wanted = productsOf(plan).filter(({ key }) =>
    tuning.when === 'always' ? !tuning.measured(key) : tuning.chosen(key) === undefined,
  );
  if (wanted.length === 0) return;
  // What nobody has measured yet comes before what is measured anew.
  wanted.sort((a, b) => Number(tuning.chosen(a.key) !== undefined) - Number(tuning.chosen(b.key) !== undefined));
  const started = now();
  const deadline = started + budgetMilliseconds;
  const products: TunedProduct[] = [];
  const faults: string[] = [];
  let left = wanted.length;
  for (const { key, call } of wanted) {
    if (now() >= deadline) break;
    const standard = defaultVariant(gpu, call.kernel, call.params);
    const others = promisingVariants(gpu, call.kernel).filter((variant) => variant !== standard);
    const variants = [standard, ...others];
    try {
      const compiled = Promise.all(variants.map((variant) => compile(gpu, call, variant)));
      if (!(await isDoneWithin(deadline - now(), compiled))) {
        if (products.length > 0) break;
        // Else every run would come to this product and no further.
        tuning.keep(key, standard);
        faults.push(`${key} keeps ${standard}: compiling its other variants takes too long to measure them`);
        left--;
        break;
      }
      left--;
      using trial = await open(gpu, call, variants);
      const { differing, ...chosen } = await choose(trial, standard, others, () => now() >= deadline);
      tuning.keep(key, chosen.variant);
      products.push({ product: key, standard, ...chosen });
      for (const variant of differing)
        faults.push(`${variant} is not used: it computes other bits than ${standard} for ${key}`);
    } catch (cause) {
      if (!(cause instanceof DescentError) || gpu.lostReason() !== undefined) throw cause;
      faults.push(`${key} cannot be measured: ${cause.message}`);
    }
  }
  tuning.finish({ seconds: (now() - started) / 1000, products, faults, left });
}

/** Products of a plan, each once: the most work in a training step first, then the most work elsewhere. */
function productsOf(plan: Executable): Product[] {
  const found = new Map<string, Product>();
  for (const [program, calls] of Object.entries(plan.programs)) {
    for (const call of calls) {
      const key = productKey(call.kernel, call.params);
      if (key === undefined) continue;
      const multiplyAdds = call.kernel.multiplyAdds?.(call.params) ?? 0;
      const product = found.get(key) ?? { key, call, trained: 0, multiplyAdds };
      if (program === 'train') product.trained += multiplyAdds;
      found.set(key, product);
    }
  }
  return [...found.values()].sort((a, b) => b.trained - a.trained || b.multiplyAdds - a.multiplyAdds);
}

/** The fastest of the variants that compute the standard one's bits; stops early once `isOver`. */
async function choose(
  trial: ProductTrial,
  standard: string,
  others: readonly string[],
  isOver: () => boolean,
): Promise<Pick<TunedProduct, 'variant' | 'microseconds' | 'standardMicroseconds'> & { differing: string[] }> {
  const wanted = await trial.output(standard);
  let standardTime = await measure(trial, standard, Infinity, isOver);
  let best = { variant: standard, time: standardTime };
  const differing: string[] = [];
  for (const variant of others) {
    if (isOver()) break;
    const output = await trial.output(variant);
    if (output.length !== wanted.length || output.some((bits, index) => bits !== wanted[index])) {
      differing.push(variant);
      continue;
    }
    const time = await measure(trial, variant, best.time, isOver);
    if (time < best.time) best = { variant, time };
  }
  // Clocks rise under load, and the standard variant came first.
  if (best.variant !== standard && !isOver()) {
    standardTime = Math.min(standardTime, await measure(trial, standard, Infinity, isOver));
    if (standardTime <= best.time) best = { variant: standard, time: standardTime };
  }
  const { variant, time } = best;
  return { variant, microseconds: time * 1000, standardMicroseconds: standardTime * 1000, differing };
}

/** Milliseconds of one run: the median of some samples, or the first one where that settles it. */
async function measure(trial: ProductTrial, variant: string, fastest: number, isOver: () => boolean): Promise<number> {
  const alone = await trial.time(variant, 1);
  const runs = Math.min(mostRuns, Math.max(1, Math.ceil(sampleMilliseconds / alone)));
  const times = runs === 1 ? [alone] : [];
  while (times.length < samples) {
    if (times.length > 0 && (isOver() || times[0]! > hopeless * fastest)) break;
    times.push((await trial.time(variant, runs)) / runs);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

/** A trial with buffers of its own: numbers over the whole mantissa, so that another order of a sum shows; words are zero. */
export async function openTrial(
  gpu: GpuDevice,
  { kernel, params, constants, tensors }: Call,
  variants: readonly string[],
): Promise<ProductTrial> {
  const buffers = Object.entries({ ...kernel.reads, ...kernel.writes }).map(([name, type]): PlanBuffer => ({
    name,
    dtype: elementType(type),
    elements: tensors[name]?.elements ?? 0,
    kind: 'table',
    readBack: false,
  }));
  const placed: Record<string, PlacedTensor> = Object.fromEntries(
    buffers.map(({ name, elements }) => [name, { name, shape: [elements], buffer: name, elementOffset: 0, elements }]),
  );
  // One program for each variant, whose kernel has no other: the executor compiles them side by side.
  const programs = Object.fromEntries(
    variants.map((variant) => {
      const only = { ...kernel, variants: { [variant]: kernel.variants[variant] ?? {} } };
      return [variant, [{ kernel: only, layer: variant, tensors: placed, params, constants }]];
    }),
  );
  const executor = await createGpuExecutor(
    gpu,
    { buffers, chunkRows: mostRuns, programs },
    (only) => Object.keys(only.variants)[0] ?? '',
  );
  for (const { name, dtype, elements } of buffers) {
    if (name in kernel.reads && dtype === 'f32') executor.write(name, noise(elements));
  }
  const written = Object.keys(kernel.writes)[0] ?? '';
  // What an output starts from: some are updated in place, and what is left out shows.
  const before = noise(tensors[written]?.elements ?? 0);
  const steps = Array.from({ length: mostRuns }, (): StepScalars => ({ step: 0, row: 0, validRows: 0xffff_ffff }));
  return {
    async output(variant) {
      executor.write(written, before);
      executor.run(variant, { steps: steps.slice(0, 1) });
      const values = await executor.read(written);
      return new Uint32Array(values.buffer, values.byteOffset, values.length);
    },
    async time(variant, runs) {
      const options = { steps: steps.slice(0, runs), apart: false };
      if (executor.time !== undefined) {
        const [begin = 0n, end = 0n] = await executor.time(variant, options);
        return Number(end - begin) / 1e6;
      }
      const started = performance.now();
      executor.run(variant, options);
      await executor.read(written, 0, 1);
      return performance.now() - started;
    },
    [Symbol.dispose]: () => executor[Symbol.dispose](),
  };
}

/** Numbers between -1 and 1 by a linear congruence (Knuth, The Art of Computer Programming, vol. 2, 3.3.4, table 1, line 16). */
function noise(count: number): Float32Array {
  const values = new Float32Array(count);
  let state = 1;
  for (let index = 0; index < count; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[index] = state / 2 ** 31;
  }
  return values;
}
