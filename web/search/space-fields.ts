/** The fields of a recipe that are worth searching, with a range or values to begin with; and how a field's values are changed and written. */
import { ratePath, valueAt } from '../../src/recipe/paths.ts';
import type { LayerRecipe, Recipe } from '../../src/recipe/schema.ts';
import type { Dimension, SearchRecipe } from '../../src/recipe/search-schema.ts';
import { sayInJson } from '../../src/recipe/search-values.ts';

export type DimensionKind = keyof Dimension;
export type Space = SearchRecipe['space'];

export interface SpaceField {
  /** Dotted path in the recipe. */
  readonly path: string;
  /** For people. */
  readonly text: string;
  readonly dimension: Dimension;
}

export const kindWords: Readonly<Record<DimensionKind, string>> = {
  logUniform: 'By factor',
  uniform: 'Evenly',
  int: 'Whole numbers',
  choice: 'One of',
  grid: 'Each of',
};
export const kinds = Object.keys(kindWords) as readonly DimensionKind[];

/** The rate that the schedule reaches: of the optimizer, or the highest of a schedule with rates of its own. */
function learningRateField(recipe: Recipe): SpaceField {
  const path = ratePath(recipe.schedule);
  const rate = Number(valueAt(recipe, path));
  return { path, text: 'Learning rate', dimension: { logUniform: [powerOfTen(rate, -1), powerOfTen(rate, 1)] } };
}

/** A power of ten at least so many decades below or above a number. */
function powerOfTen(value: number, decades: number): number {
  const log = Math.log10(value) + decades;
  return Number(`1e${decades < 0 ? Math.floor(log + 1e-9) : Math.ceil(log - 1e-9)}`);
}

/** In the order in which they are offered. */
export function suggestFields(recipe: Recipe): readonly SpaceField[] {
  return [
    learningRateField(recipe),
    { path: 'l2', text: 'L2 penalty', dimension: { logUniform: [1e-6, 1e-2] } },
    ...rateFields(recipe.model.layers),
    { path: 'batch', text: 'Batch', dimension: { choice: aroundInPowers(recipe.batch) } },
    ...recipe.model.layers.flatMap((layer, index) => layerFields(recipe.model.layers, layer, index)),
    ...optimizerFields(recipe),
    ...scheduleFields(recipe),
    ...lossFields(recipe),
    { path: 'seed', text: 'Seed', dimension: { grid: [0, 1, 2, 3, 4] } },
  ];
}

function rateFields(layers: readonly LayerRecipe[]): SpaceField[] {
  const dropouts = layers.flatMap(({ type }, index) => (type === 'dropout' ? [index] : []));
  if (dropouts.length === 0) return [];
  const dimension: Dimension = { uniform: [0, 0.5] };
  if (dropouts.length === 1) return [{ path: `model.layers.${dropouts[0]}.rate`, text: 'Dropout rate', dimension }];
  return [
    { path: 'model.layers.*.rate', text: 'Dropout rate of all layers', dimension },
    ...dropouts.map((index) => ({
      path: `model.layers.${index}.rate`,
      text: `Dropout rate, layer ${index + 1}`,
      dimension,
    })),
  ];
}

/** Widths and activations; the last dense layer has as many units as there are answers. */
function layerFields(layers: readonly LayerRecipe[], layer: LayerRecipe, index: number): SpaceField[] {
  const at = `model.layers.${index}`;
  const where = `layer ${index + 1}`;
  const isOutput = layers.findLastIndex(({ type }) => type === 'dense') === index;
  if (layer.type === 'conv2d') {
    return [{ path: `${at}.filters`, text: `Filters, ${where}`, dimension: { choice: aroundInPowers(layer.filters) } }];
  }
  if (layer.type !== 'dense' || isOutput) return [];
  return [
    { path: `${at}.units`, text: `Units, ${where}`, dimension: { choice: aroundInPowers(layer.units) } },
    { path: `${at}.activation`, text: `Activation, ${where}`, dimension: { choice: ['relu', 'gelu', 'tanh'] } },
  ];
}

/** Half, once, twice. */
function aroundInPowers(value: number): number[] {
  return [...new Set([Math.max(1, Math.round(value / 2)), value, 2 * value])];
}

function lossFields({ loss }: Recipe): SpaceField[] {
  if (loss !== 'crossEntropy') return [];
  return [{ path: 'labelSmoothing', text: 'Label smoothing', dimension: { uniform: [0, 0.2] } }];
}

