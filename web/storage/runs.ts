/**
 * The runs that the browser keeps: a list of entries, and for each the files that a run folder has. A checkpoint, the lines that come before
 * it and the entry are written in one transaction, so that a tab that is closed or killed at any moment leaves a run that goes on to the
 * same bits. Whoever trains holds the run's lock.
 */
import type { SplitName } from '../../src/data/dataset.ts';
import { DataError, RecipeError } from '../../src/errors.ts';
import { parseJson } from '../../src/recipe/json.ts';
import { parseRecipe, upgradeRecipe } from '../../src/recipe/parse.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { writeWeights } from '../../src/train/checkpoint.ts';
import type { Checkpoint } from '../../src/train/checkpoint.ts';
import type { Device } from '../../src/train/device.ts';
import type { EvaluationEvent } from '../../src/train/events.ts';
import { observationLine, observationStep } from '../../src/train/observe.ts';
import { evaluationLine, parseEvaluationLine } from '../../src/train/result-json.ts';
import type { Measured } from '../../src/train/result-json.ts';
import {
  checkpointAsFile,
  cutEvaluations,
  cutObservations,
  fileText,
  newestCheckpoint,
  outdatedCheckpoints,
  parseModelFile,
  sayOtherData,
  sayOtherRecipe,
  wholeLines,
} from '../../src/train/run-files.ts';
import type { ModelFile, RunWriter } from '../../src/train/run-files.ts';
import type { Prepared } from '../../src/train/session.ts';
import type { Change, Database, RunEntry } from './database.ts';
import { changeEntry, openEntryWriter } from './entry-writer.ts';
import { lockedRuns, withRunLock } from './run-lock.ts';
import { decode, encode } from './text.ts';

/** A page that is looked at observes ten times a second; what is kept of that, evenly over the steps. */
const mostObservations = 120;
const checkpointFolder = 'checkpoints/';

export interface RunStoreOptions {
  readonly id: string;
  /** Of a new run. */
  readonly name: string;
  readonly device: Device;
  readonly prepared: Prepared;
  readonly model: Omit<ModelFile, 'initialWeights'>;
  /** The weights that a new run starts from, as a safetensors file, if they are not drawn. */
  readonly initialWeights?: Uint8Array;
}

/** A run that is being written. What cannot be written is thrown by the next call, and by those that wait for all that is written. */
export interface RunStore extends RunWriter {
  /** Those before the checkpoint. */
  readonly evaluations: readonly EvaluationEvent[];
  /** The file of the weights that the run started from, if they were not drawn. */
  readonly initialWeights: Uint8Array | undefined;
  /** Begins to write; `onSaved` is called once this or a later checkpoint is in the storage. */
  addCheckpoint(checkpoint: Checkpoint, onSaved?: () => void): void;
  /** Waits until all is written; the run can go on. */
  pause(): Promise<void>;
  /** Likewise; `reason` says why the run cannot go on as it is, if that is so. Never throws, so that the reason is not lost. */
  fail(reason: string | undefined): Promise<void>;
  finish(...result: Parameters<RunWriter['finish']>): Promise<void>;
}

