/**
 * What runs a plan. Both executors take the same calls: the CPU's is the definition, the GPU's is the speed.
 */
import type { StepScalars, Values } from '../ops/kernel.ts';
import type { Executable } from './plan.ts';

export interface RunOptions {
  /** Scalars of each step, one row each; at most `plan.chunkRows`. */
  readonly steps: readonly StepScalars[];
  /** Only these calls of the program, for verification; default: all. */
  readonly firstCall?: number;
  readonly callCount?: number;
}

export interface TimeOptions extends RunOptions {
  /** Each call in a pass of its own; else one pass for all of them, as `run` has it. */
  readonly apart: boolean;
}

/** What an executor has bound for a program. Throws for a name that the plan does not know. */
export function programOf<T>(programs: Readonly<Record<string, T>>, name: string): T {
  const program = programs[name];
  if (program !== undefined) return program;
  throw new Error(`the plan has no program "${name}" (has: ${Object.keys(programs).join(', ')})`);
}

export interface Executor extends Disposable {
  readonly plan: Executable;
  /** Copies values into a buffer at an element offset; ordered with the runs. */
  write(buffer: string, values: Values, elementOffset?: number): void;
  /** Runs every call of a program once per step; ordered, and not waited for. */
  run(program: string, options: RunOptions): void;
  /** Copies one buffer to another of the same size, or a range of it. */
  copy(from: string, to: string, elementOffset?: number, elements?: number): void;
  /** The content of a buffer once everything before has run. */
  read(buffer: string, elementOffset?: number, elements?: number): Promise<Values>;
  /** The launch variant of each call of a program; absent where there are none. */
  variants?(program: string): readonly string[];
  /**
   * As `run`; gives begin and end of each pass in nanoseconds by the device's clock, [steps, calls, 2] if apart. Absent where the
   * device has no such clock.
   */
  time?(program: string, options: TimeOptions): Promise<BigUint64Array>;
}
