/** Calls about the runs that the browser keeps. */
import type { Recipe } from '../../src/recipe/schema.ts';
import type { EvaluationEvent } from '../../src/train/events.ts';
import type { Observation } from '../../src/train/observe.ts';
import type { ResultJson } from '../../src/train/result-json.ts';
import type { RunEntry } from '../storage/database.ts';
import type { Call } from './calls.ts';

export interface RunList {
  /** The newest first; `training` only where somebody trains, on this page or in another tab. */
  readonly runs: readonly RunEntry[];
  /** Why nothing outlives this page, where that is so. */
  readonly memoryOnly?: string;
}

/** All of a run but its weights. */
export interface StoredRun {
  readonly entry: RunEntry;
  readonly recipe: Recipe;
  /** Up to the last checkpoint. */
  readonly evaluations: readonly EvaluationEvent[];
  readonly result?: ResultJson;
}

export interface RunsCalls {
  readonly listRuns: Call<undefined, RunList>;
  readonly readRun: Call<{ readonly id: string }, StoredRun>;
  /** At most so many, evenly over the run up to its last checkpoint. */
  readonly readObservations: Call<{ readonly id: string; readonly most: number }, readonly Observation[]>;
  readonly renameRun: Call<{ readonly id: string; readonly name: string }, void>;
  /** Fails for a run that is being trained. */
  readonly deleteRuns: Call<{ readonly ids: readonly string[] }, void>;
  /** Brings back what was deleted last, as long as the page is open. */
  readonly restoreRuns: Call<undefined, void>;
  /** The run's folder as the bytes of a zip file, which the command line unpacks. */
  readonly exportRun: Call<{ readonly id: string }, { readonly fileName: string; readonly bytes: Uint8Array }>;
  /** Keeps the run of a zip file as a new one. */
  readonly importRun: Call<{ readonly fileName: string; readonly bytes: Uint8Array }, RunEntry>;
}