/** Starts a run, or opens one to go on with it. Throws RecipeError or DataError where the recipe or the data is another one. */
export async function openRunStore(database: Database, options: RunStoreOptions): Promise<RunStore> {
  const { id, prepared, device } = options;
  const { plan, recipe } = prepared;
  const entry = (await database.get('runs', id)) ?? (await startRun(database, options));
  const files = await database.files(id);
  const { initialWeights } = checkSameRun(entry.name, files, options);

  const metrics = wholeLines(decode(files.get('metrics.jsonl')));
  const names = [...files.keys()].flatMap((path) =>
    path.startsWith(checkpointFolder) ? [path.slice(checkpointFolder.length)] : [],
  );
  const read = (name: string): Uint8Array => files.get(checkpointFolder + name) ?? new Uint8Array();
  const place = `${entry.name}/checkpoints`;
  const { checkpoint, notes, unusable } = newestCheckpoint(names, read, place, plan, metrics.length);
  const lines = [...cutEvaluations(metrics, checkpoint)];
  let observations = [...cutObservations(wholeLines(decode(files.get('observations.jsonl'))), checkpoint)];
  let kept = names.filter((name) => !unusable.includes(name));

  const writer = openEntryWriter(database, id);

  function setLines(): void {
    writer.set('metrics.jsonl', encode(lines.join('')));
    if (observations.length > 0 || files.has('observations.jsonl')) {
      writer.set('observations.jsonl', encode(observations.join('')));
    }
  }

  for (const name of unusable) writer.set(checkpointFolder + name, undefined);
  setLines();
  const step = checkpoint?.counters.step ?? 0;
  const { kind, name: adapter } = device;
  writer.write({ state: 'training', step, steps: prepared.duration.steps, device: kind, adapter, note: undefined });
  await writer.settle();

  return {
    checkpoint,
    notes,
    evaluations: lines.map((line) => parseEvaluationLine(line, plan.population)),
    initialWeights: initialWeights ? files.get('init.safetensors') : undefined,
    addEvaluation(event) {
      lines.push(`${evaluationLine(event)}\n`);
      const [member] = event.members;
      if (member !== undefined) writer.change(summary(member));
    },
    addObservation(observation) {
      if (isTooClose(observations, observation.step)) return;
      observations.push(`${observationLine(observation)}\n`);
      if (observations.length > mostObservations) observations = observations.filter((_, index) => index % 2 === 0);
    },
    addCheckpoint(state, onSaved) {
      const file = checkpointAsFile(plan, recipe, state);
      writer.set(checkpointFolder + file.name, file.bytes);
      kept = [...kept.filter((name) => name !== file.name), file.name];
      const outdated = outdatedCheckpoints(kept);
      for (const name of outdated) writer.set(checkpointFolder + name, undefined);
      kept = kept.filter((name) => !outdated.includes(name));
      setLines();
      const { step, secondsTrained } = state.counters;
      writer.write({ step, seconds: secondsTrained }, onSaved);
    },
    async pause() {
      writer.write({ state: 'paused' });
      await writer.settle();
    },
    async fail(reason) {
      try {
        writer.write(reason === undefined ? { state: 'paused' } : { state: 'failed', note: reason });
        await writer.settle();
      } catch {
        // What ended the run is told by whoever calls.
      }
    },
    async finish(weights, result) {
      writer.set('final.safetensors', writeWeights(weights));
      writer.set('result.json', encode(fileText(result)));
      writer.write({
        state: 'finished',
        step: Math.max(...[result.steps].flat()),
        seconds: result.seconds.train,
        ...summary(result),
      });
      await writer.settle();
    },
  };
}

/** Writes the first files of a run. */
async function startRun(database: Database, options: RunStoreOptions): Promise<RunEntry> {
  const { id, name, prepared, model, initialWeights } = options;
  const { recipe, duration } = prepared;
  const now = new Date().toISOString();
  const entry: RunEntry = {
    id,
    name,
    created: now,
    updated: now,
    kind: 'run',
    state: 'training',
    step: 0,
    steps: duration.steps,
    recipeName: recipe.name,
    dataset: recipe.data.source,
  };
  const file: ModelFile = { ...model, initialWeights: initialWeights !== undefined };
  await putRun(
    database,
    entry,
    new Map([
      ...(initialWeights === undefined ? [] : [['init.safetensors', initialWeights] as const]),
      ['metrics.jsonl', encode('')],
      ['model.json', encode(fileText(file))],
      ['recipe.json', encode(fileText(recipe))],
    ]),
  );
  return entry;
}

