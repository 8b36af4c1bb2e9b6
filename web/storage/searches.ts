/**
 * The searches that the browser keeps, beside the runs. A checkpoint, the lines that come before it and the table are written in one
 * transaction, so that a search whose tab was closed or killed goes on and ends with the same table. Whoever searches holds its lock.
 *
 *   recipe.json            the complete recipe with its section `search`
 *   search.json            the limits that populations are packed for, and the digest of the data
 *   trials.jsonl           a line for each run that is done or was cut, all those of a population at once
 *   table.json             the table as it is, best first, and its curves
 *   populations/001/ …     metrics.jsonl and the newest checkpoint of a population that is not done
 */
import * as v from 'valibot';
import { DataError, RecipeError } from '../../src/errors.ts';
import { parseJson } from '../../src/recipe/json.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { parseRecord, summarySchema } from '../../src/search/search-json.ts';
import type { Limits } from '../../src/search/populations.ts';
import type { SearchPopulation, SearchStore } from '../../src/search/store.ts';
import { trainingSeconds } from '../../src/search/summary.ts';
import type { MetricName, RunRecord, TrialSummary } from '../../src/search/trials.ts';
import type { Checkpoint } from '../../src/train/checkpoint.ts';
import type { Device } from '../../src/train/device.ts';
import { evaluationLine, parseEvaluationLine } from '../../src/train/result-json.ts';
import {
  checkpointAsFile,
  cutEvaluations,
  fileText,
  newestCheckpoint,
  sayOtherData,
  sayOtherRecipe,
  wholeLines,
} from '../../src/train/run-files.ts';
import type { Prepared } from '../../src/train/session.ts';
import type { SearchCurves } from '../protocol/searching.ts';
import type { Change, Database, RunEntry } from './database.ts';
import { changeEntry, openEntryWriter } from './entry-writer.ts';
import { listRuns, parseStoredRecipe, putRun } from './runs.ts';
import { decode, encode } from './text.ts';

const searchFileSchema = v.object({
  memoryBytes: v.number(),
  maxBindingBytes: v.number(),
  dataSha256: v.optional(v.string()),
});
type SearchFile = Readonly<v.InferOutput<typeof searchFileSchema>>;

const pointSchema = v.object({
  trial: v.number(),
  step: v.number(),
  value: v.number(),
  train: v.optional(v.number()),
});
const tableSchema = v.object({
  metric: v.picklist(['accuracy', 'loss']),
  table: v.array(summarySchema),
  curves: v.object({
    trials: v.array(pointSchema),
    best: v.array(v.object({ samples: v.number(), value: v.number() })),
  }),
});

/** The table as it is, best first. */
export interface KeptTable {
  readonly metric: MetricName;
  readonly table: readonly TrialSummary[];
  readonly curves: SearchCurves;
}

const populationsFolder = 'populations/';

export interface SearchStoreOptions {
  readonly id: string;
  /** Of a new search. */
  readonly name: string;
  /** With its section `search`. */
  readonly recipe: Recipe;
  readonly device: Device;
  /** Of a new search. */
  readonly limits: Limits;
  readonly dataSha256: string | undefined;
}

/** A search that is being written. What cannot be written is thrown by the next call, and by those that wait for all that is written. */
export interface KeptSearchStore extends SearchStore {
  /** Those that the search was begun with. */
  readonly limits: Limits;
  /** As they were kept last. */
  readonly curves: SearchCurves;
  /** Remembers the table; it is written with the next checkpoint and at the end of a population. */
  keepTable(table: KeptTable): void;
  /** Waits until all is written; the search can go on. */
  pause(): Promise<void>;
  /** Likewise, but never throws, so that the reason of a failure is not lost. */
  fail(): Promise<void>;
  finish(): Promise<void>;
}

