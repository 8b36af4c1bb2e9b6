/**
 * Descent's own figures for a training workload: steps, kernels, the host's share, the way to the first step, and an epoch. Everything is
 * warm before it is timed, and waited for once at the end.
 */
import { callMultiplyAdds } from '../src/plan/plan.ts';
import type { Plan } from '../src/plan/plan.ts';
import { createExecutor } from '../src/train/device.ts';
import type { Device } from '../src/train/device.ts';
import { createFeed, initialArena, prepare, uploadData } from '../src/train/session.ts';
import type { StepScalars } from '../src/ops/kernel.ts';
import type { Executor } from '../src/plan/executor.ts';
import { train } from '../src/train/trainer.ts';
import { openNullDevice } from './null-device.ts';
import { repeatsFor, summarize } from './statistics.ts';
import type { Spread } from './statistics.ts';
import { openStepper } from './stepper.ts';
import type { Stepper } from './stepper.ts';
import type { TrainingWorkload } from './workloads.ts';

/** Time that one round of a measurement should fill. */
const roundMilliseconds = 500;
/** Time that the repetitions of one kernel should fill. */
const kernelMilliseconds = 50;

export interface StepFigure {
  /** Milliseconds of one step; of a population, of all members together. */
  readonly ms: Spread;
  readonly stepsPerRound: number;
  /** Rows a second, times members. */
  readonly samplesPerSecond: number;
  /** By the multiply-adds of the matrix products alone, two operations each. */
  readonly gflops: number;
  /** Kernels that one step launches; what runs once for a chunk does not count. */
  readonly dispatches: number;
}

/** Times whole steps, `rounds` times. */
export async function measureSteps(stepper: Stepper, rounds: number): Promise<StepFigure> {
  const { plan } = stepper.prepared;
  // The first steps compile, the next show how long a round has to be.
  await stepper.train(1);
  const roughMs = (await timeSteps(stepper, 2)) / 2;
  await stepper.train(repeatsFor(roundMilliseconds, roughMs, 2, 2000));
  const stepsPerRound = repeatsFor(roundMilliseconds, (await timeSteps(stepper, 4)) / 4, 4, 5000);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push((await timeSteps(stepper, stepsPerRound)) / stepsPerRound);
  const ms = summarize(times);
  const calls = plan.programs.train;
  return {
    ms,
    stepsPerRound,
    samplesPerSecond: (plan.batch * plan.population * 1000) / ms.median,
    gflops: gigaflops(
      calls.reduce((sum, call) => sum + callMultiplyAdds(call), 0),
      ms.median,
    ),
    dispatches: stepDispatches(plan),
  };
}

/** Kernels that one training step launches; what runs once for a chunk does not count. */
export function stepDispatches({ programs }: Pick<Plan, 'programs'>): number {
  return programs.train.filter(({ kernel }) => kernel.oncePerRun !== true).length;
}

export interface ObservedFigure {
  /** Time of a step with observations over that of one without. */
  readonly ratio: Spread;
  /** How often a second the steps were observed. */
  readonly perSecond: number;
  /** What one observation adds, from the median. */
  readonly observationMs: number;
}

/** Turns of each kind in a round, and the time that one should fill. */
const observedTurns = 4;
const turnMilliseconds = 250;

/**
 * What it costs to observe steps ten times a second. Steps with and without take turns, so that whatever else the machine does falls on
 * both; chunks are short enough to be observed so often.
 */
