/**
 * Training: chunks of steps on the device, evaluation, early stopping, checkpoints. The host decides only at evaluation points; between
 * them nothing but the sums of losses comes back.
 */
import { InterruptedError } from '../errors.ts';
import type { DataFiles, Dataset } from '../data/dataset.ts';
import { loadDataset } from '../data/dataset.ts';
import { elementCount } from '../ops/emitter.ts';
import { parameterTensors } from '../model/model.ts';
import type { Executor } from '../plan/executor.ts';
import { peakDeviceBytes } from '../plan/plan.ts';
import { parseRecipe } from '../recipe/parse.ts';
import type { Recipe, RecipeInput } from '../recipe/schema.ts';
import { stateArenas, weightsSha256 } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { createChunks } from './chunks.ts';
import { createExecutor, maxBindingBytes } from './device.ts';
import type { Device } from './device.ts';
import { addMetrics, evaluateRows, sumOfSquares, toMetrics } from './evaluate.ts';
import type { EvaluationEvent, MemberEvaluation, MemberResult, Metrics, TrainEvent, TrainResult } from './events.ts';
import { locateNonFinite } from './non-finite.ts';
import type { Fault, GoodState } from './non-finite.ts';
import { judge, startProgress } from './progress.ts';
import type { Progress } from './progress.ts';
import { learningRate } from './schedule.ts';
import { createFeed, initialArena, memberTable, prepare, uploadData } from './session.ts';
import type { Prepared } from './session.ts';

export interface TrainOptions {
  readonly device: Device;
  /** The dataset, if it is loaded already; else it is loaded from `files`. */
  readonly dataset?: Dataset;
  readonly files?: DataFiles;
  /** Goes on from here; of the same recipe. */
  readonly checkpoint?: Checkpoint;
  /** Starts from these parameters [population, memberStride] instead of random ones; see `readWeights`. */
  readonly parameters?: (prepared: Prepared) => Float32Array;
  /** Once aborted, the run finishes its chunk, gives a last checkpoint and throws InterruptedError. */
  readonly signal?: AbortSignal;
  /** Time that one chunk of steps should take on the device, in ms: about 100 headless, about 8 beside a page that must stay smooth. */
  readonly chunkMilliseconds?: number;
  readonly checkpointSeconds?: number;
}

/** A run: iterate over its events, or just await its result. */
export interface Run extends AsyncIterable<TrainEvent> {
  /** Runs to the end, whether the events are taken or not. */
  readonly result: Promise<TrainResult>;
}

/** For datasets that need none. */
export const noFiles: DataFiles = {
  read: async () => undefined,
  describe: (path) => path,
};

/**
 * Trains a recipe on a device. Throws (from the iteration and from `result`) RecipeError, DataError, ShapeError or LimitError for bad
 * input, NonFiniteError when the loss becomes NaN or infinite, DeviceError when the device is lost.
 */
export function train(recipe: RecipeInput | Recipe, options: TrainOptions): Run {
  const events = runTraining(recipe, options);
  let settle: { resolve: (result: TrainResult) => void; reject: (cause: unknown) => void } | undefined;
  let result: Promise<TrainResult> | undefined;
  let iterated = false;
  let step = 0;
  const next = async (): Promise<IteratorResult<TrainEvent, TrainResult>> => {
    try {
      const item = await events.next();
      if (item.done === true) settle?.resolve(item.value);
      else if (item.value.type !== 'checkpoint') step = item.value.step;
      return item;
    } catch (cause) {
      settle?.reject(cause);
      throw cause;
    }
  };
  const promise = (): Promise<TrainResult> => {
    result ??= new Promise<TrainResult>((resolve, reject) => {
      settle = { resolve, reject };
    });
    return result;
  };
  // Errors reach whoever iterates; a result that nobody asked for must not end the process.
  promise().catch(() => undefined);
  return {
    [Symbol.asyncIterator]() {
      iterated = true;
      return {
        next,
        async return() {
          settle?.reject(new InterruptedError(step));
          return events.return(undefined as never);
        },
      };
    },
    get result() {
      if (!iterated) {
        iterated = true;
        void (async () => {
          while ((await next()).done !== true);
        })().catch(() => undefined);
      }
      return promise();
    },
  };
}

