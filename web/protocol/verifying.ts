/** Calls that prove a recipe or the device right: what `descent verify` and `descent gradcheck` do, and CPU beside GPU. */
import type { Recipe } from '../../src/recipe/schema.ts';
import type { ConformanceRow } from '../../src/verify/conformance.ts';
import type { GradientCheck } from '../../src/verify/gradcheck.ts';
import type { Verification } from '../../src/verify/lockstep.ts';
import type { Overfitting } from '../../src/verify/overfit.ts';
import type { Call } from './calls.ts';

/** Work of a known length. */
export interface Part {
  readonly done: number;
  readonly count: number;
  /** What is in work, or was last. */
  readonly what: string;
}

/** One side of a comparison in training; both take the same steps and hash their weights after the same ones. */
export interface SideRequest {
  /** Of one member. */
  readonly recipe: Recipe;
  readonly side: 'gpu' | 'cpu';
}

export type SideReport =
  /** The next stretch of steps: the mean loss of each one's batch. */
  | {
      readonly type: 'losses';
      readonly losses: readonly number[];
      readonly samplesPerSecond: number;
    }
  /** sha256 of the weights after so many steps; absent where the platform offers none. */
  | { readonly type: 'weights'; readonly step: number; readonly sha256: string | undefined };

export interface SideResult {
  readonly adapter: string;
  readonly steps: number;
  /** Over the whole run, without compiling and evaluating. */
  readonly samplesPerSecond: number;
}

export interface VerifyingCalls {
  /** Runs a recipe's plan on CPU and GPU call by call. */
  readonly verifyRecipe: Call<{ readonly recipe: Recipe; readonly steps: number }, Verification, Part>;
  /** Runs every kernel on cases of its own. */
  readonly verifyKernels: Call<undefined, readonly ConformanceRow[], Part & { readonly row: ConformanceRow }>;
  /** Compares the gradient with central differences, on the CPU. Keeps its worker from everything else: give it one of its own. */
  readonly checkGradient: Call<{ readonly recipe: Recipe }, GradientCheck, Part>;
  /** Learns 100 examples by heart. */
  readonly overfit: Call<{ readonly recipe: Recipe }, Overfitting, { readonly epoch: number; readonly loss: number }>;
  /** Trains on one side, and keeps nothing. The CPU's side belongs into a worker of its own. */
  readonly trainSide: Call<SideRequest, SideResult, SideReport>;
}
