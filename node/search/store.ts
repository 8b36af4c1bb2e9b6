/** Writes a search folder: every population while it is trained, the lines of its runs once it is done, and the result. */
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DataError } from '../../src/errors.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import type { SearchPopulation, SearchStore } from '../../src/search/store.ts';
import { trainingSeconds } from '../../src/search/summary.ts';
import type { SearchResultJson } from '../../src/search/search-json.ts';
import type { RunRecord, SearchResult } from '../../src/search/trials.ts';
import { resultJson } from '../../src/train/result-json.ts';
import { describeModel } from '../../src/train/saved-model.ts';
import type { Prepared } from '../../src/train/session.ts';
import {
  appendSynced,
  openRun,
  readLastEvaluation,
  readNewestCheckpoint,
  refuseOtherData,
  refuseOtherRecipe,
  removeUnfinishedFiles,
  writeWhole,
} from '../run-folder.ts';
import { lockRun } from '../run-lock.ts';
import { trialsCsv } from './csv.ts';
import { populationFolder, readRecords, readSearchFile, readSearchRecipe } from './folder.ts';
import type { SearchFile } from './folder.ts';
import { endFileName, holdsSearch } from './marks.ts';
import type { PopulationEnd } from './marks.ts';

export interface FolderStore extends SearchStore {
  /** As it stands in the folder. */
  readonly file: SearchFile;
  /** Writes the best recipe, if a trial has a value, the table and, last, the result: the search is finished. */
  finish(result: Pick<SearchResult, 'metric' | 'table'>, best: Recipe | undefined): SearchResultJson;
}

/**
 * Starts a search folder, or opens one to go on in it; `lockRun` has locked it. `file` describes this session: of a search that goes on its
 * limits must be those of the start. `say` is told what a person should know. Throws RecipeError or DataError where the recipe or the data
 * is another one.
 */
export function openSearch(folder: string, recipe: Recipe, file: SearchFile, say: (note: string) => void): FolderStore {
  const trialsPath = join(folder, 'trials.jsonl');
  const isNew = !holdsSearch(folder);
  const [adapter = ''] = file.adapters;
  const stored = isNew ? file : readSearchFile(folder);
  if (!isNew) {
    refuseOtherRecipe(folder, 'search', readSearchRecipe(folder), recipe);
    refuseOtherData(folder, 'search', stored.dataSha256, file.dataSha256);
    const others = stored.adapters.filter((name) => name !== adapter);
    if (others.length > 0) say(`This search ran on ${others.join(' and ')} before; it goes on on ${adapter}.`);
  }
  const known = stored.adapters.includes(adapter);
  const written = known ? stored : { ...stored, adapters: [...stored.adapters, adapter] };
  mkdirSync(join(folder, 'populations'), { recursive: true });
  removeUnfinishedFiles(folder);
  if (isNew) writeWhole(trialsPath, '');
  if (isNew || !known) writeWhole(join(folder, 'search.json'), asJson(written));
  if (isNew) writeWhole(join(folder, 'recipe.json'), asJson(recipe));
  const { lines, records } = readRecords(folder);
  writeWhole(trialsPath, lines.join(''));

  return {
    file: written,
    records,
    openPopulation(population, prepared) {
      const place = populationFolder(folder, population.name);
      const lock = lockRun(place);
      const run = openRun(place, prepared.plan, population.recipe, modelFile(prepared, written), undefined);
      for (const note of run.notes) say(note);
      return {
        checkpoint: run.checkpoint,
        evaluation: readLastEvaluation(place, prepared.plan.population),
        add(event) {
          if (event.type === 'evaluation') run.addEvaluation(event);
          if (event.type === 'observation') run.addObservation(event.observation);
          if (event.type === 'checkpoint') run.addCheckpoint(event.checkpoint);
        },
        finish(result) {
          run.finish(result.weights, resultJson(result, resolve(place)));
        },
        [Symbol.dispose]: () => lock[Symbol.dispose](),
      };
    },
    lastCheckpoint(population, prepared) {
      return readCut(populationFolder(folder, population.name), population, prepared);
    },
    addRecords(added) {
      markEnds(folder, added);
      appendSynced(trialsPath, added.map((record) => `${JSON.stringify(record)}\n`).join(''));
    },
    finish({ metric, table }, best) {
      const all = readRecords(folder).records;
      const [first] = table;
      if (first === undefined) throw new Error('a search has a trial');
      const json = {
        metric,
        best: first,
        table: [...table],
        adapter: written.adapters.join(', '),
        seconds: trainingSeconds(all),
      };
      if (best !== undefined) writeWhole(join(folder, 'best.json'), asJson(best));
      writeWhole(join(folder, 'trials.csv'), trialsCsv(table, Object.keys(recipe.search?.space ?? {}), all));
      writeWhole(join(folder, 'result.json'), asJson(json));
      return json as SearchResultJson;
    },
  };
}

/** Marks the populations of which no run came to its end: they have no result. */
function markEnds(folder: string, records: readonly RunRecord[]): void {
  for (const name of new Set(records.map(({ population }) => population))) {
    const own = records.filter(({ population }) => population === name);
    const place = populationFolder(folder, name);
    if (own.some(({ state }) => state === 'done') || existsSync(join(place, 'result.json'))) continue;
    const step = Math.max(...own.map((record) => record.step));
    const end: PopulationEnd = { step, end: own.some(({ state }) => state === 'cut') ? 'cut' : 'diverged' };
    writeWhole(join(place, endFileName), asJson(end));
  }
}

function modelFile(
  prepared: Prepared,
  { dataFolder, startFolder, dataSha256 }: SearchFile,
): Parameters<typeof openRun>[3] {
  return {
    ...describeModel(prepared),
    ...(dataFolder !== undefined && { dataFolder }),
    startFolder,
    ...(dataSha256 !== undefined && { dataSha256 }),
    trainRows: prepared.views[0]?.split.train.length ?? 0,
  };
}

/** The checkpoint of a population at the cut where it stopped; without it nothing goes on from there. */
function readCut(
  place: string,
  { until }: SearchPopulation,
  { plan }: Prepared,
): ReturnType<SearchStore['lastCheckpoint']> {
  const checkpoint = existsSync(join(place, 'checkpoints')) ? readNewestCheckpoint(place, plan) : undefined;
  // A population of which every member was stopped early ends before the cut.
  const ended = checkpoint?.counters.members.every(
    ({ stoppedAt, divergedAt }) => stoppedAt !== null || divergedAt !== null,
  );
  if (checkpoint !== undefined && (ended === true || checkpoint.counters.step === until)) return checkpoint;
  throw new DataError(
    place,
    `its checkpoint of step ${until}, from which the best trials go on, is gone or cannot be read. Copy the search again, or ` +
      'search anew in another --out.',
  );
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