/** How many steps may pass until the next evaluation. */
function nextEvaluation({ recipe, duration }: Prepared, step: number): number {
  const { everySteps, everyEpochs } = recipe.evaluation;
  const every = everySteps ?? (everyEpochs ?? 1) * duration.stepsPerEpoch;
  return Math.min(duration.steps, (Math.floor(step / every) + 1) * every);
}

async function* runTraining(
  input: RecipeInput | Recipe,
  options: TrainOptions,
): AsyncGenerator<TrainEvent, TrainResult, void> {
  const { device, signal, checkpointSeconds = 1.5 } = options;
  const started = performance.now();
  const recipe = parseRecipe(input);
  const dataset = options.dataset ?? (await loadDataset(recipe.data, options.files ?? noFiles));
  const prepared = prepare(recipe, dataset, { maxBindingBytes: maxBindingBytes(device) });
  const { plan, duration } = prepared;
  using executor = await createExecutor(device, plan);
  uploadData(prepared, executor);
  const feed = createFeed(prepared);
  const progress = startProgress(prepared, options.checkpoint?.counters);
  const initial = options.checkpoint?.arenas ?? {
    parameters: options.parameters?.(prepared) ?? initialArena(prepared),
  };
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

  const chunks = createChunks(options.chunkMilliseconds ?? 100, plan.chunkRows);
  const trainStarted = performance.now();
  const secondsBefore = progress.secondsTrained;
  const firstStep = progress.step;
  let checkpointed = performance.now();
  let evaluating = 0;

  /** Reads the state; ordered after every step that was submitted. What is not finite never becomes a checkpoint. */
  async function takeCheckpoint(): Promise<Checkpoint> {
    const names = stateArenas(plan);
    const arenas = await Promise.all(names.map((name) => executor.read(name)));
    if (!arenas.every((arena) => arena.every(Number.isFinite))) throw new NonFiniteLoss(progress.step, 'training');
    progress.secondsTrained = secondsBefore + (performance.now() - trainStarted - evaluating) / 1000;
    const checkpoint: Checkpoint = {
      counters: progress.counters(),
      arenas: Object.fromEntries(names.map((name, index) => [name, arenas[index] as Float32Array])),
    };
    good = { step: checkpoint.counters.step, arenas: checkpoint.arenas };
    return checkpoint;
  }

  const pausing = (): boolean =>
    signal?.aborted === true || performance.now() - checkpointed > checkpointSeconds * 1000;
  async function* pause(): AsyncGenerator<TrainEvent, void, void> {
    yield { type: 'checkpoint', checkpoint: await takeCheckpoint() };
    // Writing it may take longer than the time between two checkpoints.
    checkpointed = performance.now();
    if (signal?.aborted === true) throw new InterruptedError(progress.step);
  }

  /** Adds a finished chunk's losses to the members' sums; a loss that is not finite ends the run. */
  function account(table: ArrayLike<number>, chunkStep: number): number[] {
    const { members } = progress;
    // Added row by row to the sums so far: where a chunk ends must not change a bit of them.
    const loss = Float64Array.from(members, (member) => member.lossSum);
    const correct = Float64Array.from(members, (member) => member.correctSum);
    const rows = table.length / 2 / plan.population;
    for (let index = 0; index < table.length; index += 2) {
      const member = (index / 2) % plan.population;
      if (!Number.isFinite(table[index]) && !progress.frozen().has(member)) {
        throw new NonFiniteLoss(chunkStep + Math.floor(index / 2 / plan.population), 'training');
      }
    }
    addMetrics(table, plan.population, loss, correct);
    return members.map((member, index) => {
      const before = member.lossSum;
      member.lossSum = loss[index]!;
      member.correctSum = correct[index]!;
      return (member.lossSum - before) / (rows * plan.batch);
    });
  }

  try {
    while (progress.step < duration.steps && progress.frozen().size < plan.population) {
      const stop = nextEvaluation(prepared, progress.step);
      const inFlight: { firstStep: number; count: number; table: Promise<ArrayLike<number>> }[] = [];
      let submitted = progress.step;
      chunks.resume();
      while (progress.step < stop) {
        if (inFlight.length === 0 && pausing()) yield* pause();
        // Two chunks in flight: the device goes on while the host accounts for the one before.
        while (submitted < stop && (inFlight.length === 0 || (inFlight.length < 2 && !pausing()))) {
          const count = Math.min(chunks.steps(), stop - submitted);
          executor.run('train', { steps: feed.loadTraining(executor, submitted, count, progress.plateaus()) });
          const table = executor.read('metrics', 0, count * plan.population * 2);
          // Handled where it is awaited; a lost device must not end the process before that.
          table.catch(() => undefined);
          inFlight.push({ firstStep: submitted, count, table });
          submitted += count;
        }
        const chunk = inFlight.shift();
        if (chunk !== undefined) {
          const losses = account(await chunk.table, chunk.firstStep);
          chunks.finished(chunk.count);
          progress.step = chunk.firstStep + chunk.count;
          const seconds = (performance.now() - trainStarted - evaluating) / 1000;
          const samples = (progress.step - firstStep) * plan.batch * plan.population;
          const epoch = progress.step / duration.stepsPerEpoch;
          yield { type: 'progress', step: progress.step, epoch, losses, samplesPerSecond: samples / seconds };
        }
      }
      const evaluationStarted = performance.now();
      const { event, decided } = await evaluatePoint(prepared, executor, feed, progress);
      yield event;
      evaluating += performance.now() - evaluationStarted;
      // From here on the run takes another course than a repetition from the last good state would.
      if (decided && progress.step < duration.steps) await takeCheckpoint();
    }
    yield { type: 'checkpoint', checkpoint: await takeCheckpoint() };
  } catch (cause) {
    if (!(cause instanceof NonFiniteLoss)) throw cause;
    throw await locateNonFinite(prepared, executor, feed, good, cause, progress.plateaus());
  }

  const trainSeconds = progress.secondsTrained;
  if (recipe.earlyStopping?.restoreBest === true) executor.copy('best', 'parameters');
  const parameters = (await executor.read('parameters')) as Float32Array;
  const members = await finalResults(prepared, executor, feed, progress, parameters);
  if (!members.every(isFiniteEverywhere)) {
    const fault = new NonFiniteLoss(progress.step, 'evaluation');
    throw await locateNonFinite(prepared, executor, feed, good, fault, progress.plateaus());
  }
  const doneSteps = progress.step;
  return {
    ...members[0]!,
    steps: doneSteps,
    adapter: device.name,
    device: device.kind,
    parameters: plan.model.parameterCount,
    epochs: doneSteps / duration.stepsPerEpoch,
    seconds: { compile: compileSeconds, train: trainSeconds, total: (performance.now() - started) / 1000 },
    samplesPerSecond: (doneSteps * plan.batch * plan.population) / trainSeconds,
    peakDeviceBytes: peakDeviceBytes(plan),
    members,
    weights: members.map((_, index) => namedWeights(prepared, parameters, index)),
  };
}

