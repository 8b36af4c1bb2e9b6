/** What a run reports while it goes, and at its end. Plain data, so that it can be printed, drawn or stored as it is. */
import type { Recipe } from '../recipe/schema.ts';
import type { Checkpoint } from './checkpoint.ts';

/** How one member does on one split. */
export interface Metrics {
  /** Mean loss per row, without the penalty. */
  readonly loss: number;
  /** Loss plus the L2 penalty. */
  readonly cost: number;
  /** Share of right answers, 0..1; only for classifiers. */
  readonly accuracy?: number;
}

export interface MemberEvaluation {
  readonly learningRate: number;
  /** Mean over the training batches since the last evaluation, with the weights as they were then. */
  readonly train: Metrics;
  readonly validation?: Metrics;
}

export interface StartEvent {
  readonly type: 'start';
  readonly adapter: string;
  readonly device: 'gpu' | 'cpu';
  readonly recipe: Recipe;
  readonly parameters: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** Where the run starts: 0, or the step of the checkpoint. */
  readonly step: number;
  readonly peakDeviceBytes: number;
  readonly compileSeconds: number;
  /** What a user should know about the data. */
  readonly notes: readonly string[];
}

/** After each chunk of steps. */
export interface ProgressEvent {
  readonly type: 'progress';
  readonly step: number;
  readonly epoch: number;
  /** Mean training loss over the chunk, per member. */
  readonly losses: readonly number[];
  readonly samplesPerSecond: number;
}

export interface EvaluationEvent {
  readonly type: 'evaluation';
  /** Steps done. */
  readonly step: number;
  readonly epoch: number;
  readonly members: readonly MemberEvaluation[];
}

/** All that is needed to go on later to the same bits. Comes at least every two seconds and at the end. */
export interface CheckpointEvent {
  readonly type: 'checkpoint';
  readonly checkpoint: Checkpoint;
}

export type TrainEvent = StartEvent | ProgressEvent | EvaluationEvent | CheckpointEvent;

/** How one member ended. */
export interface MemberResult {
  readonly seed: number;
  readonly train: Metrics;
  readonly validation?: Metrics;
  readonly test?: Metrics;
  /** Steps that changed its weights: fewer than the run's after early stopping. */
  readonly steps: number;
  /** Of the little-endian float32 bytes of its parameters, in file order. */
  readonly weightsSha256: string;
}

/** The result of a run; of a population, `members` holds all and the fields here are those of the first. */
export interface TrainResult extends MemberResult {
  readonly adapter: string;
  readonly device: 'gpu' | 'cpu';
  readonly parameters: number;
  readonly epochs: number;
  readonly seconds: { readonly compile: number; readonly train: number; readonly total: number };
  readonly samplesPerSecond: number;
  readonly peakDeviceBytes: number;
  readonly members: readonly MemberResult[];
  /** Named parameters of each member, as they are stored. */
  readonly weights: readonly Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >[];
}
