/**
 * Runs a plan on the CPU with the kernels' twins: in float32 the definition of every bit, in float64 for gradient checks.
 */
import { float32 } from '../arithmetic/arithmetic.ts';
import type { Arithmetic } from '../arithmetic/arithmetic.ts';
import type { StepScalars, Values } from '../ops/kernel.ts';
import { programOf } from '../plan/executor.ts';
import type { Executor, RunOptions } from '../plan/executor.ts';
import type { Call, Executable } from '../plan/plan.ts';

export interface CpuExecutor extends Executor {
  /** The content of a buffer itself, not a copy: a change of it is seen by the next run. */
  values(buffer: string): Values;
}

interface BoundCall {
  readonly call: Call;
  readonly tensors: Readonly<Record<string, Values>>;
}

/**
 * A run that takes longer than `pauseMilliseconds` is gone on with where it is waited for, in `read`, with pauses for timers and signals;
 * whatever else is asked of the executor finishes it first.
 */
export function createCpuExecutor(
  plan: Executable,
  math: Arithmetic = float32,
  pauseMilliseconds = Infinity,
): CpuExecutor {
  const buffers = new Map<string, Values>(
    plan.buffers.map(({ name, dtype, elements }) => [
      name,
      dtype === 'f32' ? math.array(elements) : new Uint32Array(elements),
    ]),
  );
  const bufferAt = (name: string): Values => {
    const values = buffers.get(name);
    if (values === undefined) throw new Error(`the plan has no buffer "${name}"`);
    return values;
  };
  const bind = (call: Call): BoundCall => ({
    call,
    tensors: Object.fromEntries(
      Object.entries(call.tensors).map(([binding, { buffer, elementOffset, elements }]) => [
        binding,
        bufferAt(buffer).subarray(elementOffset, elementOffset + elements),
      ]),
    ),
  });
  const programs = Object.fromEntries(
    Object.entries(plan.programs).map(([name, calls]) => [name, calls.map(bind)]),
  ) as Record<string, BoundCall[]>;

  function* runCalls(calls: readonly BoundCall[], steps: readonly StepScalars[]): Generator<void, void, void> {
    for (const [index, step] of steps.entries()) {
      const isLast = index === steps.length - 1;
      for (const { call, tensors } of calls) {
        const { oncePerRun } = call.kernel;
        if (oncePerRun && !isLast) continue;
        const stepCount = oncePerRun ? steps.length : 1;
        call.kernel.twin(tensors, call.params, { math, step, stepCount, constants: call.constants });
        yield;
      }
    }
  }
  /** What the last run has still to do. */
  let rest = runCalls([], []);
  /** Reads that wait for it. */
  let readers: (() => void)[] = [];

  /** Goes on with the run, for about the time between two pauses; returns whether it is done. */
  function goOn(milliseconds = pauseMilliseconds): boolean {
    const until = performance.now() + milliseconds;
    while (rest.next().done !== true) if (performance.now() >= until) return false;
    return true;
  }
  function finish(): void {
    goOn(Infinity);
    for (const take of readers) take();
    readers = [];
  }

  return {
    plan,
    values(buffer) {
      finish();
      return bufferAt(buffer);
    },
    write(buffer, values, elementOffset = 0) {
      finish();
      bufferAt(buffer).set(values, elementOffset);
    },
    run(program, { steps, firstCall = 0, callCount }: RunOptions) {
      const calls = programOf(programs, program);
      const chosen = calls.slice(firstCall, callCount === undefined ? undefined : firstCall + callCount);
      finish();
      rest = runCalls(chosen, steps);
      goOn();
    },
    copy(from, to, elementOffset = 0, elements) {
      finish();
      const source = bufferAt(from);
      const end = elements === undefined ? source.length : elementOffset + elements;
      bufferAt(to).set(source.subarray(elementOffset, end), elementOffset);
    },
    async read(buffer, elementOffset = 0, elements) {
      const end = elements === undefined ? undefined : elementOffset + elements;
      const content: { values?: Values } = {};
      readers.push(() => {
        content.values = bufferAt(buffer).slice(elementOffset, end);
      });
      while (content.values === undefined) {
        if (goOn()) finish();
        // Lets timers and signals in.
        await new Promise((resolve) => setTimeout(resolve));
      }
      return content.values;
    },
    [Symbol.dispose]() {
      buffers.clear();
    },
  };
}