/** Carries the step out of the accounting; becomes a NonFiniteError once the layer is found. */
class NonFiniteLoss extends Error implements Fault {
  constructor(
    readonly step: number,
    readonly during: Fault['during'],
  ) {
    super(`loss not finite at step ${step}`);
  }
}

type Feed = ReturnType<typeof createFeed>;

/** Evaluates validation, and lets early stopping and reduce-on-plateau decide; `decided` says whether they changed anything. */
async function evaluatePoint(
  prepared: Prepared,
  executor: Executor,
  feed: Feed,
  progress: Progress,
): Promise<{ readonly event: EvaluationEvent; readonly decided: boolean }> {
  const { plan, members, views, duration } = prepared;
  const rows = (progress.step - progress.evaluatedAt) * plan.batch;
  const squares = await sumOfSquares(executor);
  const validation = await evaluateSplit(
    prepared,
    executor,
    feed,
    views.map((view) => view.split.validation),
  );
  const evaluations: MemberEvaluation[] = members.map((member, index) => {
    const { lossSum, correctSum, plateau } = progress.members[index]!;
    const train = toMetrics(prepared, member, { loss: lossSum, correct: correctSum, rows }, squares[index]!);
    const rate = learningRate(member, Math.max(0, progress.step - 1), duration, plateau);
    return { learningRate: rate, train, ...(validation && { validation: validation[index]! }) };
  });
  if (!evaluations.every(isFiniteEverywhere)) throw new NonFiniteLoss(progress.step, 'evaluation');
  const frozenBefore = progress.frozen().size;
  const plateausBefore = progress.plateaus();
  for (const [index, evaluation] of evaluations.entries()) {
    const improved = judge(members[index]!, progress.members[index]!, evaluation, progress.step);
    const { memberStride } = plan.model;
    if (improved && members[index]!.earlyStopping?.restoreBest === true) {
      executor.copy('parameters', 'best', index * memberStride, memberStride);
    }
  }
  const stopped = progress.frozen().size > frozenBefore;
  if (stopped) executor.write('members', memberTable(plan, members, progress.frozen()));
  progress.evaluated();
  const epoch = progress.step / duration.stepsPerEpoch;
  return {
    event: { type: 'evaluation', step: progress.step, epoch, members: evaluations },
    decided: stopped || progress.plateaus().some((plateau, index) => plateau !== plateausBefore[index]),
  };
}

