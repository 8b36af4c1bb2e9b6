/**
 * Calls that look inside the model that the page shows: the run in training as of its last observation, or a run that is paused or done. What is
 * looked at is one thing at a time, and nothing else is computed.
 */
import type { SplitName } from '../../src/data/dataset.ts';
import type { LayerActivation } from '../../src/train/inspect.ts';
import type { Call } from './calls.ts';

/** What there is to look at. */
export interface LookSubject {
  readonly runId: string;
  readonly task: 'classification' | 'regression';
  /** Whether the outputs come as probabilities: softmax of the logits. */
  readonly probabilities: boolean;
  /** [features], or [height, width, channels]. */
  readonly inputShape: readonly number[];
  /** Of inputs that are bytes, the largest; absent where they are other numbers. */
  readonly largestByte?: number;
  readonly inputNames: readonly string[];
  /** Of the classes, or of the outputs of a regression. */
  readonly outputNames: readonly string[];
  readonly population: number;
  readonly rows: Readonly<Record<SplitName, number>>;
  readonly weights: readonly WeightTensor[];
}

/** A weight or kernel that can be looked at. */
export interface WeightTensor {
  readonly name: string;
  /** dense: [inputs, units]; conv2d: [kernelH, kernelW, inC, outC]. */
  readonly shape: readonly number[];
  /** Of a dense layer on an image, the shape of that: each unit's weights are a picture. */
  readonly imageShape?: readonly number[];
}

/** The input that is looked at: a row of a split, or numbers as the data files have them. */
export type PickedInput =
  | { readonly from: 'split'; readonly split: SplitName; readonly index: number }
  | { readonly from: 'values'; readonly values: Float32Array };

/** What is open. */
export type LookView =
  /** Outputs for one input, and with `activations` what every layer answers to it. */
  | { readonly kind: 'input'; readonly input: PickedInput; readonly activations: boolean }
  | { readonly kind: 'weights'; readonly tensor: string }
  | { readonly kind: 'confusion'; readonly split: SplitName }
  /** Of two inputs: the outputs over the plane, and the rows on it. */
  | { readonly kind: 'plane' }
  /** Of a regression with one input: the curve, and the rows around it. */
  | { readonly kind: 'fit' }
  /** Of other regressions: the outputs for rows beside their targets. */
  | { readonly kind: 'scatter' };

interface Seen {
  readonly step: number;
}

export interface SeenInput extends Seen {
  readonly kind: 'input';
  /** As the data files have it. */
  readonly values: Float32Array;
  /** Probabilities, or outputs; NaN for a member that has diverged. */
  readonly outputs: Float64Array;
  /** Of a row: its class, or its targets. */
  readonly label?: number;
  readonly targets?: readonly number[];
  readonly layers?: readonly LayerActivation[];
}

export interface SeenWeights extends Seen {
  readonly kind: 'weights';
  readonly tensor: string;
  readonly values: Float32Array;
}

export interface SeenConfusion extends Seen {
  readonly kind: 'confusion';
  readonly split: SplitName;
  /** Rows counted by class (first index) and predicted class. */
  readonly counts: readonly (readonly number[])[];
}

/** A range of an axis, in units of the data. */
export type Range = readonly [least: number, most: number];

/** Rows of the training split, and of the one that is held back: validation, else test. */
export interface ShownRows {
  readonly heldBack?: SplitName;
  /** How many of the rows belong to the training split; those come first. */
  readonly trainCount: number;
}

export interface SeenPlane extends Seen, ShownRows {
  readonly kind: 'plane';
  readonly x: Range;
  readonly y: Range;
  /** Cells of a side; line by line from the top. */
  readonly side: number;
  /** Of each cell the class that is given, and its probability (for outputs without softmax: 1). */
  readonly classes: Uint8Array;
  readonly sureness: Float32Array;
  /** [rows, 2] */
  readonly points: Float32Array;
  readonly labels: Uint8Array;
  readonly predicted: Uint8Array;
}

export interface SeenFit extends Seen, ShownRows {
  readonly kind: 'fit';
  readonly curveX: Float64Array;
  readonly curveY: Float32Array;
  readonly pointX: Float64Array;
  readonly pointY: Float32Array;
}

export interface SeenScatter extends Seen, ShownRows {
  readonly kind: 'scatter';
  /** [rows, outputs] */
  readonly targets: Float32Array;
  readonly outputs: Float32Array;
}

export type LookResult = SeenInput | SeenWeights | SeenConfusion | SeenPlane | SeenFit | SeenScatter;
export type SeenOf<Kind extends LookView['kind']> = Extract<LookResult, { readonly kind: Kind }>;

export interface LookRequest {
  readonly member: number;
  readonly view: LookView;
}

export interface RowSearch {
  readonly member: number;
  readonly split: SplitName;
  /** Where to begin; the row itself is found last. */
  readonly from: number;
  readonly direction: 'next' | 'previous' | 'random';
  readonly label?: number;
  /** Only rows whose class is given wrongly. */
  readonly mistakes: boolean;
}

/** A row behind a cell of the confusion matrix. */
export interface Example {
  /** In the split. */
  readonly index: number;
  readonly values: Float32Array;
  /** Probability (or output) of the class that it is given. */
  readonly sureness: number;
}

export interface ExampleSearch {
  readonly member: number;
  readonly split: SplitName;
  readonly label: number;
  readonly predicted: number;
}

export interface LookingCalls {
  /** Tells what there is to look at, now and whenever it becomes something else, until it is cancelled. */
  readonly watchSubject: Call<undefined, void, LookSubject>;
  /**
   * Tells what a view shows, now and as the model changes: at most ten times a second, and while something trains for at most a twentieth of the
   * time. Until it is cancelled, or another look takes its place.
   */
  readonly look: Call<LookRequest, void, LookResult>;
  /** Puts a stored run in the place of the model that is looked at: as of its newest checkpoint, or with its final weights. */
  readonly lookAt: Call<{ readonly runId: string }, void>;
  /** Undefined where no row fits. */
  readonly findRow: Call<RowSearch, number | undefined>;
  /** The surest first, at most forty. */
  readonly findExamples: Call<ExampleSearch, readonly Example[]>;
}
