/**
 * What a search folder holds, read and checked. recipe.json, written last of the first files, makes a folder a search.
 *
 *   search.json            the limits that populations are packed for, where the data was, and its digest
 *   recipe.json            the complete recipe with its section `search`
 *   trials.jsonl           a line for each run that is done or was cut, all those of a population at once
 *   populations/001 …      each an ordinary run folder, its recipe with one entry of `members` for each run
 *   best.json              the recipe of the best trial, ready for "descent train"
 *   trials.csv             the table, a line for each trial, best first
 *   result.json            written last: the search is finished
 *   run.lock               there while a process writes
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { DataError } from '../../src/errors.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { parseRecord, resultSchema } from '../../src/search/search-json.ts';
import type { SearchResultJson } from '../../src/search/search-json.ts';
import type { RunRecord } from '../../src/search/trials.ts';
import { readJson, readRecipe, readRunRecipe, readWholeLines } from '../run-folder.ts';
import { holdsSearch } from './marks.ts';

const searchFileSchema = v.strictObject({
  /** Device memory that a population may take, and the largest binding: the populations of the search are packed for these. */
  memoryBytes: v.number(),
  maxBindingBytes: v.number(),
  /** The adapters that it ran on, in the order in which they came. */
  adapters: v.array(v.string()),
  /** The folder of --data, if one was given, and the current folder of then. */
  dataFolder: v.optional(v.string()),
  startFolder: v.string(),
  dataSha256: v.optional(v.string()),
  /** Rows that every run is trained on, which --epochs is reckoned by. */
  trainRows: v.number(),
  /** What a user should know about the data. */
  notes: v.array(v.string()),
});
export type SearchFile = Readonly<v.InferOutput<typeof searchFileSchema>>;

/** What to do about a finished search that is not whole. */
export const mendSearch = 'Copy the search again, or go on with it: descent search … --resume.';

/** Throws DataError where the folder holds no search. */
function requireSearch(folder: string): void {
  if (holdsSearch(folder)) return;
  throw new DataError(folder, 'holds no search: there is no search.json. Name a folder that "descent search" wrote.');
}

export function readSearchRecipe(folder: string): Recipe {
  requireSearch(folder);
  return readRecipe(folder);
}

export function readSearchFile(folder: string): SearchFile {
  requireSearch(folder);
  const path = join(folder, 'search.json');
  const result = v.safeParse(searchFileSchema, readJson(path));
  if (result.success) return result.output;
  const place = v.getDotPath(result.issues[0]) ?? 'the top';
  throw new DataError(
    path,
    `does not describe a search: ${place}: ${result.issues[0].message}. Copy the search again.`,
  );
}

/** The result, if the search is finished. */
export function readSearchResult(folder: string): SearchResultJson | undefined {
  const path = join(folder, 'result.json');
  if (!existsSync(path)) return undefined;
  const result = v.safeParse(resultSchema, readJson(path));
  if (!result.success) throw new DataError(path, 'is not the result of a search. Delete it and resume the search.');
  return result.output;
}

export function populationFolder(folder: string, name: string): string {
  return join(folder, 'populations', name);
}

/** The lines of trials.jsonl and what they say: of whole populations only. A process that was killed may have left part of one. */
export function readRecords(folder: string): { readonly lines: readonly string[]; readonly records: RunRecord[] } {
  const lines = readWholeLines(join(folder, 'trials.jsonl'));
  const parsed = lines.map(parseRecord);
  const firstBad = parsed.findIndex((record) => typeof record === 'string');
  const read = parsed.slice(0, firstBad < 0 ? undefined : firstBad).filter((record) => typeof record !== 'string');
  const kept = read.slice(0, wholePopulations(folder, read));
  return { lines: lines.slice(0, kept.length), records: kept };
}

/** Every line of trials.jsonl of a search that is finished: none may be missing or torn, whatever has become of its populations since. */
export function readAllRecords(folder: string): readonly RunRecord[] {
  const path = join(folder, 'trials.jsonl');
  if (!existsSync(path)) throw new DataError(path, `is missing: it holds the runs of the search. ${mendSearch}`);
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines.pop() !== '') {
    throw new DataError(path, `line ${lines.length + 1} is torn: it has no line break. ${mendSearch}`);
  }
  return lines.map((line, index) => {
    const record = parseRecord(line);
    if (typeof record !== 'string') return record;
    throw new DataError(path, `line ${index + 1} ${record}. ${mendSearch}`);
  });
}

/** How many of the records, from the first, belong to populations that all of their runs are there of. */
function wholePopulations(folder: string, records: readonly RunRecord[]): number {
  let from = 0;
  while (from < records.length) {
    const name = records[from]?.population ?? '';
    const path = join(populationFolder(folder, name), 'recipe.json');
    const members = existsSync(path) ? (readRunRecipe(populationFolder(folder, name)).members?.length ?? 1) : Infinity;
    const own = records.slice(from, from + members).filter(({ population }) => population === name);
    if (own.length < members) break;
    from += members;
  }
  return from;
}
