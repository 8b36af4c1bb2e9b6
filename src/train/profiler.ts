/**
 * Times each kernel of the training program on a sample of a run's own steps. A timed step does what it would have
 * done untimed, in the same order: only the passes are cut differently, so that profiling changes no bit of the result.
 */
import type { StepScalars } from '../ops/kernel.ts';
import type { Executor, TimeOptions } from '../plan/executor.ts';
import { callBytes, callMultiplyAdds } from '../plan/plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { KernelName, KernelProfile, KernelSpan, Profile } from './profile.ts';

export interface Profiler {
  /** Whether the chunk from this step on is to be run here, with nothing else in flight. */
  wanted(step: number): boolean;
  /** Runs the training program for these steps and times as many as are of use. */
  run(steps: readonly StepScalars[]): Promise<void>;
  /** Undefined if no step was timed. */
  profile(): Profile | undefined;
}

const mostStepsAtATime = 50;
const enoughSteps = 100;
const enoughMilliseconds = 3000;

/** A profiler of a run from one step to another on a device of this kind. */
export function openProfiler(
  plan: Plan,
  executor: Executor,
  kind: 'gpu' | 'cpu',
  firstStep: number,
  lastStep: number,
): Profiler {
  const names = callNames(plan, executor);
  // Drivers finish pipelines in the first step; it is a chunk of its own.
  const firstTimed = Math.min(firstStep + 1, lastStep - 1);
  const spans: KernelSpan[] = [];
  const plainSteps: number[] = [];
  let spentMilliseconds = 0;
  let apart = true;
  let origin: bigint | undefined;
  let latest = 0;
  const isEnough = () =>
    apart && (spans.length >= enoughSteps * names.length || spentMilliseconds >= enoughMilliseconds);

  async function timePiece(steps: readonly StepScalars[]): Promise<void> {
    const started = performance.now();
    const options = { steps, apart };
    const times = executor.time
      ? await executor.time('train', options)
      : await timeOnWall(executor, names.length, options, kind);
    const since = (index: number) => Number((times[index] ?? 0n) - (origin ??= times[0] ?? 0n)) / 1000;
    if (apart) {
      for (let index = 0; index < times.length; index += 2) {
        // A device may begin a pass while the one before still ends: that time is the earlier one's.
        const startMicroseconds = Math.max(since(index), latest);
        latest = Math.max(since(index + 1), startMicroseconds);
        const call = (index / 2) % names.length;
        const step = steps[Math.floor(index / 2 / names.length)]?.step ?? 0;
        spans.push({ ...names[call]!, step, startMicroseconds, microseconds: latest - startMicroseconds });
      }
    } else {
      plainSteps.push((since(1) - since(0)) / steps.length);
    }
    apart = !apart;
    spentMilliseconds += performance.now() - started;
  }

  return {
    wanted: (step) => step >= firstTimed && !isEnough(),
    async run(steps) {
      for (let first = 0; first < steps.length; first += mostStepsAtATime) {
        const piece = steps.slice(first, first + mostStepsAtATime);
        if (isEnough()) executor.run('train', { steps: piece });
        else await timePiece(piece);
      }
    },
    profile() {
      if (spans.length === 0) return undefined;
      const clock = executor.time ? 'timestamps' : 'wall';
      const plain = plainSteps.length > 0 && { plainStepMicroseconds: median(plainSteps) };
      return { clock, ...summarise(plan, names, spans), ...plain, spans };
    },
  };
}

function callNames(plan: Plan, executor: Executor): KernelName[] {
  const variants = executor.variants?.('train');
  return plan.programs.train.map(({ kernel, layer }, index) => {
    const variant = Object.keys(kernel.variants).length > 1 ? variants?.[index] : undefined;
    return { kernel: kernel.name, layer, ...(variant !== undefined && { variant }) };
  });
}

/** What `Executor.time` does, on the host's clock: each pass is waited for, where the device does not work while it is called. */
async function timeOnWall(
  executor: Executor,
  callCount: number,
  { steps, apart }: TimeOptions,
  kind: 'gpu' | 'cpu',
): Promise<BigUint64Array> {
  // The CPU path goes on with a long run when it is read; a single call it never cuts.
  const wait = async (): Promise<void> => {
    if (kind === 'gpu' || !apart) await executor.read('metrics', 0, 1);
  };
  const now = () => BigInt(Math.round(performance.now() * 1e6));
  const passes = apart
    ? steps.flatMap((step) =>
        Array.from({ length: callCount }, (_, firstCall) => ({ steps: [step], firstCall, callCount: 1 })),
      )
    : [{ steps }];
  const times = new BigUint64Array(2 * passes.length);
  await wait();
  for (const [index, pass] of passes.entries()) {
    times[2 * index] = now();
    executor.run('train', pass);
    await wait();
    times[2 * index + 1] = now();
  }
  return times;
}

function summarise(plan: Plan, names: readonly KernelName[], spans: readonly KernelSpan[]) {
  const stepCount = spans.length / names.length;
  const sumPerStep = (calls: readonly number[]): number[] =>
    Array.from({ length: stepCount }, (_, row) =>
      calls.reduce((sum, call) => sum + (spans[row * names.length + call]?.microseconds ?? 0), 0),
    );
  const busy = sumPerStep([...names.keys()]);
  const whole = busy.map((_, row) => {
    const first = spans[row * names.length]!;
    const last = spans[(row + 1) * names.length - 1]!;
    return last.startMicroseconds + last.microseconds - first.startMicroseconds;
  });
  const stepMicroseconds = median(whole);

  const groups = new Map<string, number[]>();
  for (const [call, name] of names.entries()) {
    const key = JSON.stringify(name);
    groups.set(key, [...(groups.get(key) ?? []), call]);
  }
  const kernels = Array.from(groups.values(), (calls): KernelProfile => {
    const inStep = median(sumPerStep(calls));
    const sum = (count: (call: Plan['programs']['train'][number]) => number) =>
      calls.reduce((total, call) => total + count(plan.programs.train[call]!), 0);
    const multiplyAdds = sum(callMultiplyAdds);
    const bytes = sum((call) => callBytes(plan, call));
    return {
      ...names[calls[0]!]!,
      callsPerStep: calls.length,
      microseconds: inStep / calls.length,
      share: stepMicroseconds === 0 ? 0 : inStep / stepMicroseconds,
      ...(multiplyAdds > 0 && inStep > 0 && { gigaflopsPerSecond: (2 * multiplyAdds) / inStep / 1000 }),
      ...(bytes > 0 && inStep > 0 && { gigabytesPerSecond: bytes / inStep / 1000 }),
    };
  });
  const gapMicroseconds = median(whole.map((microseconds, row) => microseconds - (busy[row] ?? 0)));
  return { steps: stepCount, kernels, gapMicroseconds, stepMicroseconds };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
