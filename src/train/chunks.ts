/**
 * Chunks of steps: one submit holds as many as fit a time budget, which adapts itself to what the last chunks took. Two may be in flight,
 * so that the device goes on while the host accounts for the one before.
 */
import type { Executor } from '../plan/executor.ts';
import type { Plan } from '../plan/plan.ts';
import type { StepScalars } from '../ops/kernel.ts';
import type { Feed } from './session.ts';

export interface Chunk {
  readonly firstStep: number;
  readonly count: number;
  /** Sums of loss and right answers of each step and member [count, population, 2]; settles when the chunk is done. */
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
  take(): Promise<
    { readonly firstStep: number; readonly count: number; readonly table: ArrayLike<number> } | undefined
  >;
}

export interface ChunkOptions {
  readonly executor: Executor;
  readonly feed: Feed;
  readonly plan: Plan;
  readonly budgetMilliseconds: number;
  /** The CPU path runs a chunk as it is submitted: a second one would only keep signals waiting. */
  readonly mostInFlight: number;
}

export function createChunks({ executor, feed, plan, budgetMilliseconds, mostInFlight }: ChunkOptions): Chunks {
  const flying: Chunk[] = [];
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
      const ahead = flying.reduce((sum, chunk) => sum + chunk.count, count);
      const table = executor.read('metrics', 0, count * plan.population * 2, pace.expected(ahead));
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
  /** Milliseconds from now until so many steps, all that are in flight, are done; 0 while nothing is known. */
  expected(steps: number): number;
  resume(): void;
  finished(steps: number): void;
}

/** Chunks that tell what a step takes: of two in flight the second may be seen right after the first. */
const recentChunks = 2;

export function createPace(budgetMilliseconds: number, mostSteps: number): Pace {
  // A step of unknown length may be a long one.
  let size = 1;
  let isFirst = true;
  let last = performance.now();
  let recent: { readonly milliseconds: number; readonly steps: number }[] = [];
  const perStep = (): number => {
    const [milliseconds, steps] = recent.reduce(([a, b], chunk) => [a + chunk.milliseconds, b + chunk.steps], [0, 0]);
    return Math.max(milliseconds / steps, 1e-3);
  };
  return {
    steps: () => size,
    isTimed: () => !isFirst,
    expected: (steps) => (recent.length === 0 ? 0 : Math.max(0, last + steps * perStep() - performance.now())),
    resume() {
      last = performance.now();
    },
    finished(steps) {
      const now = performance.now();
      const taken = { milliseconds: now - last, steps };
      last = now;
      // In the first chunk shaders are compiled, which nobody should sleep through again.
      if (isFirst) size = Math.max(1, Math.min(2, Math.round(budgetMilliseconds / taken.milliseconds)));
      else {
        recent = [...recent, taken].slice(-recentChunks);
        size = Math.max(1, Math.min(mostSteps, Math.round(budgetMilliseconds / perStep()), size * 2));
      }
      isFirst = false;
    },
  };
}
