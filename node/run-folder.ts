/**
 * The run folder. Every file is written beside its place, synced and renamed into it, so that a process killed at any moment leaves a
 * folder that goes on to the same bits; recipe.json, written last of the first files, makes a folder a run.
 *
 *   recipe.json            the complete recipe
 *   model.json             shapes, names and normalisation, for predictions; where the data was, and its digest
 *   init.safetensors       the weights of --init, if there were any
 *   metrics.jsonl          one line per evaluation, cut back to the checkpoint on resume
 *   observations.jsonl     one line per observation, likewise; there if there were any
 *   checkpoints/           the newest two, step-000000123.safetensors
 *   final.safetensors      the weights
 *   result.json            written last: the run is finished
 *   cut.json               of a population that its search went no further with
 *   run.lock               there while a process writes
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { DataError, RecipeError } from '../src/errors.ts';
import { parseJson } from '../src/formats/json.ts';
import type { Plan } from '../src/plan/plan.ts';
import { parseRecipe, upgradeRecipe } from '../src/recipe/parse.ts';
import type { Recipe } from '../src/recipe/schema.ts';
import { readCheckpoint, writeCheckpoint, writeWeights } from '../src/train/checkpoint.ts';
import type { Checkpoint } from '../src/train/checkpoint.ts';
import type { EvaluationEvent, TrainResult } from '../src/train/events.ts';
import { observationLine, observationStep } from '../src/train/observe.ts';
import type { Observation } from '../src/train/observe.ts';
import { evaluationLine, parseEvaluationLine, resultSchema } from '../src/train/result-json.ts';
import type { ResultJson } from '../src/train/result-json.ts';
import { savedModelSchema } from '../src/train/saved-model.ts';
import type { TrainedModel } from '../src/train/use-model.ts';
import { refuseEnded, refuseSearch, refuseUnfinishedPopulation } from './search/marks.ts';

const keptCheckpoints = 2;
const checkpointName = /^step-\d+\.safetensors$/;

/** model.json: the saved model, and what the run was made of. */
const modelFileSchema = v.strictObject({
  ...savedModelSchema.entries,
  /** The folder of --data, if one was given. */
  dataFolder: v.optional(v.string()),
  /** The current folder of then, where relative paths of tables were looked up too. */
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

/** Whether a folder holds a run, finished or not, or what is left of one. */
export function holdsRun(folder: string): boolean {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return (
    ['recipe.json', 'final.safetensors', 'result.json'].some((name) => names.includes(name)) ||
    (names.includes('checkpoints') && checkpointNames(join(folder, 'checkpoints')).length > 0)
  );
}

/** Throws DataError where the folder holds no run that can be read: recipe.json is the last of its first files. */
function requireRun(folder: string): void {
  refuseSearch(folder);
  if (existsSync(join(folder, 'recipe.json'))) return;
  throw new DataError(folder, 'holds no run: there is no recipe.json. Name a folder that "descent train" wrote.');
}

/** The run's recipe. Throws DataError where the folder holds no run, RecipeError where its recipe is no recipe. */
export function readRunRecipe(folder: string): Recipe {
  requireRun(folder);
  return readRecipe(folder);
}

/** The recipe of a run or of a search. Throws RecipeError where it is no recipe. */
export function readRecipe(folder: string): Recipe {
  return parseRecipe(upgradeRecipe(readJson(join(folder, 'recipe.json'))));
}

/** What `train --json` printed, if the run is finished. */
export function readResult(folder: string): ResultJson | undefined {
  const path = join(folder, 'result.json');
  if (!existsSync(path)) return undefined;
  const result = v.safeParse(resultSchema, readJson(path));
  if (!result.success) throw new DataError(path, 'is not the result of a run. Delete it and resume the run.');
  return result.output;
}

export function readModelFile(folder: string): ModelFile {
  requireRun(folder);
  const path = join(folder, 'model.json');
  const result = v.safeParse(modelFileSchema, readJson(path));
  if (result.success) return result.output;
  const place = v.getDotPath(result.issues[0]) ?? 'the top';
  throw new DataError(path, `does not describe a model: ${place}: ${result.issues[0].message}. Copy the run again.`);
}

/** Final weights of a finished run. Throws DataError for a run that is not finished. */
function readFinalWeights(folder: string): Uint8Array {
  const path = join(folder, 'final.safetensors');
  if (existsSync(path)) return readFileSync(path);
  refuseEnded(folder);
  refuseUnfinishedPopulation(folder);
  throw new DataError(
    folder,
    'is not finished: it has no final.safetensors. Go on with "descent train … --resume", or, where its loss was not finite, train it ' +
      'anew with a lower learning rate.',
  );
}

/** The model of a finished run, or one member of a population. Throws DataError for a member that has diverged. */
export function openTrainedModel(folder: string, member: number): TrainedModel {
  const recipe = readRunRecipe(folder);
  const step = readResult(folder)?.divergedAt?.[member] ?? null;
  if (step !== null) {
    throw new DataError(
      folder,
      `member ${member} diverged at step ${step} and has no weights. Choose another --member.`,
    );
  }
  return { recipe, member, weights: readFinalWeights(folder), place: join(folder, 'final.safetensors') };
}

/** How a member is named to people: `member 1 (of 0 to 2)`. */
export function sayMember(member: number, population: number): string {
  return `member ${member} (of 0 to ${population - 1})`;
}

/** Weights that the run started from, if it was not a random start. */
export function readInitialWeights(folder: string): Uint8Array | undefined {
  return readModelFile(folder).initialWeights ? readFileSync(join(folder, 'init.safetensors')) : undefined;
}

/** Throws RecipeError naming the first field in which a run's recipe differs from the one asked for. */
export function checkSameRecipe(folder: string, asked: Recipe): void {
  refuseOtherRecipe(folder, 'run', readRunRecipe(folder), asked);
}

/** Throws RecipeError naming the first field in which what a folder holds differs from what was asked for. */
export function refuseOtherRecipe(folder: string, kind: 'run' | 'search', held: Recipe, asked: Recipe): void {
  const difference = firstDifference(toJson(held), toJson(asked), '');
  if (difference === undefined) return;
  const { place, stored, wanted } = difference;
  throw new RecipeError(
    '--resume',
    `${folder} holds a ${kind} of another recipe: ${place} is ${say(stored)} there and ${say(wanted)} here. ` +
      'Resume with the same recipe and options, or choose another --out.',
  );
}

/** Throws DataError where the data is not what a folder was trained on so far. Runs of older versions do not know. */
export function refuseOtherData(
  folder: string,
  kind: 'run' | 'search',
  expected: string | undefined,
  came: string | undefined,
): void {
  if (expected === undefined || came === undefined || expected === came) return;
  throw new DataError(
    folder,
    `the ${kind} was trained on other data: its sha256 was ${expected.slice(0, 16)}… then and is ${came.slice(0, 16)}… now. ` +
      'Put the data back as it was, name its folder with --data, or choose another --out.',
  );
}

/**
 * Starts a run folder, or opens one to go on in it; `lockRun` has locked it. Throws RecipeError or DataError where the recipe or the data
 * is another one.
 */
export function openRun(
  folder: string,
  plan: Plan,
  recipe: Recipe,
  model: Omit<ModelFile, 'initialWeights'>,
  initialWeights: Uint8Array | undefined,
): RunWriter {
  const checkpoints = join(folder, 'checkpoints');
  const metricsPath = join(folder, 'metrics.jsonl');
  const isNew = !holdsRun(folder);
  if (!isNew) {
    checkSameRecipe(folder, recipe);
    refuseOtherData(folder, 'run', readModelFile(folder).dataSha256, model.dataSha256);
  }
  mkdirSync(checkpoints, { recursive: true });
  for (const directory of [folder, checkpoints]) removeUnfinishedFiles(directory);
  if (isNew) {
    if (initialWeights !== undefined) writeWhole(join(folder, 'init.safetensors'), initialWeights);
    writeWhole(metricsPath, '');
    const file: ModelFile = { ...model, initialWeights: initialWeights !== undefined };
    writeWhole(join(folder, 'model.json'), `${JSON.stringify(file, undefined, 2)}\n`);
    writeWhole(join(folder, 'recipe.json'), `${JSON.stringify(recipe, undefined, 2)}\n`);
  }
  const lines = readWholeLines(metricsPath);
  const { checkpoint, notes } = newestCheckpoint(checkpoints, plan, lines.length);
  writeWhole(metricsPath, lines.slice(0, checkpoint?.counters.evaluations ?? 0).join(''));
  const observationsPath = join(folder, 'observations.jsonl');
  if (existsSync(observationsPath)) cutObservations(observationsPath, checkpoint?.counters.step ?? 0);

  let pending = '';
  let pendingObservations = '';
  const seeds = { seed: String(recipe.seed), dataSeed: String(recipe.data.seed) };
  return {
    checkpoint,
    notes,
    addEvaluation(event) {
      pending += `${evaluationLine(event)}\n`;
    },
    addObservation(observation) {
      pendingObservations += `${observationLine(observation)}\n`;
    },
    addCheckpoint(state) {
      const { step } = state.counters;
      const name = `step-${String(step).padStart(9, '0')}.safetensors`;
      const bytes = writeCheckpoint(plan.model, state, { ...seeds, step: String(step) });
      // The lines up to the checkpoint's step are there before it is.
      writeWhole(join(checkpoints, name), bytes, () => {
        if (pending !== '') appendSynced(metricsPath, pending);
        if (pendingObservations !== '') appendSynced(observationsPath, pendingObservations);
        pending = '';
        pendingObservations = '';
      });
      const old = checkpointNames(checkpoints).slice(0, -keptCheckpoints);
      for (const each of old) rmSync(join(checkpoints, each));
    },
    finish(weights, result) {
      writeWhole(join(folder, 'final.safetensors'), writeWeights(weights));
      writeWhole(join(folder, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`);
    },
  };
}

/** The newest checkpoint of a run that can be read. */
export function readNewestCheckpoint(folder: string, plan: Plan): Checkpoint | undefined {
  const lines = readWholeLines(join(folder, 'metrics.jsonl'));
  return newestCheckpoint(join(folder, 'checkpoints'), plan, lines.length).checkpoint;
}

/** The last evaluation of a run of so many members that metrics.jsonl holds. */
export function readLastEvaluation(folder: string, population: number): EvaluationEvent | undefined {
  const line = readWholeLines(join(folder, 'metrics.jsonl')).at(-1);
  return line === undefined ? undefined : parseEvaluationLine(line, population);
}

/** Oldest first. */
function checkpointNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => checkpointName.test(name))
    .sort();
}

/** The newest checkpoint that can be read and whose evaluations are all in metrics.jsonl; others are set aside. */
function newestCheckpoint(
  directory: string,
  plan: Plan,
  lineCount: number,
): { readonly checkpoint: Checkpoint | undefined; readonly notes: string[] } {
  const notes: string[] = [];
  for (const name of checkpointNames(directory).reverse()) {
    const path = join(directory, name);
    try {
      const checkpoint = readCheckpoint(readFileSync(path), path, plan);
      if (checkpoint.counters.evaluations <= lineCount) return { checkpoint, notes };
      notes.push(`${path} counts more evaluations than metrics.jsonl holds; going on from the checkpoint before.`);
    } catch (cause) {
      if (!(cause instanceof DataError)) throw cause;
      notes.push(`${path} cannot be read; going on from the checkpoint before.`);
    }
    renameSync(path, `${path}.unusable`);
  }
  if (notes.length > 0) notes.push('No checkpoint is left: the run starts at step 0.');
  return { checkpoint: undefined, notes };
}

/** Drops the observations of steps that come after one, and what is no observation. */
function cutObservations(path: string, step: number): void {
  const lines = readWholeLines(path);
  const isLater = (line: string): boolean => !(observationStep(line) <= step);
  const end = lines.findIndex(isLater);
  writeWhole(path, lines.slice(0, end < 0 ? undefined : end).join(''));
}

/** Whole lines with their line breaks; a torn last line is dropped. */
export function readWholeLines(path: string): string[] {
  return existsSync(path) ? (readFileSync(path, 'utf8').match(/[^\n]*\n/g) ?? []) : [];
}

/** Writes a file beside its place, syncs it, and renames it: whole or not at all. */
export function writeWhole(path: string, content: Uint8Array | string, beforeRename?: () => void): void {
  const unfinished = join(dirname(path), `.${basename(path)}.tmp`);
  write(unfinished, 'w', content);
  beforeRename?.();
  renameSync(unfinished, path);
  syncFolder(dirname(path));
}

/** Adds to the end of a file, and syncs it. */
export function appendSynced(path: string, content: string): void {
  write(path, 'a', content);
}

function write(path: string, flags: 'w' | 'a', content: Uint8Array | string): void {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const file = openSync(path, flags);
  try {
    for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes renames last through a power failure; Windows knows no such thing. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** What `writeWhole` left behind when the process was killed. */
const unfinishedName =
  /^\.(step-\d+|init|final|recipe|model|result|metrics|observations|search|trials|best|cut)\.(safetensors|jsonl?|csv)\.tmp$/;

export function removeUnfinishedFiles(directory: string): void {
  for (const name of readdirSync(directory)) if (unfinishedName.test(name)) rmSync(join(directory, name));
}

export function readJson(path: string): unknown {
  if (!existsSync(path)) throw new DataError(path, 'is missing. Copy the run again, or train it anew.');
  return parseJson(readFileSync(path, 'utf8'), path);
}

function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

interface FieldDifference {
  readonly place: string;
  readonly stored: unknown;
  readonly wanted: unknown;
}

function firstDifference(stored: unknown, wanted: unknown, place: string): FieldDifference | undefined {
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isObject(stored) || !isObject(wanted)) return stored === wanted ? undefined : { place, stored, wanted };
  for (const key of new Set([...Object.keys(stored), ...Object.keys(wanted)])) {
    const inner = place === '' ? key : `${place}.${key}`;
    const difference = firstDifference(stored[key], wanted[key], inner);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function say(value: unknown): string {
  return value === undefined ? 'not given' : JSON.stringify(value);
}
