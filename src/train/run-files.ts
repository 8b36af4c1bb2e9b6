/**
 * The files of a run, wherever they are kept: in a folder of the command line, in a browser's storage, in a zip. A run that was killed at
 * any moment goes on to the same bits from its newest checkpoint, with the lines that were written after it cut off.
 *
 *   recipe.json            the complete recipe
 *   model.json             shapes, names and normalisation, for predictions; where the data was, and its digest
 *   init.safetensors       the weights that the run started from, if they were given
 *   metrics.jsonl          one line per evaluation, cut back to the checkpoint on resume
 *   observations.jsonl     one line per observation, likewise; there if there were any
 *   checkpoints/           the newest two, step-000000123.safetensors
 *   final.safetensors      the weights
 *   result.json            written last: the run is finished
 *   cut.json               of a population that its search went no further with
 */
import * as v from 'valibot';
import { DataError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { recipeDifferences } from '../recipe/differences.ts';
import type { Recipe } from '../recipe/schema.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { EvaluationEvent, TrainResult } from './events.ts';
import { observationStep } from './observe.ts';
import type { Observation } from './observe.ts';
import { resultSchema } from './result-json.ts';
import type { ResultJson } from './result-json.ts';
import { savedModelSchema } from './saved-model.ts';

/** model.json: the saved model, and what the run was made of. */
const modelFileSchema = v.strictObject({
  ...savedModelSchema.entries,
  /** The folder of --data, if one was given. */
  dataFolder: v.optional(v.string()),
  /** The current folder of then, where relative paths of tables were looked up too; a run of the page has none. */
  startFolder: v.optional(v.string()),
  dataSha256: v.optional(v.string()),
  trainRows: v.optional(v.number()),
  /** Whether the run started from init.safetensors. */
  initialWeights: v.optional(v.boolean(), false),
});
export type ModelFile = v.InferOutput<typeof modelFileSchema>;

/** A run that is being written. */
export interface RunWriter {
  /** Where to go on: the newest checkpoint that can be read, none for step 0. metrics.jsonl and observations.jsonl are cut back to it. */
  readonly checkpoint: Checkpoint | undefined;
  /** What a person should know about files that could not be used. */
  readonly notes: readonly string[];
  /** Remembers an evaluation; it is written with the next checkpoint. */
  addEvaluation(event: EvaluationEvent): void;
  /** Likewise. */
  addObservation(observation: Observation): void;
  addCheckpoint(checkpoint: Checkpoint): void;
  /** Writes the weights and, last, the result: the run is finished. */
  finish(weights: TrainResult['weights'], result: ResultJson): void;
}

const checkpointFile = /^step-\d+\.safetensors$/;
const runFile =
  /^((recipe|model|result)\.json|(metrics|observations)\.jsonl|(init|final)\.safetensors|checkpoints\/step-\d+\.safetensors)$/;
const keptCheckpoints = 2;

/** Whether a path in a folder is that of a file of a run that can be gone on with, or is finished. */
export function isRunFile(path: string): boolean {
  return runFile.test(path);
}

/** The name of a run, or of a recipe, as folders and files may have it. */
export function folderName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-').replaceAll(/^[.-]+|-+$/g, '') || 'run';
}