/** Starts a search, or opens one to go on with it. Throws RecipeError or DataError where the recipe or the data is another one. */
export async function openSearchStore(database: Database, options: SearchStoreOptions): Promise<KeptSearchStore> {
  const { id, device } = options;
  const entry = (await database.get('runs', id)) ?? (await startSearch(database, options));
  const files = await database.files(id);
  const { memoryBytes, maxBindingBytes } = checkSameSearch(entry.name, files, options);
  const records = readRecords(files);
  let table = readTable(entry.name, files);
  const writer = openEntryWriter(database, id);

  function set(path: string, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) files.delete(path);
    else files.set(path, bytes);
    writer.set(path, bytes);
  }
  function save(fields: Partial<RunEntry>): void {
    if (table !== undefined) set('table.json', encode(fileText(table)));
    const runs = table?.table.reduce((sum, each) => sum + each.runs, 0) ?? 0;
    const done = new Set(
      records.filter(({ state }) => state !== 'cut').map((record) => `${record.population}/${record.member}`),
    );
    writer.write({ step: done.size, steps: runs, seconds: trainingSeconds(records), ...bestOf(table), ...fields });
  }
  function removeAll(folder: string): void {
    for (const path of files.keys()) if (path.startsWith(folder)) set(path, undefined);
  }

  writer.write({ state: 'training', device: device.kind, adapter: device.name });
  await writer.settle();

  return {
    limits: { memoryBytes, maxBindingBytes },
    get curves() {
      return table?.curves ?? { trials: [], best: [] };
    },
    records,
    openPopulation(population, { plan, recipe }) {
      const folder = folderOf(population);
      const { checkpoint, metrics } = readPopulation(files, population, plan);
      const lines = [...cutEvaluations(metrics, checkpoint)];
      const last = lines.at(-1);
      return {
        checkpoint,
        evaluation: last === undefined ? undefined : parseEvaluationLine(last, plan.population),
        add(event) {
          if (event.type === 'evaluation') lines.push(`${evaluationLine(event)}\n`);
          if (event.type !== 'checkpoint') return;
          const { name, bytes } = checkpointAsFile(plan, recipe, event.checkpoint);
          removeAll(`${folder}checkpoints/`);
          set(`${folder}checkpoints/${name}`, bytes);
          set(`${folder}metrics.jsonl`, encode(lines.join('')));
          save({});
        },
        // What is left of the population is its records.
        finish: () => removeAll(folder),
        [Symbol.dispose]() {},
      };
    },
    lastCheckpoint(population, prepared) {
      const { checkpoint } = readPopulation(files, population, prepared.plan);
      if (checkpoint !== undefined) return checkpoint;
      throw new DataError(
        `${entry.name}/${folderOf(population)}`,
        'its checkpoint, from which the best trials go on, cannot be read. Search anew.',
      );
    },
    addRecords(added) {
      records.push(...added);
      set('trials.jsonl', encode(records.map((record) => `${JSON.stringify(record)}\n`).join('')));
      save({});
    },
    keepTable(next) {
      table = next;
    },
    async pause() {
      save({ state: 'paused' });
      await writer.settle();
    },
    async fail() {
      try {
        save({ state: 'paused' });
        await writer.settle();
      } catch {
        // What ended the search is told by whoever calls.
      }
    },
    async finish() {
      removeAll(populationsFolder);
      save({ state: 'finished' });
      await writer.settle();
    },
  };
}

/** Writes the first files of a search. */
async function startSearch(database: Database, options: SearchStoreOptions): Promise<RunEntry> {
  const { id, name, recipe, limits, dataSha256 } = options;
  const now = new Date().toISOString();
  const entry: RunEntry = {
    id,
    name,
    created: now,
    updated: now,
    kind: 'search',
    state: 'training',
    step: 0,
    steps: 0,
    recipeName: recipe.name,
    dataset: recipe.data.source,
  };
  const file: SearchFile = { ...limits, ...(dataSha256 !== undefined && { dataSha256 }) };
  await putRun(
    database,
    entry,
    new Map([
      ['recipe.json', encode(fileText(recipe))],
      ['search.json', encode(fileText(file))],
    ]),
  );
  return entry;
}

