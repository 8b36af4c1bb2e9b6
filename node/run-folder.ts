/**
 * The run folder: the files of src/train/run-files.ts, and run.lock while a process writes. Every file is written beside its place, synced
 * and renamed into it, so that a process killed at any moment leaves a folder that goes on to the same bits; recipe.json, written last of
 * the first files, makes a folder a run.
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
import { DataError, RecipeError } from '../src/errors.ts';
import { parseJson } from '../src/recipe/json.ts';
import type { Plan } from '../src/plan/plan.ts';
import { parseRecipe, upgradeRecipe } from '../src/recipe/parse.ts';
import type { Recipe } from '../src/recipe/schema.ts';
import { writeWeights } from '../src/train/checkpoint.ts';
import type { Checkpoint } from '../src/train/checkpoint.ts';
import type { EvaluationEvent } from '../src/train/events.ts';
import { observationLine } from '../src/train/observe.ts';
import { evaluationLine, parseEvaluationLine } from '../src/train/result-json.ts';
import type { ResultJson } from '../src/train/result-json.ts';
import {
  checkpointAsFile,
  checkpointNames,
  cutEvaluations,
  cutObservations,
  fileText,
  newestCheckpoint,
  outdatedCheckpoints,
  parseModelFile,
  parseResult,
  sayOtherData,
  sayOtherRecipe,
  wholeLines,
} from '../src/train/run-files.ts';
import type { ModelFile, RunWriter } from '../src/train/run-files.ts';
import type { TrainedModel } from '../src/train/use-model.ts';
import { refuseEnded, refuseSearch, refuseUnfinishedPopulation } from './search/marks.ts';

/** Whether a folder holds a run, finished or not, or what is left of one. */
export function holdsRun(folder: string): boolean {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return (
    ['recipe.json', 'final.safetensors', 'result.json'].some((name) => names.includes(name)) ||
    (names.includes('checkpoints') && checkpointNames(readdirSync(join(folder, 'checkpoints'))).length > 0)
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
  return existsSync(path) ? parseResult(readJson(path), path) : undefined;
}

export function readModelFile(folder: string): ModelFile {
  requireRun(folder);
  const path = join(folder, 'model.json');
  return parseModelFile(readJson(path), path);
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
  const difference = sayOtherRecipe(held, asked);
  if (difference === undefined) return;
  throw new RecipeError(
    '--resume',
    `${folder} holds a ${kind} of another recipe: ${difference} Resume with the same recipe and options, or choose another --out.`,
  );
}

/** Throws DataError where the data is not what a folder was trained on so far. Runs of older versions do not know. */
export function refuseOtherData(
  folder: string,
  kind: 'run' | 'search',
  expected: string | undefined,
  came: string | undefined,
): void {
  const difference = sayOtherData(expected, came);
  if (difference === undefined) return;
  throw new DataError(
    folder,
    `the ${kind} was trained on other data: ${difference} Put the data back as it was, name its folder with --data, or choose another --out.`,
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
    writeWhole(join(folder, 'model.json'), fileText(file));
    writeWhole(join(folder, 'recipe.json'), fileText(recipe));
  }
  const lines = readWholeLines(metricsPath);
  const { checkpoint, notes } = findCheckpoint(checkpoints, plan, lines.length);
  writeWhole(metricsPath, cutEvaluations(lines, checkpoint).join(''));
  const observationsPath = join(folder, 'observations.jsonl');
  if (existsSync(observationsPath)) {
    writeWhole(observationsPath, cutObservations(readWholeLines(observationsPath), checkpoint).join(''));
  }

  let pending = '';
  let pendingObservations = '';
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
      const { name, bytes } = checkpointAsFile(plan, recipe, state);
      // The lines up to the checkpoint's step are there before it is.
      writeWhole(join(checkpoints, name), bytes, () => {
        if (pending !== '') appendSynced(metricsPath, pending);
        if (pendingObservations !== '') appendSynced(observationsPath, pendingObservations);
        pending = '';
        pendingObservations = '';
      });
      for (const old of outdatedCheckpoints(readdirSync(checkpoints))) rmSync(join(checkpoints, old));
    },
    finish(weights, result) {
      writeWhole(join(folder, 'final.safetensors'), writeWeights(weights));
      writeWhole(join(folder, 'result.json'), fileText(result));
    },
  };
}

/** The newest checkpoint of a run that can be read. */
export function readNewestCheckpoint(folder: string, plan: Plan): Checkpoint | undefined {
  const lines = readWholeLines(join(folder, 'metrics.jsonl'));
  return findCheckpoint(join(folder, 'checkpoints'), plan, lines.length).checkpoint;
}

/** The last evaluation of a run of so many members that metrics.jsonl holds. */
export function readLastEvaluation(folder: string, population: number): EvaluationEvent | undefined {
  const line = readWholeLines(join(folder, 'metrics.jsonl')).at(-1);
  return line === undefined ? undefined : parseEvaluationLine(line, population);
}

/** The newest checkpoint that can be used; newer ones are set aside. */
function findCheckpoint(directory: string, plan: Plan, lineCount: number): Pick<RunWriter, 'checkpoint' | 'notes'> {
  const read = (name: string): Uint8Array => readFileSync(join(directory, name));
  const found = newestCheckpoint(readdirSync(directory), read, directory, plan, lineCount);
  for (const name of found.unusable) renameSync(join(directory, name), join(directory, `${name}.unusable`));
  return found;
}

/** Whole lines with their line breaks; a torn last line is dropped. */
export function readWholeLines(path: string): string[] {
  return existsSync(path) ? wholeLines(readFileSync(path, 'utf8')) : [];
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