/** Whether loss and cost are numbers on every split; weights can overflow after the last loss of training. */
function isFiniteEverywhere(splits: {
  readonly train: Metrics;
  readonly validation?: Metrics;
  readonly test?: Metrics;
}): boolean {
  const { train: onTrain, validation, test } = splits;
  return [onTrain, validation, test].every((metrics) => metrics === undefined || Number.isFinite(metrics.cost));
}

async function evaluateSplit(
  prepared: Prepared,
  executor: Executor,
  feed: Feed,
  rows: readonly Uint32Array[],
): Promise<readonly Metrics[] | undefined> {
  return rows[0]!.length === 0 ? undefined : evaluateRows(prepared, executor, feed, rows);
}

async function finalResults(
  prepared: Prepared,
  executor: Executor,
  feed: Feed,
  progress: Progress,
  parameters: Float32Array,
): Promise<MemberResult[]> {
  const { views, members, plan } = prepared;
  const splits = (name: 'train' | 'validation' | 'test') => views.map((view) => view.split[name]);
  const train = await evaluateRows(prepared, executor, feed, splits('train'));
  const validation = await evaluateSplit(prepared, executor, feed, splits('validation'));
  const test = await evaluateSplit(prepared, executor, feed, splits('test'));
  return Promise.all(
    members.map(async (member, index) => ({
      seed: member.seed,
      train: train[index]!,
      ...(validation && { validation: validation[index]! }),
      ...(test && { test: test[index]! }),
      steps: progress.members[index]!.stoppedAt ?? progress.step,
      weightsSha256: await weightsSha256(plan.model, parameters, index),
    })),
  );
}

function namedWeights({ plan }: Prepared, parameters: Float32Array, member: number): TrainResult['weights'][number] {
  return Object.fromEntries(
    parameterTensors(plan.model).map(({ name, shape, arenaOffset }) => {
      const start = member * plan.model.memberStride + arenaOffset;
      return [name, { shape, data: parameters.slice(start, start + elementCount(shape)) }];
    }),
  );
}