function checkSameSearch(
  name: string,
  files: ReadonlyMap<string, Uint8Array>,
  { recipe, dataSha256 }: SearchStoreOptions,
): SearchFile {
  const otherRecipe = sayOtherRecipe(parseStoredRecipe(files.get('recipe.json'), name), recipe);
  if (otherRecipe !== undefined) {
    throw new RecipeError(name, `is a search of another recipe: ${otherRecipe} Search anew.`);
  }
  const place = `${name}/search.json`;
  const parsed = v.safeParse(searchFileSchema, parseJson(decode(files.get('search.json')), place));
  if (!parsed.success) throw new DataError(place, 'does not describe a search. Search anew.');
  const otherData = sayOtherData(parsed.output.dataSha256, dataSha256);
  if (otherData === undefined) return parsed.output;
  throw new DataError(name, `searched on other data: ${otherData} Put the files back as they were, or search anew.`);
}

function readPopulation(
  files: ReadonlyMap<string, Uint8Array>,
  population: SearchPopulation,
  plan: Prepared['plan'],
): { readonly checkpoint: Checkpoint | undefined; readonly metrics: readonly string[] } {
  const folder = `${folderOf(population)}checkpoints/`;
  const metrics = wholeLines(decode(files.get(`${folderOf(population)}metrics.jsonl`)));
  const names = [...files.keys()].flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : []));
  const read = (name: string): Uint8Array => files.get(folder + name) ?? new Uint8Array();
  return { checkpoint: newestCheckpoint(names, read, folder, plan, metrics.length).checkpoint, metrics };
}

/** All that a search holds but its checkpoints. */
export interface KeptSearch {
  readonly entry: RunEntry;
  readonly recipe: Recipe;
  readonly records: readonly RunRecord[];
  /** Undefined before the first evaluation. */
  readonly table: KeptTable | undefined;
}

/** The search with this id, or the newest; undefined where there is none. */
export async function readSearch(database: Database, id: string | undefined): Promise<KeptSearch | undefined> {
  const searches = (await listRuns(database)).filter(({ kind }) => kind === 'search');
  const entry = id === undefined ? searches[0] : searches.find((each) => each.id === id);
  if (entry === undefined) return undefined;
  const files = await database.files(entry.id);
  return {
    entry,
    recipe: parseStoredRecipe(files.get('recipe.json'), entry.name),
    records: readRecords(files),
    table: readTable(entry.name, files),
  };
}

/** Ends a search with what it has found: it can be gone on with no more. */
export async function endSearch(database: Database, id: string): Promise<void> {
  const paths = await database.paths(id);
  await database.write([
    ...paths
      .filter((path) => path.startsWith(populationsFolder))
      .map((path): Change => ({ store: 'files', key: [id, path] })),
    changeEntry(id, { state: 'stopped', updated: new Date().toISOString() }),
  ]);
}

function readRecords(files: ReadonlyMap<string, Uint8Array>): RunRecord[] {
  return wholeLines(decode(files.get('trials.jsonl')))
    .map(parseRecord)
    .filter((record) => typeof record !== 'string');
}

/** Undefined where there is none that can be read: a search that goes on makes it anew. */
function readTable(name: string, files: ReadonlyMap<string, Uint8Array>): KeptTable | undefined {
  if (!files.has('table.json')) return undefined;
  const parsed = v.safeParse(tableSchema, parseJson(decode(files.get('table.json')), `${name}/table.json`));
  return parsed.success ? parsed.output : undefined;
}

/** Loss and accuracy of the best trial, as a list of runs shows them. */
function bestOf(table: KeptTable | undefined): Pick<RunEntry, 'split' | 'loss' | 'accuracy'> {
  const best = table?.table[0]?.validation;
  return best === undefined ? {} : { split: 'validation', loss: best.loss, accuracy: best.accuracy };
}

const folderOf = ({ name }: SearchPopulation): string => `${populationsFolder}${name}/`;
