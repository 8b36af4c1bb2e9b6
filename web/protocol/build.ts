/** Calls about recipes before anything is trained. */
import type { SplitName } from '../../src/data/dataset.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import type { Call } from './calls.ts';

export interface LayerDescription {
  readonly name: string;
  readonly type: string;
  /** Of one row. */
  readonly outputShape: readonly number[];
  readonly parameters: number;
  /** Of one row's forward pass. */
  readonly multiplyAdds: number;
}

/** What a recipe comes to. */
export interface Description {
  readonly task: 'classification' | 'regression';
  readonly inputShape: readonly number[];
  readonly outputCount: number;
  readonly classNames?: readonly string[];
  readonly rows: Readonly<Record<SplitName, number>>;
  readonly layers: readonly LayerDescription[];
  /** Of one member. */
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly population: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly peakDeviceBytes: number;
  /** The learning rate of the first member over the run, at evenly spaced steps; what a plateau does is not known before. */
  readonly schedule: { readonly steps: readonly number[]; readonly rates: readonly number[] };
  /** What a user should know about the data. */
  readonly notes: readonly string[];
}

export interface BuildCalls {
  /** Loads the data and makes the plan. Fails as `train` would. */
  readonly describe: Call<{ readonly recipe: Recipe }, Description>;
}
