/** Searches on the CPU path for the tests: small, and every event kept. */
import type { Dataset } from '../../src/data/dataset.ts';
import type { Recipe } from '../../src/recipe/schema.ts';
import { search } from '../../src/search/search.ts';
import type { SearchEvent, SearchOptions } from '../../src/search/search.ts';
import { runRecipe } from '../../src/search/populations.ts';
import { readSpace } from '../../src/search/space.ts';
import type { RunRecord, SearchResult } from '../../src/search/trials.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import { clouds, smallRecipe } from '../train/support.ts';

export const memoryBytes = 2 ** 28;

/** A recipe for `clouds` with a search over these fields. */
export function searchRecipe(search: object, fields: object = {}): Recipe {
  return smallRecipe({ search, ...fields });
}

export interface Searched {
  readonly events: readonly SearchEvent[];
  readonly result: SearchResult;
}

type Options = Partial<Omit<SearchOptions, 'device'>>;

/** Searches to the end. */
export async function searchAll(recipe: Recipe, options: Options = {}): Promise<Searched> {
  using cpu = cpuDevice();
  const running = search(recipe, { device: cpu, dataset: clouds(), memoryBytes, ...options });
  const events: SearchEvent[] = [];
  for await (const event of running) events.push(event);
  return { events, result: await running.result };
}

/** sha256 of the weights of a run of a search when it is trained alone. */
export async function hashAlone(recipe: Recipe, result: SearchResult, record: RunRecord, dataset: Dataset) {
  const trial = result.table.find(({ index }) => index === record.trial);
  if (trial === undefined) throw new Error(`no trial ${record.trial}`);
  using cpu = cpuDevice();
  const alone = runRecipe(recipe, readSpace(recipe), trial, record);
  return (await train(alone, { device: cpu, dataset }).result).weightsSha256;
}
