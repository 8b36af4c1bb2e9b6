/**
 * Verification of a recipe: its plan runs on the CPU and on the GPU call by call. Where a call differs, the CPU's values are copied to
 * the GPU before the next one, so that errors do not accumulate and each is charged to the kernel that made it.
 */
import { createCpuExecutor } from '../cpu/executor.ts';
import { loadDataset } from '../data/dataset.ts';
import type { DataFiles, Dataset } from '../data/dataset.ts';
import { InterruptedError } from '../errors.ts';
import type { GpuDevice } from '../gpu/device.ts';
import { createGpuExecutor } from '../gpu/executor.ts';
import { elementCount } from '../formats/shape.ts';
import type { StepScalars, Values } from '../ops/kernel.ts';
import type { Executor } from '../plan/executor.ts';
import type { Call, PlacedTensor, Plan, ProgramName } from '../plan/plan.ts';
import { parseRecipe } from '../recipe/parse.ts';
import type { Recipe, RecipeInput } from '../recipe/schema.ts';
import { twinArithmetic } from '../train/device.ts';
import { createFeed, initialArena, prepare, uploadData } from '../train/session.ts';
import { noFiles } from '../train/trainer.ts';
import { compareValues, mergeComparisons, ulpBound, withinBound } from './compare.ts';
import type { Comparison } from './compare.ts';

export interface VerifyOptions {
  readonly device: GpuDevice;
  /** The dataset, if it is loaded already; else it is loaded from `files`. */
  readonly dataset?: Dataset;
  readonly files?: DataFiles;
  /** Training steps; one evaluation batch and the penalty follow. */
  readonly steps?: number;
  /** Runs this plan of the recipe instead of the usual one. */
  readonly plan?: Plan;
  /** Told after each call that was compared, `done` of `count`. */
  readonly onCall?: (done: number, count: number, where: string) => void;
  /** Once aborted, verification ends after the call in work with InterruptedError. */
  readonly signal?: AbortSignal;
}

export interface Verification {
  readonly adapter: string;
  /** Training steps that were compared in full. */
  readonly steps: number;
  /** One per kernel, in order of first use. */
  readonly kernels: readonly Comparison[];
  /** The first call out of bounds, where verification stopped; its `firstDifference` says where. */
  readonly failed?: Comparison;
}

/** Runs a recipe's plan on CPU and GPU in lockstep from its initial weights. Throws as `train` does for bad input. */
export async function verifyRecipe(input: RecipeInput | Recipe, options: VerifyOptions): Promise<Verification> {
  const { device, files = noFiles, steps = 3, onCall, signal } = options;
  const recipe = parseRecipe(input);
  const dataset = options.dataset ?? (await loadDataset(recipe.data, files));
  const usual = prepare(recipe, dataset, { maxBindingBytes: device.maxBindingBytes });
  const prepared = { ...usual, plan: options.plan ?? usual.plan };
  const { plan, views } = prepared;
  using cpu = createCpuExecutor(plan, twinArithmetic(device));
  using gpu = await createGpuExecutor(device, plan);
  const feed = createFeed(prepared);
  for (const executor of [cpu, gpu]) {
    uploadData(prepared, executor);
    executor.write('parameters', initialArena(prepared));
  }
  const byKernel = new Map<string, Comparison[]>();
  const { train, evaluate, penalty } = plan.programs;
  const callCount = steps * train.length + evaluate.length + penalty.length;
  let done = 0;
  let callsDone = 0;

  /** Runs one step of a program on both; returns the first comparison out of bounds. */
  async function runStep(program: ProgramName, step: StepScalars, where: string): Promise<Comparison | undefined> {
    for (const [index, call] of plan.programs[program].entries()) {
      if (signal?.aborted === true) throw new InterruptedError(done);
      for (const executor of [cpu, gpu]) executor.run(program, { steps: [step], firstCall: index, callCount: 1 });
      const place = `${where}, call ${index} ("${call.layer}")`;
      const comparison = await compareCall(cpu, gpu, plan, call, place, device.arithmetic.exact);
      byKernel.set(call.kernel.name, [...(byKernel.get(call.kernel.name) ?? []), comparison]);
      onCall?.(++callsDone, callCount, place);
      if (!withinBound(comparison)) return comparison;
    }
    return undefined;
  }

  const plateaus = prepared.members.map(() => 1);
  let failed: Comparison | undefined;
  while (done < steps && failed === undefined) {
    const [scalars] = [cpu, gpu].map((executor) => feed.loadTraining(executor, done, 1, plateaus)[0]!);
    failed = await runStep('train', scalars!, `train step ${done}`);
    if (failed === undefined) done++;
  }
  const split = views[0]!.split.validation.length > 0 ? 'validation' : 'train';
  const rows = views.map((view) => view.split[split]);
  const [scalars] = [cpu, gpu].map((executor) => feed.loadRows(executor, rows, 0).steps[0]!);
  failed ??= await runStep('evaluate', scalars!, 'evaluate');
  failed ??= await runStep('penalty', { step: 0, row: 0, validRows: 0 }, 'penalty');
  return {
    adapter: device.name,
    steps: done,
    kernels: [...byKernel.values()].map(mergeComparisons),
    ...(failed && { failed }),
  };
}

/** Compares every write of a call that both executors have run, and brings the GPU in line with the CPU. */
async function compareCall(
  cpu: Executor,
  gpu: Executor,
  plan: Plan,
  { kernel, tensors, params }: Call,
  where: string,
  exact: boolean,
): Promise<Comparison> {
  const bound = ulpBound(kernel.longestSum(params), exact);
  const comparisons: Comparison[] = [];
  for (const binding of Object.keys(kernel.writes)) {
    const place = tensors[binding];
    if (place === undefined) throw new Error(`${kernel.name}: nothing is bound to ${binding}`);
    const { buffer, elementOffset, elements } = place;
    const [expected, got] = await Promise.all([cpu, gpu].map((one) => one.read(buffer, elementOffset, elements)));
    const isOwn = ownElements(place, plan);
    const own = (values: Values) => values.filter((_, index) => isOwn(index)) as Values;
    const inside = compareValues(kernel.name, place.name, where, own(expected!), own(got!), bound);
    // A binding may reach further: what lies there must not change.
    const all = compareValues(kernel.name, `the binding of ${place.name}`, where, expected!, got!, 0);
    const stray = all.elements - all.equalElements > inside.elements - inside.equalElements;
    comparisons.push(stray ? all : inside);
    if (all.equalElements < all.elements) gpu.write(buffer, expected!, elementOffset);
  }
  return mergeComparisons(comparisons);
}

/**
 * Which elements of a binding a call may write: blocks of an arena lie one member's stride apart, and of the chunk's losses and metrics
 * it is the first row, where verification keeps its one step.
 */
function ownElements(
  { buffer, shape, elements }: PlacedTensor,
  { model, chunkRows }: Plan,
): (index: number) => boolean {
  const count = elementCount(shape);
  if (buffer === 'metrics' || buffer === 'rows') return (index) => index < count / chunkRows;
  if (count === elements) return () => true;
  const perMember = count / (shape[0] ?? 1);
  return (index) => index % model.memberStride < perMember && index < (shape[0] ?? 1) * model.memberStride;
}
