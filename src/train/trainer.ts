/**
 * Training: chunks of steps on the device, evaluation, early stopping, checkpoints. The host decides only at evaluation points; between
 * them nothing but the sums of losses comes back.
 */
import { InterruptedError, RecipeError } from '../errors.ts';
import type { DataFiles, Dataset } from '../data/dataset.ts';
import { loadDataset } from '../data/dataset.ts';
import type { StepScalars } from '../ops/kernel.ts';
import { lossColumns } from '../ops/tables.ts';
import { bufferOf, peakDeviceBytes } from '../plan/plan.ts';
import { parseRecipe } from '../recipe/parse.ts';
import type { Recipe, RecipeInput } from '../recipe/schema.ts';
import { checkCheckpoint, stateArenas } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { createChunks } from './chunks.ts';
import type { ChunkBudget } from './chunks.ts';
import { createExecutor, maxBindingBytes } from './device.ts';
import type { Device } from './device.ts';
import { addMetrics } from './evaluate.ts';
import { nextEvaluation } from './evaluation-points.ts';
import type { TrainEvent, TrainResult } from './events.ts';
import { locateNonFinite, NonFiniteLoss } from './non-finite.ts';
import type { Fault, GoodState } from './non-finite.ts';
import { openObserver } from './observe.ts';
import type { ObserveOptions } from './observe.ts';
import { startProgress } from './progress.ts';
import { decide, evaluatePoint, finalResults, namedWeights, zeroMember } from './results.ts';
import { startRun } from './run.ts';
import type { Run } from './run.ts';
import { describeModel } from './saved-model.ts';
import { learningRate } from './schedule.ts';
import { createFeed, initialArena, memberTable, prepare, uploadData } from './session.ts';
import type { Prepared } from './session.ts';

export type { Run } from './run.ts';

export interface TrainOptions {
  readonly device: Device;
  /** The dataset, if it is loaded already; else it is loaded from `files`. */
  readonly dataset?: Dataset;
  readonly files?: DataFiles;
  /** The recipe with its data and plan, if that is made already: in place of `dataset` and `files`. `train` must be given its recipe. */
  readonly prepared?: Prepared;
  /** Goes on from here; of the same recipe. */
  readonly checkpoint?: Checkpoint;
  /** Starts from these parameters [population, memberStride] instead of random ones; see `readWeights`. */
  readonly parameters?: (prepared: Prepared) => Float32Array;
  /** Once aborted, the run finishes its chunk, gives a last checkpoint and throws InterruptedError. */
  readonly signal?: AbortSignal;
  /**
   * Time that one chunk of steps should take on the device, in ms: about 100 headless, about 8 beside a page that must stay smooth. A
   * function is asked before each chunk.
   */
  readonly chunkMilliseconds?: ChunkBudget;
  readonly checkpointSeconds?: number;
  /** Times each kernel on a sample of steps, which takes up to a few seconds more; the same bits come out. */
  readonly profile?: boolean;
  /** Takes statistics of weights, gradients, updates and activations at some steps; the same bits come out. */
  readonly observations?: ObserveOptions;
  /** False leaves the test split alone: a search chooses by validation. */
  readonly evaluateTest?: boolean;
}

/** For datasets that need none. */
export const noFiles: DataFiles = {
  read: async () => undefined,
  describe: (path) => path,
};

/**
 * Trains a recipe on a device. Throws (from the iteration and from `result`) RecipeError, DataError, ShapeError or LimitError for bad
 * input, NonFiniteError when the loss becomes NaN or infinite (in a population: of every member), DeviceError when the device is lost.
 */
export function train(recipe: RecipeInput | Recipe, options: TrainOptions): Run {
  return startRun(runTraining(recipe, options));
}

async function prepareInput(input: RecipeInput | Recipe, options: TrainOptions): Promise<Prepared> {
  const { device, dataset, files } = options;
  const recipe = parseRecipe(input);
  const loaded = dataset ?? (await loadDataset(recipe.data, files ?? noFiles));
  const observe = options.observations !== undefined;
  return prepare(recipe, loaded, { maxBindingBytes: maxBindingBytes(device), observe });
}

