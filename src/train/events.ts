/** What a run reports while it goes, and at its end. Plain data, so that it can be printed, drawn or stored as it is. */
import type { Recipe } from '../recipe/schema.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Observation } from './observe.ts';
import type { Profile } from './profile.ts';
import type { SavedModel } from './saved-model.ts';

/** How one member does on one split; NaN for a member of a population that has diverged. */
export interface Metrics {
  /** Mean loss per row, without the penalty. */
  readonly loss: number;
  /** Loss plus the L2 penalty. */
  readonly cost: number;
  /** Share of right answers, 0..1; only for classifiers. */
  readonly accuracy?: number;
  /** Share of rows whose class is among the k largest outputs, where the recipe asks for it. */
  readonly topKAccuracy?: number;
  /** Root of the mean squared error over rows and outputs, in the target's unit; only for regressions, and while the squares are finite. */
  readonly rmse?: number;
  /** 1 - squared error / squared deviation of the split's targets from their mean, of each output; absent where these do not vary. */
  readonly r2?: number;
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
  /** Buffers of the plan; what reads results back comes on top. */
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
  /** [steps of the chunk, population, 3]: sums over each step's batch: losses, right answers, and what `lossColumns` says of the third. */
  readonly batchSums: ArrayLike<number>;
  /** Of the chunk's last step, per member. */
  readonly learningRates: readonly number[];
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

/** If observations were asked for: after the progress of the chunk that the observed step ends. */
export interface ObservationEvent {
  readonly type: 'observation';
  readonly observation: Observation;
}

export type TrainEvent = StartEvent | ProgressEvent | EvaluationEvent | ObservationEvent | CheckpointEvent;

/** How one member ended. */
export interface MemberResult {
  readonly seed: number;
  readonly train: Metrics;
  readonly validation?: Metrics;
  readonly test?: Metrics;
  /** Steps that changed its weights: fewer than the run's after early stopping. */
  readonly steps: number;
  /** Of the float32 bytes, little-endian, of its parameters and running statistics in file order; absent where there is no sha256. */
  readonly weightsSha256?: string;
  /** Steps done when its loss or weights were found not finite; its metrics are NaN then and its weights zeros. */
  readonly divergedAt?: number;
}

/** Named parameters and running statistics of one member, in file order. */
export type MemberWeights = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
>;

/** The result of a run; of a population, `members` holds all and the fields of one member are those of the first. */
export interface TrainResult extends MemberResult {
  /** Steps of the run: the most that any member took. */
  readonly steps: number;
  readonly adapter: string;
  readonly device: 'gpu' | 'cpu';
  readonly parameters: number;
  readonly epochs: number;
  /**
   * `train`: steps only, and `total`: all from the call of `train` to the result, both added up over the sessions of a resumed run up to
   * the checkpoints they went on from. `compile`: of the last session.
   */
  readonly seconds: { readonly compile: number; readonly train: number; readonly total: number };
  readonly samplesPerSecond: number;
  readonly peakDeviceBytes: number;
  readonly members: readonly MemberResult[];
  /** Parameters and running statistics of each member; `writeWeights` makes a file of them. */
  readonly weights: readonly MemberWeights[];
  /** What predictions need beside the recipe and the weights. */
  readonly model: SavedModel;
  /** If it was asked for and a step was left to time. */
  readonly profile?: Profile;
}
