/** Where a search keeps what it has done, so that it can be gone on with. The command line keeps folders; without a store nothing stays. */
import type { Recipe } from '../recipe/schema.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import type { EvaluationEvent, TrainEvent, TrainResult } from '../train/events.ts';
import type { Prepared } from '../train/session.ts';
import type { RunRecord, TrialRun } from './trials.ts';

/** Runs that are trained together. */
export interface SearchPopulation {
  /** `001`, `002` …: the same in a search that is gone on with. */
  readonly name: string;
  /** With one entry of `members` for each run, so that it can be trained by itself. */
  readonly recipe: Recipe;
  readonly runs: readonly TrialRun[];
  /** The most runs of its kind that fit the device. */
  readonly capacity: number;
  readonly deviceBytes: number;
  /** Steps of the whole training, and where this population stops: at a cut of successive halving, or at its end. */
  readonly steps: number;
  readonly until: number;
}

/** Writes one population while it is trained. */
export interface PopulationStore extends Disposable {
  /** Where to go on, if part of it was trained before. */
  readonly checkpoint: Checkpoint | undefined;
  /** The last evaluation before that checkpoint. */
  readonly evaluation: EvaluationEvent | undefined;
  /** Called with every event of the training. */
  add(event: TrainEvent): void;
  /** Called when it was trained to its end, not at a cut. */
  finish(result: TrainResult): void;
}

export interface SearchStore {
  /** Of the populations that were done when the store was opened. */
  readonly records: readonly RunRecord[];
  /** Opens a population to be trained, or to go on with. */
  openPopulation(population: SearchPopulation, prepared: Prepared): PopulationStore;
  /** The last checkpoint of a population that was trained up to a cut. */
  lastCheckpoint(population: SearchPopulation, prepared: Prepared): Checkpoint;
  /** A population is done: its records, all at once. */
  addRecords(records: readonly RunRecord[]): void;
}

/** Keeps nothing but what the search itself comes back to. */
export function memoryStore(): SearchStore {
  const checkpoints = new Map<string, Checkpoint>();
  return {
    records: [],
    openPopulation: ({ name }) => ({
      checkpoint: undefined,
      evaluation: undefined,
      add(event) {
        if (event.type === 'checkpoint') checkpoints.set(name, event.checkpoint);
      },
      finish: () => checkpoints.delete(name),
      [Symbol.dispose]() {},
    }),
    lastCheckpoint({ name }) {
      const checkpoint = checkpoints.get(name);
      if (checkpoint === undefined) throw new Error(`population ${name} left no checkpoint`);
      return checkpoint;
    },
    addRecords() {},
  };
}
