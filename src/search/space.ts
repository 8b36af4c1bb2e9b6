/**
 * The space of a search and the trials drawn from it. Every draw is a function of the seed, the stage and the place of the field, so
 * that a search that is gone on with draws the same trials.
 */
import { RecipeError } from '../errors.ts';
import { streams, uniforms } from '../random/draws.ts';
import { drawsItsRows, overrideJson, overrideRecipe, parseRecipe } from '../recipe/parse.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { Dimension, SearchRecipe } from '../recipe/search-schema.ts';
import type { Trial, TrialSummary } from './trials.ts';

/** One field of the space. */
export interface Field {
  /** As the recipe writes it, perhaps with a `*`. */
  readonly path: string;
  /** The fields of the recipe that it sets. */
  readonly targets: readonly string[];
  readonly kind: keyof Dimension;
  /** Of `uniform`, `logUniform` and `int`. */
  readonly range?: readonly [least: number, most: number];
  /** Of `choice` and `grid`. */
  readonly values?: readonly unknown[];
}

const usualDraws = 16;
const mostTrials = 10_000;
/** Draws for each trial that is wanted, before repeated ones are accepted as all there are. */
const drawsPerTrial = 20;
/** What describes the run or is set by the search itself. */
const fixedFields = /^(name|description|members|search|data\.folds?)(\.|$)/;
/** What says which data there is, not how it is used. */
const sourceFields = /^data(\.(source|file|testFile|target|task|shape|rows|classes|noise|turns))?$/;
const drawnSets: ReadonlySet<string> = new Set(['choice', 'int']);

/** The recipe without its search: what the trials change. */
export function baseRecipe({ search: _search, ...base }: Recipe): Recipe {
  return base;
}

/** The section `search` of a recipe. Throws RecipeError where there is none, or where members are given by hand. */
export function searchOf(recipe: Recipe): SearchRecipe {
  const { search, members } = recipe;
  if (search === undefined || Object.keys(search.space).length === 0) {
    throw new RecipeError(
      'search.space',
      'names no field to vary. Give it one, such as {"l2": {"logUniform": [1e-5, 1e-1]}}, or use --space.',
    );
  }
  if (members !== undefined) {
    throw new RecipeError('members', 'cannot be given beside "search", which makes its own. Leave out one of them.');
  }
  return search;
}

/** The fields of a space, checked one by one. Throws RecipeError. */
export function readSpace(recipe: Recipe): readonly Field[] {
  const { space } = searchOf(recipe);
  const base = baseRecipe(recipe);
  const fields = Object.entries(space).map(([path, dimension]): Field => {
    const place = `search.space["${path}"]`;
    if (fixedFields.test(path)) throw new RecipeError(place, 'is no field that a search can vary. Leave it out.');
    const field = { path, targets: targetsOf(base, path, place), ...readDimension(dimension, place) };
    for (const value of field.values ?? field.range ?? []) checkValue(base, field, value, place);
    if (sourceFields.test(path) || (path === 'data.seed' && drawsItsRows(base))) {
      throw new RecipeError(
        place,
        'makes another data set, but the trials of a search are all trained on one. Search with each data set by itself.',
      );
    }
    return field;
  });
  const setBy = new Map<string, string>();
  for (const { path, targets } of fields) {
    for (const target of targets) {
      const other = setBy.get(target);
      if (other !== undefined) {
        throw new RecipeError('search.space', `"${path}" and "${other}" both set ${target}. Leave out one of them.`);
      }
      setBy.set(target, path);
    }
  }
  return fields;
}

function readDimension(dimension: Dimension, place: string): Pick<Field, 'kind' | 'range' | 'values'> {
  const given = Object.entries(dimension).filter(([, value]) => value !== undefined);
  const [entry] = given;
  if (entry === undefined || given.length > 1) {
    throw new RecipeError(
      place,
      `needs exactly one of "uniform", "logUniform", "int", "choice" and "grid", got ` +
        `${given.length === 0 ? 'none of them' : given.map(([kind]) => `"${kind}"`).join(' and ')}.`,
    );
  }
  const kind = entry[0] as keyof Dimension;
  if (kind === 'choice' || kind === 'grid') return { kind, values: distinct(dimension[kind] ?? []) };
  const range = dimension[kind] ?? [0, 0];
  if (range[0] >= range[1]) {
    throw new RecipeError(`${place}.${kind}`, `goes from ${range[0]} to ${range[1]}. Give the smaller number first.`);
  }
  return { kind, range };
}

