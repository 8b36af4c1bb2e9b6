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
}
