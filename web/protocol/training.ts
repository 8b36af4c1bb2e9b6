/** Calls and events of training one run. */
import type { EvaluationEvent, StartEvent } from '../../src/train/events.ts';
import type { Observation } from '../../src/train/observe.ts';
import type { ResultJson } from '../../src/train/result-json.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import type { Call } from './calls.ts';

export interface TrainRequest {
  /** The run in the browser's storage: a new one, or one to go on with. */
  readonly runId: string;
  /** For people; of a new run. */
  readonly name: string;
  readonly recipe: Recipe;
  /** Stops after the first chunk, which is a single step. */
  readonly singleStep?: boolean;
  /** Take statistics and weights ten times a second; default: yes. */
  readonly observe?: boolean;
}

/** A stretch of steps, of each member; at most about thirty of these come a second. */
export interface LossPoint {
  /** Steps done at its end. */
  readonly step: number;
  /** Mean over the rows of its batches; NaN for a member that has diverged. */
  readonly losses: readonly number[];
  /** Share of right answers; classifiers only. */
  readonly accuracies?: readonly number[];
  readonly learningRates: readonly number[];
}

export interface ProgressReport {
  readonly type: 'progress';
  readonly step: number;
  readonly epoch: number;
  readonly points: readonly LossPoint[];
  readonly samplesPerSecond: number;
  readonly stepsPerSecond: number;
  /** Until the end, as far as the speed so far tells. */
  readonly secondsLeft: number;
}

/** Before the first step of a session; `evaluations` are those of the sessions before. */
export interface StartReport extends StartEvent {
  readonly runId: string;
  readonly evaluations: readonly EvaluationEvent[];
}

export type TrainReport =
  | StartReport
  | ProgressReport
  | EvaluationEvent
  | { readonly type: 'observation'; readonly observation: Observation }
  /** A checkpoint lies in the browser's storage. */
  | { readonly type: 'saved'; readonly step: number }
  /** The device was lost; the run goes on from its last checkpoint on a new one. */
  | { readonly type: 'recovered'; readonly reason: string; readonly step: number };

export type TrainOutcome =
  | { readonly state: 'finished'; readonly step: number; readonly result: ResultJson }
  | { readonly state: 'paused'; readonly step: number };

export interface TrainingCalls {
  /** Trains to the end, or until it is cancelled: then the outcome is `paused`. */
  readonly train: Call<TrainRequest, TrainOutcome, TrainReport>;
}