export async function measureObserved(
  device: Device,
  workload: TrainingWorkload,
  rounds: number,
): Promise<ObservedFigure> {
  const chunkMilliseconds = 50;
  using plain = await openStepper(device, workload, { chunkMilliseconds });
  using observed = await openStepper(device, workload, { chunkMilliseconds, observations: { everySeconds: 0.1 } });
  for (const stepper of [plain, observed]) await stepper.train(4);
  const steps = repeatsFor(turnMilliseconds, (await timeSteps(plain, 4)) / 4, 2, 20_000);
  for (const stepper of [plain, observed]) await stepper.train(2 * steps);
  const before = observed.observations();
  const ratios: number[] = [];
  let observedMilliseconds = 0;
  for (let round = 0; round < rounds; round++) {
    const times = { plain: 0, observed: 0 };
    for (let turn = 0; turn < observedTurns; turn++) {
      // Neither is always the first.
      const order = turn % 2 === 0 ? (['plain', 'observed'] as const) : (['observed', 'plain'] as const);
      for (const which of order) times[which] += await timeSteps(which === 'plain' ? plain : observed, steps);
    }
    ratios.push(times.observed / times.plain);
    observedMilliseconds += times.observed;
  }
  const perSecond = ((observed.observations() - before) * 1000) / observedMilliseconds;
  const ratio = summarize(ratios);
  return { ratio, perSecond, observationMs: (1000 * (1 - 1 / ratio.median)) / perSecond };
}

/** Milliseconds of so many further steps. */
export async function timeSteps(stepper: Stepper, steps: number): Promise<number> {
  const started = performance.now();
  await stepper.train(steps);
  return performance.now() - started;
}

/** Thousand million operations a second, from multiply-adds in so many milliseconds. */
export function gigaflops(multiplyAdds: number, ms: number): number {
  return (2 * multiplyAdds) / (ms * 1e6);
}

export interface KernelFigure {
  readonly kernel: string;
  readonly layer: string;
  /** Launch variant; of the CPU path none. */
  readonly variant?: string;
  readonly ms: Spread;
  /** Of all kernels' time together. */
  readonly share: number;
  /** Of matrix products only. */
  readonly gflops?: number;
}

/**
 * Times each kernel of a training step by itself, many times in one submit. What runs before it in a step runs first, so that it reads
 * what it reads in training; only kernels that update in place see other numbers each time.
 */
export async function measureKernels(
  { prepared, executor, feed, plateaus }: Stepper,
  rounds: number,
): Promise<KernelFigure[]> {
  const { plan } = prepared;
  const calls = plan.programs.train;
  const initial = initialArena(prepared);
  const steps = feed.loadTraining(executor, 0, plan.chunkRows, plateaus);
  const variants = executor.variants?.('train');
  const timed: { readonly index: number; readonly ms: Spread }[] = [];
  for (const index of calls.keys()) {
    executor.write('parameters', initial);
    if (index > 0) executor.run('train', { steps: steps.slice(0, 1), callCount: index });
    const ms = await timeRepeats(executor, { program: 'train', firstCall: index, steps, waitFor: 'metrics' }, rounds);
    timed.push({ index, ms });
  }
  const total = timed.reduce((sum, { ms }) => sum + ms.median, 0);
  return timed.flatMap(({ index, ms }) => {
    const call = calls[index];
    if (call === undefined) return [];
    const multiplyAdds = callMultiplyAdds(call);
    const variant = variants?.[index];
    return {
      kernel: call.kernel.name,
      layer: call.layer,
      ...(variant !== undefined && { variant }),
      ms,
      share: ms.median / total,
      ...(multiplyAdds > 0 && { gflops: gigaflops(multiplyAdds, ms.median) }),
    };
  });
}

export interface RepeatedCall {
  readonly program: string;
  readonly firstCall: number;
  /** One row for each repetition in a submit, as many as the executor takes. */
  readonly steps: readonly StepScalars[];
  /** A buffer to read one element of, which waits for everything before. */
  readonly waitFor: string;
}