/** JSON as the files of a run hold it. */
export function fileText(json: unknown): string {
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

/** What model.json says. Throws DataError at `place`. */
export function parseModelFile(json: unknown, place: string): ModelFile {
  const parsed = v.safeParse(modelFileSchema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue) ?? 'the top';
  throw new DataError(place, `does not describe a model: ${where}: ${issue.message}. Copy the run again.`);
}

/** What result.json says. Throws DataError at `place`. */
export function parseResult(json: unknown, place: string): ResultJson {
  const parsed = v.safeParse(resultSchema, json);
  if (parsed.success) return parsed.output;
  throw new DataError(place, 'is not the result of a run. Delete it and resume the run.');
}

/** What is another in the recipe of a run than in the one asked for; undefined where nothing is. */
export function sayOtherRecipe(held: Recipe, asked: Recipe): string | undefined {
  const [difference] = recipeDifferences(held, asked);
  if (difference === undefined) return undefined;
  const say = (value: unknown): string => (value === undefined ? 'not given' : JSON.stringify(value));
  return `${difference.place} is ${say(difference.first)} there and ${say(difference.second)} here.`;
}

/** The digests, where the data is not what a run was trained on so far. Runs of older versions do not know theirs. */
export function sayOtherData(expected: string | undefined, came: string | undefined): string | undefined {
  if (expected === undefined || came === undefined || expected === came) return undefined;
  return `its sha256 was ${expected.slice(0, 16)}… then and is ${came.slice(0, 16)}… now.`;
}

/** Names of checkpoints among those of files, oldest first. */
export function checkpointNames(names: readonly string[]): string[] {
  return names.filter((name) => checkpointFile.test(name)).toSorted();
}

/** Of the names of a run's checkpoints, those that are kept no longer. */
export function outdatedCheckpoints(names: readonly string[]): string[] {
  return checkpointNames(names).slice(0, -keptCheckpoints);
}

/** The file of a checkpoint, and its name in checkpoints/. */
export function checkpointAsFile(
  plan: Plan,
  { seed, data }: Recipe,
  checkpoint: Checkpoint,
): { readonly name: string; readonly bytes: Uint8Array } {
  const { step } = checkpoint.counters;
  const metadata = { seed: String(seed), dataSeed: String(data.seed), step: String(step) };
  return {
    name: `step-${String(step).padStart(9, '0')}.safetensors`,
    bytes: writeCheckpoint(plan.model, checkpoint, metadata),
  };
}

/**
 * The newest checkpoint that can be read and whose evaluations are all among so many lines of metrics.jsonl; `unusable` names those that
 * were passed over, newest first. `place` is the folder of the checkpoints as messages name it.
 */
export function newestCheckpoint(
  names: readonly string[],
  read: (name: string) => Uint8Array,
  place: string,
  plan: Plan,
  lineCount: number,
): { readonly checkpoint: Checkpoint | undefined; readonly notes: string[]; readonly unusable: string[] } {
  const notes: string[] = [];
  const unusable: string[] = [];
  for (const name of checkpointNames(names).reverse()) {
    const path = `${place}/${name}`;
    try {
      const checkpoint = readCheckpoint(read(name), path, plan);
      if (checkpoint.counters.evaluations <= lineCount) return { checkpoint, notes, unusable };
      notes.push(`${path} counts more evaluations than metrics.jsonl holds; going on from the checkpoint before.`);
    } catch (cause) {
      if (!(cause instanceof DataError)) throw cause;
      notes.push(`${path} cannot be read; going on from the checkpoint before.`);
    }
    unusable.push(name);
  }
  if (notes.length > 0) notes.push('No checkpoint is left: the run starts at step 0.');
  return { checkpoint: undefined, notes, unusable };
}

/** Whole lines with their line breaks; a torn last line is dropped. */
export function wholeLines(text: string): string[] {
  return text.match(/[^\n]*\n/g) ?? [];
}

/** The lines of metrics.jsonl that belong to a checkpoint, or to step 0. */
export function cutEvaluations(lines: readonly string[], checkpoint: Checkpoint | undefined): readonly string[] {
  return lines.slice(0, checkpoint?.counters.evaluations ?? 0);
}

/** The lines of observations.jsonl that do: none of steps that come after, and nothing that is no observation. */
export function cutObservations(lines: readonly string[], checkpoint: Checkpoint | undefined): readonly string[] {
  const step = checkpoint?.counters.step ?? 0;
  const end = lines.findIndex((line) => !(observationStep(line) <= step));
  return end < 0 ? lines : lines.slice(0, end);
}