function checkSameRun(
  name: string,
  files: ReadonlyMap<string, Uint8Array>,
  { prepared, model }: RunStoreOptions,
): ModelFile {
  const otherRecipe = sayOtherRecipe(parseStoredRecipe(files.get('recipe.json'), name), prepared.recipe);
  if (otherRecipe !== undefined) {
    throw new RecipeError(
      name,
      `is a run of another recipe: ${otherRecipe} Go on with its own recipe, or start a new run.`,
    );
  }
  const modelPlace = `${name}/model.json`;
  const held = parseModelFile(parseJson(decode(files.get('model.json')), modelPlace), modelPlace);
  const otherData = sayOtherData(held.dataSha256, model.dataSha256);
  if (otherData !== undefined) {
    throw new DataError(
      name,
      `was trained on other data: ${otherData} Put the files back as they were, or start a new run.`,
    );
  }
  return held;
}

/** All runs, the newest first. One that nobody trains any more, since its tab was closed or killed, is paused. */
export async function listRuns(database: Database): Promise<RunEntry[]> {
  const [entries, locked] = await Promise.all([database.list('runs'), lockedRuns()]);
  return entries
    .map((entry) =>
      entry.state === 'training' && !locked.has(entry.id) ? { ...entry, state: 'paused' as const } : entry,
    )
    .toSorted((a, b) => b.created.localeCompare(a.created));
}

/** Throws DataError for a run that is not there. */
export async function readEntry(database: Database, id: string): Promise<RunEntry> {
  const entry = await database.get('runs', id);
  if (entry === undefined)
    throw new DataError(id, 'is no run that this browser keeps: it may have been deleted in another tab.');
  return entry;
}

/** The files of a run by their path in its folder, as they are at one moment. */
export async function readRunFiles(database: Database, id: string): Promise<Map<string, Uint8Array>> {
  await readEntry(database, id);
  return database.files(id);
}

/** The recipe of a run. */
export async function readRecipe(database: Database, id: string): Promise<Recipe> {
  const { name } = await readEntry(database, id);
  return parseStoredRecipe(await database.get('files', [id, 'recipe.json']), name);
}

export async function renameRun(database: Database, id: string, name: string): Promise<void> {
  if (name.trim() === '') throw new DataError('name', 'is empty. Give the run a name.');
  await database.write([changeEntry(id, { name: name.trim() })]);
}

/** Throws DataError while the run is trained. */
export async function deleteRun(database: Database, id: string): Promise<void> {
  const { name } = await readEntry(database, id);
  await withRunLock(id, name, async () => {
    const paths = await database.paths(id);
    await database.write([
      { store: 'runs', key: id },
      ...paths.map((path): Change => ({ store: 'files', key: [id, path] })),
    ]);
  });
}

/** Keeps a run with all its files, whole or not at all. */
export async function putRun(
  database: Database,
  entry: RunEntry,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  await database.write([
    ...Array.from(files, ([path, value]): Change => ({ store: 'files', key: [entry.id, path], value })),
    { store: 'runs', key: entry.id, value: entry },
  ]);
}

/** Loss and accuracy as a list of runs shows them: of the test rows where there are any, else of the validation, else of the training rows. */
export function summary(
  metrics: Partial<Record<SplitName, { readonly loss: Measured; readonly accuracy?: Measured | undefined }>>,
): Pick<RunEntry, 'split' | 'loss' | 'accuracy'> {
  const split = (['test', 'validation', 'train'] as const).find((name) => metrics[name] !== undefined);
  if (split === undefined) return {};
  const { loss, accuracy } = metrics[split] ?? {};
  return { split, loss: firstNumber(loss), accuracy: firstNumber(accuracy) };
}

/** Of the first member, if it is finite. */
function firstNumber(measured: Measured | undefined): number | undefined {
  const [value] = [measured].flat();
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Whether an observation comes sooner after the last one than those before came after one another, where a half of the most is kept. */
function isTooClose(lines: readonly string[], step: number): boolean {
  if (lines.length < mostObservations / 2) return false;
  const first = observationStep(lines[0] ?? '');
  const last = observationStep(lines.at(-1) ?? '');
  return step - last < (0.75 * (last - first)) / (lines.length - 1);
}

/** The recipe of a run or a search, of its file. */
export function parseStoredRecipe(bytes: Uint8Array | undefined, name: string): Recipe {
  return parseRecipe(upgradeRecipe(parseJson(decode(bytes), `${name}/recipe.json`)));
}