/** Milliseconds of one call of a program, repeated until it fills some 50 ms, `rounds` times. */
export async function timeRepeats(
  executor: Executor,
  { program, firstCall, steps, waitFor }: RepeatedCall,
  rounds: number,
): Promise<Spread> {
  const once = async (repeats: number): Promise<number> => {
    const started = performance.now();
    for (let done = 0; done < repeats; done += steps.length) {
      executor.run(program, { steps: steps.slice(0, repeats - done), firstCall, callCount: 1 });
    }
    await executor.read(waitFor, 0, 1);
    return (performance.now() - started) / repeats;
  };
  await once(1);
  const aloneMs = await once(1);
  // One that is short is mostly the waiting for it; a few tell better.
  const few = repeatsFor(kernelMilliseconds / 5, aloneMs, 1, 100);
  const repeats = repeatsFor(kernelMilliseconds, few === 1 ? aloneMs : await once(few), 1, 5000);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await once(repeats));
  return summarize(times);
}

/**
 * Microseconds of CPU time that the host spends on each step, Dawn's own share of recording included: chunks are prepared, recorded and
 * submitted to Dawn's null backend, which computes nothing. Undefined where Dawn has no such backend.
 */
export async function measureHost(
  { recipe, createDataset }: TrainingWorkload,
  rounds: number,
): Promise<Spread | undefined> {
  using device = await openNullDevice();
  if (device === undefined) return undefined;
  const prepared = prepare(recipe, createDataset(), { maxBindingBytes: device.maxBindingBytes });
  using executor = await createExecutor(device, prepared.plan);
  uploadData(prepared, executor);
  const feed = createFeed(prepared);
  const plateaus = prepared.members.map(() => 1);
  // About what a chunk of the trainer holds.
  const chunkSteps = Math.min(prepared.plan.chunkRows, 32);
  let step = 0;
  const chunk = async (): Promise<number> => {
    // Not by the clock: on a busy machine that counts the others' time.
    const before = process.cpuUsage();
    executor.run('train', { steps: feed.loadTraining(executor, step, chunkSteps, plateaus) });
    const { user, system } = process.cpuUsage(before);
    step += chunkSteps;
    await executor.read('metrics', 0, 1);
    return user + system;
  };
  const times: number[] = [];
  for (let round = -1; round < rounds; round++) {
    let microseconds = 0;
    for (let count = 0; count < 50; count++) microseconds += await chunk();
    // The first round lets the engine compile.
    if (round >= 0) times.push(microseconds / (50 * chunkSteps));
  }
  return summarize(times);
}

/** Milliseconds from `train()` to its first finished step, with the dataset in memory and the shaders compiled by an earlier run. */
export async function measureFirstStep(
  device: Device,
  { recipe, createDataset }: TrainingWorkload,
  rounds: number,
): Promise<Spread> {
  const dataset = createDataset();
  const { epochs: _epochs, ...rest } = recipe;
  const times: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const started = performance.now();
    let took: number | undefined;
    for await (const { type } of train({ ...rest, steps: 1 }, { device, dataset })) {
      if (type === 'progress') took ??= performance.now() - started;
    }
    if (round >= 0 && took !== undefined) times.push(took);
  }
  return summarize(times);
}

/**
 * Milliseconds of the first epoch of a run of the public `train`, from the moment that everything is resident to the epoch's last step:
 * chunks that grow from one step, losses, events and checkpoints included; not the evaluation that follows, which no peer's `fit` has.
 */
export async function timeEpoch(
  device: Device,
  workload: TrainingWorkload,
  dataset = workload.createDataset(),
): Promise<number> {
  let started = Number.NaN;
  let took = Number.NaN;
  for await (const { type } of train(workload.recipe, { device, dataset })) {
    if (type === 'start') started = performance.now();
    else if (type === 'progress') took = performance.now() - started;
  }
  return took;
}

export interface EpochFigure {
  readonly ms: Spread;
  readonly samplesPerSecond: number;
}

export async function measureEpoch(device: Device, workload: TrainingWorkload, rounds: number): Promise<EpochFigure> {
  const dataset = workload.createDataset();
  await timeEpoch(device, workload, dataset);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await timeEpoch(device, workload, dataset));
  const ms = summarize(times);
  return { ms, samplesPerSecond: (workload.rows * 1000) / ms.median };
}
