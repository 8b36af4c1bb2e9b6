/** What a finished search folder holds, read together and checked against each other. Nothing is drawn here. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../../../src/errors.ts';
import type { Recipe } from '../../../src/recipe/schema.ts';
import type { SearchRecipe } from '../../../src/recipe/search-schema.ts';
import { runKey } from '../../../src/search/summary.ts';
import type { RunRecord, SearchResult, TrialSummary } from '../../../src/search/trials.ts';
import { mendSearch, readAllRecords, readSearchFile, readSearchRecipe, readSearchResult } from '../../search/folder.ts';

/** A finished search as its folder holds it. */
export interface SearchData extends SearchResult {
  readonly folder: string;
  /** With its section `search`. */
  readonly recipe: Recipe;
  readonly search: SearchRecipe;
  readonly finished: Date;
  /** What a reader should know about the data. */
  readonly notes: readonly string[];
  /** Of --data, if one was given. */
  readonly dataFolder?: string;
}

/** Reads a finished search. Throws DataError where it is not finished, torn or where its records are not those of its table. */
export function readSearch(folder: string): SearchData {
  const recipe = readSearchRecipe(folder);
  const result = readSearchResult(folder);
  if (result === undefined) {
    throw new DataError(folder, 'is not finished: it has no result.json. Go on with "descent search … --resume".');
  }
  if (recipe.search === undefined || result.table.length === 0) {
    const fault = recipe.search === undefined ? 'recipe.json has no "search"' : 'result.json has an empty table';
    throw new DataError(folder, `is not whole: ${fault}. ${mendSearch}`);
  }
  const { notes, dataFolder } = readSearchFile(folder);
  const data: SearchData = {
    ...result,
    folder,
    recipe,
    search: recipe.search,
    records: readAllRecords(folder),
    finished: statSync(join(folder, 'result.json')).mtime,
    notes,
    ...(dataFolder !== undefined && { dataFolder }),
  };
  checkWhole(data);
  return data;
}

/** The table and the records have to be of one search: each line of the table has the records of all its runs. */
function checkWhole({ folder, table, records, best }: SearchData): void {
  const path = join(folder, 'trials.jsonl');
  const runs = new Map(table.map(({ index }) => [index, new Set<string>()]));
  for (const record of records) {
    const own = runs.get(record.trial);
    if (own === undefined) {
      throw new DataError(
        path,
        `has a run of trial ${record.trial}, which the table of result.json has not. ${mendSearch}`,
      );
    }
    own.add(runKey(record));
  }
  for (const trial of table) {
    const there = runs.get(trial.index)?.size ?? 0;
    if (there === trial.runs) continue;
    const came = `there are ${there} in the file, ${trial.runs} in the table of result.json`;
    throw new DataError(path, `is not whole: of the runs of trial ${trial.index}, ${came}. ${mendSearch}`);
  }
  if (!runs.has(best.index)) {
    throw new DataError(
      join(folder, 'result.json'),
      `names trial ${best.index} the best, but has no such line. ${mendSearch}`,
    );
  }
}

/** The number that a run is compared by; undefined where it has none. */
export function metricOf(record: RunRecord, metric: SearchData['metric']): number | undefined {
  const value = record.validation?.[metric];
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** The number that a trial is compared by; undefined where it has none. */
export function valueOf({ value }: TrialSummary): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
