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

export function createCpuExecutor(plan: Executable, math: Arithmetic = float32): CpuExecutor {
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

  function runStep(calls: readonly BoundCall[], step: StepScalars): void {
    for (const { call, tensors } of calls) {
      call.kernel.twin(tensors, call.params, { math, step, constants: call.constants });
    }
  }

  return {
    plan,
    values: bufferAt,
    write(buffer, values, elementOffset = 0) {
      bufferAt(buffer).set(values, elementOffset);
    },
    run(program, { steps, firstCall = 0, callCount }: RunOptions) {
      const calls = programOf(programs, program);
      const chosen = calls.slice(firstCall, callCount === undefined ? undefined : firstCall + callCount);
      for (const step of steps) runStep(chosen, step);
    },
    copy(from, to, elementOffset = 0, elements) {
      const source = bufferAt(from);
      const end = elements === undefined ? source.length : elementOffset + elements;
      bufferAt(to).set(source.subarray(elementOffset, end), elementOffset);
    },
    async read(buffer, elementOffset = 0, elements) {
      const values = bufferAt(buffer).slice(
        elementOffset,
        elements === undefined ? undefined : elementOffset + elements,
      );
      // Lets timers and signals in between the chunks of a long run.
      await new Promise((resolve) => setTimeout(resolve));
      return values;
    },
    [Symbol.dispose]() {
      buffers.clear();
    },
  };
}
