/** What a finished search folder holds, checked file by file and line by line. Nothing is drawn here. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { DataError } from '../../../src/errors.ts';
import type { Recipe } from '../../../src/recipe/schema.ts';
import type { SearchRecipe } from '../../../src/recipe/search-schema.ts';
import { runKey } from '../../../src/search/summary.ts';
import type { RunRecord, SearchResult, TrialSummary } from '../../../src/search/trials.ts';
import { readSearchFile, readSearchRecipe, readSearchResult, recordSchema } from '../../search/folder.ts';

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

const cure = 'Copy the search again, or go on with it: descent search … --resume.';

/** Reads a finished search. Throws DataError where it is not finished, torn or where its records are not those of its table. */
export function readSearch(folder: string): SearchData {
  const recipe = readSearchRecipe(folder);
  const result = readSearchResult(folder);
  if (result === undefined) {
    throw new DataError(folder, 'is not finished: it has no result.json. Go on with "descent search … --resume".');
  }
  if (recipe.search === undefined || result.table.length === 0) {
    const fault = recipe.search === undefined ? 'recipe.json has no "search"' : 'result.json has an empty table';
    throw new DataError(folder, `is not whole: ${fault}. ${cure}`);
  }
  const { notes, dataFolder } = readSearchFile(folder);
  const data: SearchData = {
    ...result,
    folder,
    recipe,
    search: recipe.search,
    records: readRecords(join(folder, 'trials.jsonl')),
    finished: statSync(join(folder, 'result.json')).mtime,
    notes,
    ...(dataFolder !== undefined && { dataFolder }),
  };
  checkWhole(data);
  return data;
}

/** Every line: of a search that is finished none may be missing, whatever has become of its populations since. */
function readRecords(path: string): RunRecord[] {
  if (!existsSync(path)) throw new DataError(path, `is missing: it holds the runs of the search. ${cure}`);
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines.pop() !== '') throw new DataError(path, `line ${lines.length + 1} is torn: it has no line break. ${cure}`);
  return lines.map((text, index) => {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new DataError(path, `line ${index + 1} is no JSON. ${cure}`);
    }
    const parsed = v.safeParse(recordSchema, json);
    if (parsed.success) return parsed.output;
    const [issue] = parsed.issues;
    const place = v.getDotPath(issue) ?? 'the top';
    throw new DataError(path, `line ${index + 1} is no run of a search: ${place}: ${issue.message}. ${cure}`);
  });
}

/** The table and the records have to be of one search: each line of the table has the records of all its runs. */
function checkWhole({ folder, table, records, best }: SearchData): void {
  const path = join(folder, 'trials.jsonl');
  const runs = new Map(table.map(({ index }) => [index, new Set<string>()]));
  for (const record of records) {
    const own = runs.get(record.trial);
    if (own === undefined) {
      throw new DataError(path, `has a run of trial ${record.trial}, which the table of result.json has not. ${cure}`);
    }
    own.add(runKey(record));
  }
  for (const trial of table) {
    const there = runs.get(trial.index)?.size ?? 0;
    if (there === trial.runs) continue;
    const came = `there are ${there} in the file, ${trial.runs} in the table of result.json`;
    throw new DataError(path, `is not whole: of the runs of trial ${trial.index}, ${came}. ${cure}`);
  }
  if (!runs.has(best.index)) {
    throw new DataError(
      join(folder, 'result.json'),
      `names trial ${best.index} the best, but has no such line. ${cure}`,
    );
  }
}

/** The last record of each run, in the order of trials, folds and seeds. */
export function lastRecords(records: readonly RunRecord[]): readonly RunRecord[] {
  const last = new Map<string, RunRecord>();
  for (const record of records) {
    const key = runKey(record);
    const known = last.get(key);
    if (known === undefined || record.step >= known.step) last.set(key, record);
  }
  return [...last.values()].toSorted(
    (one, other) => one.trial - other.trial || (one.fold ?? 0) - (other.fold ?? 0) || one.seed - other.seed,
  );
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