async function* runTraining(
  input: RecipeInput | Recipe,
  options: TrainOptions,
): AsyncGenerator<TrainEvent, TrainResult, void> {
  const { device, signal, checkpointSeconds = 1.5 } = options;
  const started = performance.now();
  const prepared = options.prepared ?? (await prepareInput(input, options));
  const { recipe, dataset, plan, duration } = prepared;
  if (options.prepared !== undefined && input !== recipe) {
    throw new RecipeError('', 'the recipe is not the one that was prepared. Give `train` the recipe of `prepared`.');
  }
  if (options.observations !== undefined && plan.observation === undefined) {
    throw new RecipeError('', 'the plan that was prepared cannot be observed. Prepare it with `observe: true`.');
  }
  const initial = initialState(prepared, options);
  using executor = await createExecutor(device, plan);
  uploadData(prepared, executor);
  const feed = createFeed(prepared);
  const progress = startProgress(prepared, options.checkpoint?.counters);
  for (const [name, arena] of Object.entries(initial)) executor.write(name, arena);
  executor.write('members', memberTable(plan, prepared.members, progress.frozen()));
  let good: GoodState = { step: progress.step, arenas: initial };
  const compileSeconds = (performance.now() - started) / 1000;
  yield {
    type: 'start',
    adapter: device.name,
    device: device.kind,
    recipe,
    parameters: plan.model.parameterCount,
    ...duration,
    step: progress.step,
    peakDeviceBytes: peakDeviceBytes(plan),
    compileSeconds,
    notes: dataset.notes,
  };

  const chunks = createChunks({
    executor,
    feed,
    plan,
    budgetMilliseconds: options.chunkMilliseconds ?? 100,
    kind: device.kind,
  });
  const trainStarted = performance.now();
  const { secondsTrained: secondsBefore, secondsTotal: totalBefore } = progress;
  const totalSeconds = (): number => totalBefore + (performance.now() - started) / 1000;
  const firstStep = progress.step;
  let checkpointed = performance.now();
  let evaluating = 0;

  const stateNames = stateArenas(plan);
  /** What was found not finite since `good`, and whether its members are still trained. */
  let faults: Fault[] = [];

  /** A member's loss or weights are not finite: it is given up. Once all are, the first fault since `good` ends the run. */
  function diverged(member: number, step: number, during: Fault['during']): void {
    faults.push({ step, during });
    progress.diverge(member, step);
    if (progress.members.every(({ divergedAt }) => divergedAt !== null)) {
      const first = faults.reduce((a, b) => (b.step < a.step ? b : a));
      throw new NonFiniteLoss(first.step, first.during);
    }
  }

  /**
   * Reads the state; ordered after every step that was submitted. What is not finite never becomes a checkpoint: members that have
   * diverged are zeroed, here and on the device.
   */
  async function takeCheckpoint(): Promise<Checkpoint> {
    const arenas = (await Promise.all(stateNames.map((name) => executor.read(name)))) as Float32Array[];
    const { memberStride } = plan.model;
    for (const [member, { divergedAt }] of progress.members.entries()) {
      const shares = arenas.map((arena) => arena.subarray(member * memberStride, (member + 1) * memberStride));
      if (divergedAt === null && !shares.every((share) => share.every(Number.isFinite))) {
        diverged(member, progress.step, 'training');
      }
    }
    if (faults.length > 0) {
      for (const [member, { divergedAt }] of progress.members.entries()) {
        if (divergedAt === null) continue;
        for (const [index, arena] of arenas.entries()) {
          executor.write(stateNames[index]!, zeroMember(prepared, arena, member), member * memberStride);
        }
      }
      executor.write('members', memberTable(plan, prepared.members, progress.frozen()));
      faults = [];
    }
    progress.secondsTrained = secondsBefore + (performance.now() - trainStarted - evaluating) / 1000;
    progress.secondsTotal = totalSeconds();
    const checkpoint: Checkpoint = {
      counters: progress.counters(),
      arenas: Object.fromEntries(stateNames.map((name, index) => [name, arenas[index]!])),
    };
    good = { step: checkpoint.counters.step, arenas: checkpoint.arenas };
    return checkpoint;
  }

  const pausing = (): boolean =>
    signal?.aborted === true || performance.now() - checkpointed > checkpointSeconds * 1000;
  /** Whether the device should come to rest between two chunks. */
  const resting = (): boolean => faults.length > 0 || pausing();
  async function* pause(): AsyncGenerator<TrainEvent, void, void> {
    yield { type: 'checkpoint', checkpoint: await takeCheckpoint() };
    // Writing it may take longer than the time between two checkpoints.
    checkpointed = performance.now();
    if (signal?.aborted === true) throw new InterruptedError(progress.step);
  }

  /** Adds a finished chunk's losses to the members' sums; a member whose loss is not finite is given up. */
  function account(table: ArrayLike<number>, chunkStep: number): number[] {
    const { members } = progress;
    // Added row by row to the sums so far: where a chunk ends must not change a bit of them.
    const sums = members.map(({ lossSum, correctSum, extraSum }) => ({
      loss: lossSum,
      correct: correctSum,
      extra: extraSum,
    }));
    const rows = table.length / lossColumns / plan.population;
    for (let index = 0; index < table.length; index += lossColumns) {
      const member = (index / lossColumns) % plan.population;
      if (!Number.isFinite(table[index]) && !progress.frozen().has(member)) {
        diverged(member, chunkStep + Math.floor(index / lossColumns / plan.population), 'training');
      }
    }
    addMetrics(table, sums);
    return members.map((member, index) => {
      if (member.divergedAt !== null) return Number.NaN;
      const before = member.lossSum;
      const { loss, correct, extra } = sums[index]!;
      Object.assign(member, { lossSum: loss, correctSum: correct, extraSum: extra });
      return (loss - before) / (rows * plan.batch);
    });
  }

  const { observations } = options;
  const observer = observations && openObserver(plan, executor, observations, duration);
  // The last step may be observed, and is not timed then.
  const lastTimed = observer === undefined ? duration.steps : duration.steps - 1;
  const profiler =
    options.profile === true
      ? (await import('./profiler.ts')).openProfiler(plan, executor, device.kind, firstStep, lastTimed)
      : undefined;
  const isDiverged = (member: number): boolean => progress.members[member]?.divergedAt !== null;
  /** What runs the steps of the next chunk in place of the executor. */
  const runnerAt = (step: number) => {
    const timed = profiler?.wanted(step) === true ? profiler.run : undefined;
    if (observer === undefined) return timed;
    const plain = (steps: readonly StepScalars[]) => executor.run('train', { steps });
    return (steps: readonly StepScalars[]) => observer.run(steps, timed ?? plain);
  };
  try {
    while (progress.step < duration.steps && progress.frozen().size < plan.population) {
      const stop = nextEvaluation(recipe, duration, progress.step);
      let submitted = progress.step;
      chunks.resume();
      observer?.resume(progress.step);
      while (progress.step < stop) {
        if (chunks.inFlight() === 0 && faults.length > 0) await takeCheckpoint();
        if (chunks.inFlight() === 0 && pausing()) yield* pause();
        while (
          submitted < stop &&
          (chunks.inFlight() === 0 || (chunks.mayQueue() && !resting() && profiler?.wanted(submitted) !== true))
        ) {
          const end = observer?.stopAt(submitted, stop) ?? stop;
          submitted = await chunks.submit(submitted, end, progress.plateaus(), runnerAt(submitted));
        }
        const chunk = await chunks.take();
        if (chunk !== undefined) {
          const losses = account(chunk.table, chunk.firstStep);
          progress.step = chunk.firstStep + chunk.count;
          const seconds = (performance.now() - trainStarted - evaluating) / 1000;
          const samples = (progress.step - firstStep) * plan.batch * plan.population;
          const epoch = progress.step / duration.stepsPerEpoch;
          yield {
            type: 'progress',
            step: progress.step,
            epoch,
            losses,
            batchSums: chunk.table,
            learningRates: progress
              .plateaus()
              .map((plateau, index) => learningRate(prepared.members[index]!, progress.step - 1, duration, plateau)),
            samplesPerSecond: samples / seconds,
          };
          const observation = await observer?.take(progress.step, isDiverged);
          if (observation !== undefined) yield { type: 'observation', observation };
        }
      }
      const evaluationStarted = performance.now();
      if (faults.length > 0) await takeCheckpoint();
      const event = await evaluatePoint(prepared, executor, feed, progress, (member) =>
        diverged(member, progress.step, 'evaluation'),
      );
      const decided = decide(prepared, executor, progress, event);
      if (decided) executor.write('members', memberTable(plan, prepared.members, progress.frozen()));
      progress.evaluated();
      yield event;
      evaluating += performance.now() - evaluationStarted;
      // From here on the run takes another course than a repetition from the last good state would.
      if ((decided || faults.length > 0) && progress.step < duration.steps) await takeCheckpoint();
    }
    yield { type: 'checkpoint', checkpoint: await takeCheckpoint() };

    const trainSeconds = progress.secondsTrained;
    if (recipe.earlyStopping?.restoreBest === true) executor.copy('best', 'parameters');
    const parameters = (await executor.read('parameters')) as Float32Array;
    const { evaluateTest = true } = options;
    const members = await finalResults(prepared, executor, feed, progress, parameters, evaluateTest, (member) =>
      diverged(member, progress.step, 'evaluation'),
    );
    const doneSteps = progress.step;
    const profile = profiler?.profile();
    return {
      ...members[0]!,
      steps: doneSteps,
      adapter: device.name,
      device: device.kind,
      parameters: plan.model.parameterCount,
      epochs: doneSteps / duration.stepsPerEpoch,
      seconds: { compile: compileSeconds, train: trainSeconds, total: totalSeconds() },
      samplesPerSecond: (doneSteps * plan.batch * plan.population) / trainSeconds,
      peakDeviceBytes: peakDeviceBytes(plan),
      members,
      weights: members.map((_, index) => namedWeights(prepared, parameters, index)),
      model: describeModel(prepared),
      ...(profile && { profile }),
    };
  } catch (cause) {
    if (!(cause instanceof NonFiniteLoss)) throw cause;
    throw await locateNonFinite(prepared, executor, feed, good, cause, progress.plateaus());
  }
}

/** The arenas to start from, checked. */
function initialState(prepared: Prepared, { checkpoint, parameters }: TrainOptions): Checkpoint['arenas'] {
  if (checkpoint !== undefined) {
    checkCheckpoint(checkpoint, prepared.plan, 'checkpoint');
    return checkpoint.arenas;
  }
  const given = parameters?.(prepared) ?? initialArena(prepared);
  const { elements } = bufferOf(prepared.plan, 'parameters');
  if (given.length !== elements) {
    throw new RecipeError(
      'parameters',
      `has ${given.length} numbers, the model takes ${elements}. Use \`readWeights\`.`,
    );
  }
  return { parameters: given };
}
