/**
 * Taking in what is dropped or chosen: data files go to the worker, which tries and keeps them; pictures and tables are asked about first; runs
 * and recipes are handed on.
 */
import { batch, signal } from '@preact/signals';
import { sayCause } from '../../src/errors.ts';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { parseData } from '../../src/recipe/parse.ts';
import type { RecipeInput } from '../../src/recipe/schema.ts';
import { engine } from '../engine/engine.ts';
import type { AddProgress, DataListing, ListedSet, TablePreview } from '../protocol/data.ts';
import { describeDraft } from '../state/draft.ts';
import { readStorageUse } from '../state/storage.ts';
import { fileStem, recognise } from './recognise.ts';
import type { DroppedFile, PictureFolder } from './recognise.ts';
import { setName } from './set-choices.ts';
import { startingRecipe } from './starting-recipe.ts';
import type { DataInput } from './starting-recipe.ts';

/** What the page does with what is no data. */
export interface Takers {
  readonly onRunZip: (file: Blob, fileName: string) => void;
  /** Throws RecipeError for a text that is no recipe. */
  readonly onRecipe: (text: string, fileName: string) => void;
}

/** A set was chosen: its `data`, and a whole recipe to begin with. */
export type ChooseData = (data: DataInput, start: RecipeInput) => void;

export interface TableQuestion {
  readonly path: string;
  readonly preview: TablePreview;
}

/** Undefined until the worker has answered. */
export const listing = signal<DataListing | undefined>(undefined);
/** What is being taken in. */
export const progress = signal<AddProgress | undefined>(undefined);
export const faults = signal<readonly string[]>([]);
export const notes = signal<readonly string[]>([]);
/** Pictures that wait for an answer: how large, which colours. */
export const pictureQuestion = signal<PictureFolder | undefined>(undefined);
/** A table that waits for an answer: which column to learn. */
export const tableQuestion = signal<TableQuestion | undefined>(undefined);

let controller: AbortController | undefined;

export async function refreshListing(): Promise<void> {
  try {
    listing.value = await engine.call('listData', null);
  } catch (cause) {
    faults.value = [sayCause(cause)];
  }
  await readStorageUse();
}

/** Keeps what is data, asks about tables and pictures, hands on the rest. */
export async function takeFiles(files: readonly DroppedFile[], takers: Takers): Promise<void> {
  const recognised = recognise(files);
  batch(() => {
    faults.value = recognised.faults;
    notes.value = [];
    if (recognised.pictures !== undefined) pictureQuestion.value = recognised.pictures;
  });
  for (const { bytes, path } of recognised.runZips) takers.onRunZip(bytes, path);
  for (const { bytes, path } of recognised.recipes) {
    await work(async () => takers.onRecipe(await bytes.text(), path));
  }
  if (recognised.dataFiles.length === 0) return;
  await work(async () => {
    const added = await engine.call('addFiles', { files: recognised.dataFiles }, { onEvent: showProgress });
    batch(() => {
      faults.value = [...faults.value, ...added.faults];
      notes.value = added.notes;
    });
    const table = added.paths.find(isTable);
    if (table !== undefined) await askAboutTable(table);
  });
}

/** Decodes and keeps the pictures that are asked about, and chooses them. */
export async function packPictures(
  { name, pictures }: PictureFolder,
  format: { readonly edge: number; readonly channels: 1 | 3 },
  onChoose: ChooseData,
): Promise<void> {
  pictureQuestion.value = undefined;
  controller = new AbortController();
  const { signal: stopped } = controller;
  await work(async () => {
    const { path } = await engine.call(
      'packPictures',
      { name, pictures, ...format },
      { onEvent: showProgress, signal: stopped },
    );
    await chooseOwn({ source: 'images', file: path }, onChoose);
  });
}

export function stopPacking(): void {
  controller?.abort();
}

export async function askAboutTable(path: string): Promise<void> {
  await work(async () => {
    tableQuestion.value = { path, preview: await engine.call('previewTable', { path }) };
  });
}

export async function removeSet({ storedPaths }: ListedSet): Promise<void> {
  await work(() => engine.call('removeData', { paths: storedPaths }));
}

/** Loads a set of one's own and hands over a recipe to begin with; a fault is shown. Tells whether there was none. */
export async function chooseOwn(data: DataInput, onChoose: ChooseData): Promise<boolean> {
  return work(async () => {
    const recipe = parseData(data);
    const description = await engine.call('describeData', { data: recipe });
    const file = 'file' in data ? data.file : data.source;
    const start = startingRecipe(fileStem(setName(file)), data, description);
    onChoose(start.data, start);
  });
}

/** A set that comes with recipes: the one of this name. */
export function chooseBuiltIn(name: string, onChoose: ChooseData): void {
  const recipe = builtInRecipes[name];
  if (recipe !== undefined) onChoose(recipe.data, recipe);
}

export function dismissMessages(): void {
  batch(() => {
    faults.value = [];
    notes.value = [];
  });
}

export const isTable = (path: string): boolean => /\.csv(\.gz)?$/i.test(path);

function showProgress(event: AddProgress): void {
  progress.value = event;
}

/** Does something with the data that may fail, then looks again at what there is. */
async function work(job: () => Promise<unknown>): Promise<boolean> {
  let isDone = false;
  try {
    await job();
    isDone = true;
  } catch (cause) {
    // A person who stops it knows.
    if (!(cause instanceof Error && cause.name === 'AbortError')) faults.value = [...faults.value, sayCause(cause)];
  }
  progress.value = undefined;
  await refreshListing();
  // The data of the recipe that is being written may have come or gone.
  void describeDraft();
  return isDone;
}
