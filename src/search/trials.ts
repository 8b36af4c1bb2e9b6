/**
 * What a search tries and what comes of it. A *trial* is one choice of every field of the space; a *run* is one training of a trial: for
 * one fold and one seed. Runs are the members of populations.
 */
import type { Metrics } from '../train/events.ts';

/** What trials may be compared by, on validation. */
export type MetricName = 'accuracy' | 'loss';

export interface Trial {
  /** From 0, in the order of the draws; the fine trials of a coarse-to-fine search come after the coarse ones. */
  readonly index: number;
  /** What is set in the recipe, by dotted path of the space. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly stage: 'coarse' | 'fine' | 'only';
}

/** One training of a trial. */
export interface TrialRun {
  readonly trial: number;
  /** Of a cross-validation, from 0. */
  readonly fold?: number;
  readonly seed: number;
}

/** What is known of a run after a population has been trained: to its end, or to a cut of successive halving. */
export interface RunRecord extends TrialRun {
  /** Name of the population, and the run's place in it. */
  readonly population: string;
  readonly member: number;
  readonly step: number;
  /** `cut`: trained up to a cut of successive halving. `diverged`: its loss became NaN or infinite. */
  readonly state: 'done' | 'cut' | 'diverged';
  /** Over the training batches since the last evaluation, or, of a run that is done, over all training rows. Absent where it diverged. */
  readonly train?: Metrics;
  readonly validation?: Metrics;
  /** Of a run that is done. */
  readonly weightsSha256?: string;
  /** Time of the whole population, over all sessions. */
  readonly populationSeconds: number;
}

/** A line of the table of results. */
export interface TrialSummary extends Trial {
  readonly state: 'waiting' | 'running' | 'done' | 'pruned' | 'diverged';
  /** Steps that each of its runs was trained for. */
  readonly step: number;
  /** The metric that trials are compared by, over the runs: mean, and sample standard deviation where there are several. */
  readonly value?: number;
  readonly deviation?: number;
  /** Means over the runs; absent before the first evaluation and where every run diverged. */
  readonly train?: Metrics;
  readonly validation?: Metrics;
  readonly runs: number;
  readonly divergedRuns: number;
}

export interface SearchResult {
  readonly metric: MetricName;
  /** Best first: trials that are done, then those that were pruned (the later the better), then those that diverged. */
  readonly table: readonly TrialSummary[];
  readonly records: readonly RunRecord[];
  readonly best: TrialSummary;
  readonly adapter: string;
  /** Of training, over all sessions. */
  readonly seconds: number;
}