const optimizerDimensions: Readonly<Record<string, readonly [text: string, dimension: Dimension]>> = {
  weightDecay: ['Weight decay', { logUniform: [1e-4, 1e-1] }],
  momentum: ['Momentum', { uniform: [0.8, 0.98] }],
  alpha: ['Alpha of RMSprop', { uniform: [0.9, 0.999] }],
  beta1: ['Beta 1', { uniform: [0.8, 0.95] }],
  beta2: ['Beta 2', { uniform: [0.98, 0.9999] }],
};

function optimizerFields({ optimizer }: Recipe): SpaceField[] {
  return Object.entries(optimizerDimensions).flatMap(([name, [text, dimension]]) =>
    name in optimizer ? [{ path: `optimizer.${name}`, text, dimension }] : [],
  );
}

const counted: readonly string[] = ['stepSize', 'everyEpochs', 'patience', 'warmupSteps'];

/** The other numbers of the schedule, around what they are. */
function scheduleFields({ schedule }: Recipe): SpaceField[] {
  return Object.entries(schedule).flatMap(([name, value]): SpaceField[] => {
    const path = `schedule.${name}`;
    if (typeof value !== 'number' || value <= 0 || path === ratePath(schedule)) return [];
    const dimension: Dimension = counted.includes(name)
      ? { int: [Math.max(1, Math.round(value / 2)), Math.max(2, 2 * value)] }
      : name === 'factor' || name === 'riseFraction'
        ? { uniform: [0.1, 0.9] }
        : { logUniform: [powerOfTen(value, -1), powerOfTen(value, 1)] };
    return [{ path, text: `Schedule: ${name}`, dimension }];
  });
}

/** What a recipe without a space begins with: the learning rate and l2, in 16 draws, compared on a fifth of the rows if none are set aside. */
export function startingSearch(recipe: Recipe): Readonly<Record<string, unknown>> {
  const chosen = suggestFields(recipe).slice(0, 2);
  const hasRows = (recipe.data.validation ?? 0) !== 0 || recipe.data.folds !== undefined;
  return {
    search: { space: Object.fromEntries(chosen.map(({ path, dimension }) => [path, dimension])), trials: 16 },
    ...(!hasRows && { 'data.validation': 0.2 }),
  };
}

/** The one way in which a field is varied. */
export function kindOf(dimension: Dimension): DimensionKind {
  return kinds.find((kind) => dimension[kind] !== undefined) ?? 'choice';
}

/** The ends of a range; undefined for a list of values. */
export function rangeOf(dimension: Dimension): readonly [number, number] | undefined {
  return dimension.uniform ?? dimension.logUniform ?? dimension.int;
}

export function valuesOf(dimension: Dimension): readonly unknown[] {
  return dimension.choice ?? dimension.grid ?? rangeOf(dimension) ?? [];
}

/** The same field varied in another way, over what it was varied over as far as that fits. */
export function changeKind(dimension: Dimension, kind: DimensionKind): Dimension {
  if (kind === 'choice' || kind === 'grid') return { [kind]: [...valuesOf(dimension)] };
  const numbers = valuesOf(dimension).filter((value) => typeof value === 'number');
  const least = numbers.length === 0 ? 0 : Math.min(...numbers);
  const most = Math.max(least, ...numbers);
  if (kind === 'int') return { int: [Math.round(least), Math.max(Math.round(least) + 1, Math.round(most))] };
  if (kind === 'uniform') return { uniform: [least, most > least ? most : least + 1] };
  const lowest = Math.min(...numbers.filter((value) => value > 0));
  const from = Number.isFinite(lowest) ? lowest : 1e-4;
  return { logUniform: [from, most > from ? most : 100 * from] };
}

/** A list of values as people write it: JSON without the brackets, words without quotation marks. */
export function parseValues(text: string): readonly unknown[] {
  if (text.trim() === '') return [];
  try {
    return JSON.parse(`[${text}]`) as unknown[];
  } catch {
    return text.split(',').map((part) => {
      const word = part.trim();
      return word !== '' && Number.isFinite(Number(word)) ? Number(word) : word;
    });
  }
}

export function sayListed(values: readonly unknown[]): string {
  return values.map((value) => sayInJson(value, String)).join(', ');
}

/** A space with the entry at a place changed, added (`place` is the number of entries) or taken away. */
export function changeSpace(space: Space, place: number, entry: [string, Dimension] | undefined): Space {
  const entries: [string, Dimension][] = Object.entries(space);
  entries.splice(place, 1, ...(entry === undefined ? [] : [entry]));
  return Object.fromEntries(entries);
}
