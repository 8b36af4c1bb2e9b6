/** What tells the folders of a search from those of runs that people may train and ask: a search itself, and populations that it went no further with. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { DataError } from '../../src/errors.ts';
import { parseJson } from '../../src/recipe/json.ts';

/** Written into a population that the search leaves without a result: nothing is to be trained or asked there. */
const endSchema = v.strictObject({
  step: v.number(),
  /** `cut`: at a cut of successive halving. `diverged`: no member had a finite loss any more. */
  end: v.picklist(['cut', 'diverged']),
});
export type PopulationEnd = v.InferOutput<typeof endSchema>;

export const endFileName = 'cut.json';

/** Whether a folder holds a search, finished or not. */
export function holdsSearch(folder: string): boolean {
  return ['search.json', 'recipe.json'].every((name) => existsSync(join(folder, name)));
}

/** Throws DataError where a folder holds a search and a run is wanted: what of it is a run. */
export function refuseSearch(folder: string): void {
  if (!holdsSearch(folder)) return;
  const best = join(folder, 'best.json');
  const populations = join(folder, 'populations');
  const [first] = existsSync(populations) ? readdirSync(populations).toSorted() : [];
  const ways = [
    existsSync(best) ? `train ${best}` : 'go on with it by "descent search … --resume"',
    ...(first === undefined ? [] : [`name one of its populations, such as ${join(populations, first)}`]),
  ].join(', or ');
  throw new DataError(folder, `holds a search, not a run. ${ways.replace(/^./, (letter) => letter.toUpperCase())}.`);
}

/** Throws DataError where a training is to be kept in a folder of a search, or to go on in a population that only the search may go on with. */
export function refuseTraining(folder: string): void {
  if (holdsSearch(folder)) {
    throw new DataError(
      folder,
      'already holds a search. Go on with it by "descent search … --resume", or choose another --out.',
    );
  }
  if (existsSync(join(folder, 'result.json'))) return;
  refuseEnded(folder);
  const search = searchAround(folder);
  if (search === undefined || !existsSync(join(folder, 'recipe.json'))) return;
  throw new DataError(
    folder,
    `is a population of the search in ${search}. Go on with that by "descent search … --resume", or choose another --out.`,
  );
}

/** Throws DataError where a folder holds a population that its search went no further with. */
export function refuseEnded(folder: string): void {
  const path = join(folder, endFileName);
  if (!existsSync(path)) return;
  const parsed = v.safeParse(endSchema, parseJson(readFileSync(path, 'utf8'), path));
  if (!parsed.success) throw new DataError(path, 'does not tell where the population ended. Copy the search again.');
  const { step, end } = parsed.output;
  throw new DataError(
    folder,
    end === 'cut'
      ? `was cut by the search at step ${step}: what was left went on in later populations. Name one of those, or train a trial by itself.`
      : `has no weights: every member has diverged by step ${step}. Name another population.`,
  );
}

/** Throws DataError where a folder holds a population of a search that is not finished. */
export function refuseUnfinishedPopulation(folder: string): void {
  const search = searchAround(folder);
  if (search === undefined) return;
  throw new DataError(
    folder,
    `the search in ${search} has not trained this population to its end. Go on with it by "descent search … --resume", or name another.`,
  );
}

/** The search that a folder is a population of, if it is one. */
function searchAround(folder: string): string | undefined {
  const parent = dirname(resolve(folder));
  const search = join(folder, '..', '..');
  return basename(parent) === 'populations' && holdsSearch(search) ? search : undefined;
}
