/**
 * Chunks of steps: one submit holds as many as fit a time budget, which adapts itself to what the last chunks took. Two may be in flight,
 * so that the device goes on while the host accounts for the one before.
 */
import type { Executor } from '../plan/executor.ts';
import type { Plan } from '../plan/plan.ts';
import type { StepScalars } from '../ops/kernel.ts';
import { lossColumns } from '../ops/tables.ts';
import type { Feed } from './session.ts';

interface Chunk {
  readonly firstStep: number;
  readonly count: number;
  /** Sums over the rows of each step and member [count, population, 3]; settles when the chunk is done. */
  readonly table: Promise<ArrayLike<number>>;
}

export interface Chunks {
  /** Chunks that were submitted and not taken. */
  inFlight(): number;
  /** Whether another chunk may wait behind those in flight: never behind one of unknown length. */
  mayQueue(): boolean;
  /** The device starts on steps again, after an evaluation: what came before does not count. */
  resume(): void;
  /** Submits a chunk from a step on, at most up to `stop`; gives the step after it. `run` replaces `executor.run`. */
  submit(
    firstStep: number,
    stop: number,
    plateaus: readonly number[],
    run?: (steps: readonly StepScalars[]) => Promise<void>,
  ): Promise<number>;
  /** Waits for the oldest chunk in flight. */
  take(): Promise<(Omit<Chunk, 'table'> & { readonly table: ArrayLike<number> }) | undefined>;
}

/** Milliseconds that a chunk should take on the device; a function is asked before each chunk. */
export type ChunkBudget = number | (() => number);

export interface ChunkOptions {
  readonly executor: Executor;
  readonly feed: Feed;
  readonly plan: Plan;
  readonly budgetMilliseconds: ChunkBudget;
  readonly kind: 'gpu' | 'cpu';
}

export function createChunks({ executor, feed, plan, budgetMilliseconds, kind }: ChunkOptions): Chunks {
  const flying: Chunk[] = [];
  // The CPU path runs a chunk as it is submitted: a second one would only keep signals waiting.
  const mostInFlight = kind === 'gpu' ? 2 : 1;
  const pace = createPace(budgetMilliseconds, plan.chunkRows);
  return {
    inFlight: () => flying.length,
    mayQueue: () => flying.length < (pace.isTimed() ? mostInFlight : 1),
    resume: pace.resume,
    async submit(firstStep, stop, plateaus, run) {
      const count = Math.min(pace.steps(), stop - firstStep);
      const steps = feed.loadTraining(executor, firstStep, count, plateaus);
      if (run === undefined) executor.run('train', { steps });
      else await run(steps);
      const table = executor.read('metrics', 0, count * plan.population * lossColumns);
      // Handled where it is awaited; a lost device must not end the process before that.
      table.catch(() => undefined);
      flying.push({ firstStep, count, table });
      return firstStep + count;
    },
    async take() {
      const chunk = flying.shift();
      if (chunk === undefined) return undefined;
      const table = await chunk.table;
      pace.finished(chunk.count);
      return { ...chunk, table };
    },
  };
}

/** How many steps fit the budget, from what the last ones took. */
export interface Pace {
  /** Steps of the next chunk. */
  steps(): number;
  /** Whether a chunk has been timed. */
  isTimed(): boolean;
  resume(): void;
  finished(steps: number): void;
}

export function createPace(budgetMilliseconds: ChunkBudget, mostSteps: number): Pace {
  // A step of unknown length may be a long one.
  let size = 1;
  let isTimed = false;
  let last = performance.now();
  return {
    steps: () => size,
    isTimed: () => isTimed,
    resume() {
      last = performance.now();
    },
    finished(steps) {
      const now = performance.now();
      const perStep = (now - last) / steps;
      last = now;
      isTimed = true;
      const budget = typeof budgetMilliseconds === 'function' ? budgetMilliseconds() : budgetMilliseconds;
      const fitting = Math.round(budget / Math.max(perStep, 1e-3));
      size = Math.max(1, Math.min(mostSteps, fitting, size * 2));
    },
  };
}