/** `model.layers.*.rate` stands for that field of every layer that has it. */
function targetsOf(base: Recipe, path: string, place: string): readonly string[] {
  if (!path.includes('*')) return [path];
  const match = /^model\.layers\.\*\.(\w+)$/.exec(path);
  const name = match?.[1];
  if (name === undefined) {
    throw new RecipeError(place, 'has a "*", which can only stand for all layers: "model.layers.*.rate".');
  }
  const targets = base.model.layers.flatMap((layer, index) => (name in layer ? [`model.layers.${index}.${name}`] : []));
  if (targets.length === 0) throw new RecipeError(place, `no layer has the field "${name}". Correct its name.`);
  return targets;
}

function checkValue(base: Recipe, { path, targets }: Field, value: unknown, place: string): void {
  try {
    overrideRecipe(base, setTargets(targets, value));
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause;
    const [at, head] = [cause.place.replaceAll(/\[(\d+)\]/g, '.$1'), path.split('.*')[0] ?? path];
    // What only another field of the space makes right is found when the trials are made.
    if (at.startsWith(head) || head.startsWith(at)) throw new RecipeError(place, cause.message);
  }
}

/** The recipe of a trial, as it was written but without the search and its folds: to be trained alone. */
export function trialRecipe(json: unknown, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { search: _search, ...base } = json as Readonly<Record<string, unknown>>;
  return overrideJson(base, trialOverrides(readSpace(parseRecipe(json)), values));
}

function setTargets(targets: readonly string[], value: unknown): Record<string, unknown> {
  return Object.fromEntries(targets.map((target) => [target, value]));
}

/** What a trial sets in the recipe, outer fields before the fields in them. */
export function trialOverrides(
  fields: readonly Field[],
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const all = fields.flatMap(({ path, targets }) => Object.entries(setTargets(targets, values[path])));
  const depth = (path: string): number => path.split('.').length;
  return Object.fromEntries(all.toSorted(([one], [other]) => depth(one) - depth(other)));
}

/** The first trials of a search: all of them, or the coarse ones. Throws RecipeError where the strategy does not suit the space. */
export function firstTrials(recipe: Recipe, fields: readonly Field[]): readonly Trial[] {
  const { strategy, trials, seed } = searchOf(recipe);
  const stage = strategy === 'coarseToFine' ? 'coarse' : 'only';
  if (strategy === 'coarseToFine' && fields.every(({ range }) => range === undefined)) {
    throw new RecipeError(
      'search.strategy',
      '"coarseToFine" looks closer at ranges, and the space has none. Give one field a "uniform", "logUniform" or "int", or use "random".',
    );
  }
  if (strategy !== 'grid') return numbered(drawTrials(fields, trials, seed, 0), stage, 0);
  if (trials !== undefined) {
    throw new RecipeError('search.trials', 'a grid has as many trials as combinations. Leave it out.');
  }
  const grid = fields.map((field): Field => {
    const { path, kind, range } = field;
    if (kind === 'uniform' || kind === 'logUniform') {
      throw new RecipeError(
        `search.space["${path}"]`,
        `a grid search takes every value, but "${kind}" has no end of them. Give "grid": [...], or use the strategy "random".`,
      );
    }
    if (range === undefined) return { ...field, kind: 'grid' };
    const count = Math.min(range[1] - range[0] + 1, mostTrials + 1);
    return { ...field, kind: 'grid', values: Array.from({ length: count }, (_, index) => range[0] + index) };
  });
  return numbered(combine(grid, {}), stage, 0);
}

/**
 * The finer trials around the best coarse ones, which come first in `table`: numbers from the range that the best span, widened on both
 * sides by the mean distance of two coarse draws; of other fields the values that the best have.
 */
