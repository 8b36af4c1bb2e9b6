/** Calls and events of a search: many settings of a recipe, trained together and compared. */
import type { Recipe } from '../../src/recipe/schema.ts';
import type { DescribedPopulation } from '../../src/search/describe.ts';
import type { MetricName, RunRecord, Trial, TrialSummary } from '../../src/search/trials.ts';
import type { Call } from './calls.ts';

/** What a search will do on the device, before anything is trained. */
export interface SearchPlanReport {
  readonly metric: MetricName;
  /** Of the first stage. */
  readonly trials: number;
  readonly runs: number;
  readonly populations: readonly DescribedPopulation[];
  /** Of successive halving: the shares of the training after which trials are given up. */
  readonly cuts: readonly number[];
  /** What a population may take of the device. */
  readonly memoryBytes: number;
  /** What a person should know about the draws and the data. */
  readonly notes: readonly string[];
}

export interface SearchRequest {
  /** The search in the browser's storage: a new one, or one to go on with. */
  readonly id: string;
  /** For people; of a new search. */
  readonly name: string;
  /** With its section `search`. */
  readonly recipe: Recipe;
  /** Device memory that a population may take; of a new search. */
  readonly memoryBytes?: number;
}

/** A trial at an evaluation: the metric that trials are compared by, means over its runs. */
export interface TrialPoint {
  readonly trial: number;
  readonly step: number;
  readonly value: number;
  readonly train?: number;
}

/** The best value that was seen after so many samples were trained, over all runs. */
export interface BestPoint {
  readonly samples: number;
  readonly value: number;
}

export interface SearchCurves {
  readonly trials: readonly TrialPoint[];
  readonly best: readonly BestPoint[];
}

/** The populations between two cuts. */
export interface StageReport {
  readonly type: 'stage';
  readonly stage: Trial['stage'];
  /** How many cuts of successive halving came before. */
  readonly cut: number;
  readonly trials: number;
  /** Whether more populations may come after these. */
  readonly isLast: boolean;
  readonly populations: readonly (DescribedPopulation & { readonly until: number })[];
}

/** The population in training; at most ten of these come a second. */
export interface SearchProgress {
  readonly type: 'progress';
  /** Its place among those of the stage. */
  readonly place: number;
  readonly step: number;
  /** Of the stage, 0..1. */
  readonly share: number;
  readonly samplesPerSecond?: number;
  /** To the end of the stage. */
  readonly secondsLeft?: number;
}

export interface TableReport {
  readonly type: 'table';
  readonly metric: MetricName;
  /** Best first. */
  readonly table: readonly TrialSummary[];
  /** What is new since the last table. */
  readonly points: readonly TrialPoint[];
  /** Takes the place of the last where it has as many samples. */
  readonly best?: BestPoint;
}

export type SearchReport =
  | StageReport
  | SearchProgress
  | TableReport
  /** The last record of every run that is done or was cut. */
  | { readonly type: 'records'; readonly records: readonly RunRecord[] }
  /** The device was lost; the search goes on from its last checkpoint on a new one. */
  | { readonly type: 'recovered'; readonly reason: string };

export type SearchOutcome =
  /** `problem`: why there is no best trial, where that is so. */
  { readonly state: 'finished'; readonly problem?: string } | { readonly state: 'paused' };

/** A search as the browser keeps it. */
export interface StoredSearch {
  readonly id: string;
  readonly name: string;
  readonly state: 'paused' | 'finished';
  readonly recipe: Recipe;
  readonly metric: MetricName;
  readonly table: readonly TrialSummary[];
  readonly records: readonly RunRecord[];
  readonly curves: SearchCurves;
}

export interface SearchingCalls {
  /** Fails as `search` would. */
  readonly planSearch: Call<{ readonly recipe: Recipe; readonly memoryBytes?: number }, SearchPlanReport>;
  /** Searches to the end, or until it is cancelled: then the outcome is `paused`. */
  readonly search: Call<SearchRequest, SearchOutcome, SearchReport>;
  /** Ends a search that is paused with what it has found. */
  readonly endSearch: Call<{ readonly id: string }, void>;
  /** The search with this id, or the newest; undefined where there is none. */
  readonly readSearch: Call<{ readonly id?: string }, StoredSearch | undefined>;
  /** The recipe of a trial, to be trained alone. */
  readonly trialRecipe: Call<
    { readonly recipe: Recipe; readonly values: Trial['values'] },
    Readonly<Record<string, unknown>>
  >;
}