export function fineTrials(recipe: Recipe, fields: readonly Field[], table: readonly TrialSummary[]): readonly Trial[] {
  const { fine, seed, trials = usualDraws } = searchOf(recipe);
  const best = table.filter(({ value }) => value !== undefined).slice(0, fine.around);
  const around = fields.map((field): Field => {
    const { path, kind, range } = field;
    const values = best.map((trial) => trial.values[path]);
    if (range === undefined) return { ...field, values: distinct(values) };
    const numbers = values.filter((value) => typeof value === 'number');
    return { ...field, range: narrow(kind, range, numbers, trials) };
  });
  const tried = new Set(table.map((trial) => JSON.stringify(trial.values)));
  const drawn = drawTrials(around, fine.trials, seed, 1).filter((values) => !tried.has(JSON.stringify(values)));
  return numbered(drawn, 'fine', table.length);
}

function narrow(
  kind: Field['kind'],
  [least, most]: readonly [number, number],
  numbers: readonly number[],
  draws: number,
): readonly [number, number] {
  const [to, from] = kind === 'logUniform' ? [Math.log, Math.exp] : [Number, Number];
  const gap = (to(most) - to(least)) / draws;
  const low = from(to(Math.min(...numbers)) - gap);
  const high = from(to(Math.max(...numbers)) + gap);
  const [first, last] = kind === 'int' ? [Math.floor(low), Math.ceil(high)] : [low, high];
  return [Math.max(least, first), Math.min(most, last)];
}

function numbered(values: readonly Trial['values'][], stage: Trial['stage'], from: number): readonly Trial[] {
  return values.map((each, index) => ({ index: from + index, values: each, stage }));
}

/** So many different draws, each with every combination of the fields under `grid`. */
function drawTrials(
  fields: readonly Field[],
  wanted: number | undefined,
  seed: number,
  salt: number,
): readonly Trial['values'][] {
  const drawn = fields.filter(({ kind }) => kind !== 'grid');
  const grid = fields.filter(({ kind }) => kind === 'grid');
  if (drawn.length === 0) return combine(grid, {});
  const count = wanted ?? usualDraws;
  const isFinite = drawn.every(({ kind }) => drawnSets.has(kind));
  const most = isFinite ? count * drawsPerTrial : count;
  const deviates = drawn.map((_, step) => uniforms(most, { seed, stream: streams.search, step, salt }));
  const seen = new Set<string>();
  const trials: Trial['values'][] = [];
  for (let draw = 0; draw < most && seen.size < count; draw++) {
    const values = Object.fromEntries(
      drawn.map((field, index) => [field.path, valueAt(field, deviates[index]?.[draw] ?? 0)]),
    );
    const key = JSON.stringify(values);
    if (seen.has(key)) continue;
    seen.add(key);
    trials.push(...combine(grid, values));
    checkCount(trials.length);
  }
  // The fields in the order of the space.
  return trials.map((values) => Object.fromEntries(fields.map(({ path }) => [path, values[path]])));
}

/** The value of a field at a deviate inside (0, 1); numbers have six significant digits, so that people can copy them. */
function valueAt({ kind, range, values }: Field, deviate: number): unknown {
  if (range === undefined) return values?.[Math.floor(deviate * values.length)];
  const [least, most] = range;
  if (kind === 'int') return Math.min(most, Math.floor(least + deviate * (most - least + 1)));
  const value = kind === 'uniform' ? least + deviate * (most - least) : least * (most / least) ** deviate;
  return Math.min(most, Math.max(least, Number(value.toPrecision(6))));
}

/** Every combination of the values of some fields, beside what is given; the last field varies fastest. */
function combine(fields: readonly Field[], given: Trial['values']): Trial['values'][] {
  let all: Trial['values'][] = [given];
  for (const { path, values = [] } of fields) {
    checkCount(all.length * values.length);
    all = all.flatMap((one) => values.map((value) => ({ ...one, [path]: value })));
  }
  return all;
}

function checkCount(count: number): void {
  if (count <= mostTrials) return;
  throw new RecipeError(
    'search.space',
    `makes more than ${mostTrials.toLocaleString('en')} trials. Give fewer values, or draw them with the strategy "random".`,
  );
}

function distinct(values: readonly unknown[]): unknown[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
