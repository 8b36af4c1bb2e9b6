/** Changes to a recipe that touch several of its fields: another type of a section, another set, another loss, outputs that fit the data. */
import { fieldsOf, typeFieldOf } from '../../src/recipe/fields.ts';
import { lossOfField } from '../../src/recipe/parse.ts';
import { isObject, valueAt } from '../../src/recipe/paths.ts';
import type { Json } from '../../src/recipe/paths.ts';
import type { DataSource, Recipe } from '../../src/recipe/schema.ts';
import type { DataDescription } from '../protocol/data.ts';
import type { RecipeJson } from '../state/draft.ts';
import { startValues } from './field-words.ts';
import type { EditedLayers, LayerJson } from './layer-edits.ts';

/** Of a run whose length was not given in epochs. */
export const startEpochs = 10;

export function layersOf(recipe: RecipeJson): readonly LayerJson[] {
  const layers = valueAt(recipe, 'model.layers');
  return Array.isArray(layers) ? (layers as readonly LayerJson[]) : [];
}

export function withLayers(recipe: RecipeJson, layers: readonly LayerJson[]): RecipeJson {
  return { ...recipe, model: { ...(recipe['model'] as Json | undefined), layers } };
}

/** The recipe with its layers edited; what a search varies and members override goes with the layers that it is about. */
export function withEditedLayers(recipe: RecipeJson, { layers, origins }: EditedLayers): RecipeJson {
  const { search, members } = recipe;
  const follow = (record: unknown): unknown => (isObject(record) ? followLayers(record, origins) : record);
  return {
    ...withLayers(recipe, layers),
    ...(isObject(search) && { search: { ...search, space: follow(search['space']) } }),
    ...(Array.isArray(members) && { members: members.map(follow) }),
  };
}

/** A record by paths such as `model.layers.0.rate`, whose numbers follow the layers. */
function followLayers(record: Json, origins: readonly number[]): Json {
  return Object.fromEntries(
    Object.entries(record).flatMap(([path, value]) => {
      const [, number, field] = /^model\.layers\.(\d+)\.(.+)$/.exec(path) ?? [];
      if (number === undefined) return [[path, value]];
      const index = origins.indexOf(Number(number));
      return index < 0 ? [] : [[`model.layers.${index}.${field ?? ''}`, value]];
    }),
  );
}

/** A new section, or a new layer, of a type: only what it must say. */
export function startSection(section: string, type?: string): Json {
  const required = fieldsOf(section, type).filter((field) => field.required);
  return {
    ...(type !== undefined && { [typeFieldOf(section)]: type }),
    ...Object.fromEntries(required.map(({ name }) => [name, startValues[`${section}.${name}`]])),
  };
}

/** A section of another type; fields that both types know keep their values. */
export function changeType(section: string, current: Json, type: string): Json {
  const known = new Set(fieldsOf(section, type).map(({ name }) => name));
  const kept = Object.entries(current).filter(([name]) => known.has(name));
  return { ...startSection(section, type), ...Object.fromEntries(kept) };
}

/** Cycles are those of the cyclic schedule: a run that was as long as some of them gets epochs with another one. */
export function changeSchedule(recipe: RecipeJson, type: string): RecipeJson {
  const current = isObject(recipe['schedule']) ? recipe['schedule'] : {};
  const changed: RecipeJson = { ...recipe, schedule: changeType('schedule', current, type) };
  if (type === 'cyclic' || changed['cycles'] === undefined) return changed;
  return { ...withoutField(changed, ['cycles']), epochs: startEpochs };
}

/** The recipe with another loss, without the fields that belong to the old one. */
export function changeLoss(recipe: RecipeJson, loss: Recipe['loss']): RecipeJson {
  return Object.entries(lossOfField).reduce<RecipeJson>(
    (json, [path, of]) => (of === loss ? json : withoutField(json, path.split('.'))),
    { ...recipe, loss },
  );
}

function withoutField(json: Json, [key = '', ...rest]: readonly string[]): Json {
  const child = json[key];
  if (rest.length > 0) return isObject(child) ? { ...json, [key]: withoutField(child, rest) } : json;
  const { [key]: _, ...others } = json;
  return others;
}

/** Of the rows, for a part that needs some. */
const startShare = 0.2;
const inParts = ['train', 'validation', 'test'] as const;

/** The recipe on another set. Shares that name parts of the old set, fields of it alone, and the words about it go. */
export function changeSource(recipe: RecipeJson, source: DataSource): RecipeJson {
  const current = isObject(recipe['data']) ? recipe['data'] : {};
  const named = inParts.filter((part) => isObject(current[part]));
  const kept = named.reduce<Json>((data, part) => withoutField(data, [part]), current);
  return { ...withoutField(recipe, ['description']), name: source, data: changeType('data', kept, source) };
}

/** Makes the last layer, the loss and the split fit a data set, as far as the recipe leaves no doubt. */
export function fitToData(recipe: RecipeJson, description: DataDescription): RecipeJson {
  const { task, outputCount } = description;
  const layers = layersOf(recipe);
  const last = layers.at(-1);
  const fitting = last?.['type'] === 'dense' ? layers.with(-1, { ...last, units: outputCount }) : layers;
  const data = fitSplit(isObject(recipe['data']) ? recipe['data'] : {}, description);
  const fitted = withLayers({ ...recipe, data }, fitting);
  const isCrossEntropy = (recipe['loss'] ?? 'crossEntropy') === 'crossEntropy';
  if (task === 'regression' && isCrossEntropy) return changeLoss(fitted, 'mse');
  return task === 'classification' && !isCrossEntropy ? changeLoss(fitted, 'crossEntropy') : fitted;
}

/** Numbers of rows that leave none to train on become shares; a regression has no classes to stratify by. */
function fitSplit(data: Json, { task, rowCount, hasTestPart }: DataDescription): Json {
  const counted = inParts.filter((part) => Number(data[part]) >= 1);
  const isTooMany = counted.reduce((sum, part) => sum + Number(data[part]), 0) >= rowCount;
  const shares = isTooMany ? counted.filter((part) => part !== 'train').map((part) => [part, startShare]) : [];
  const kept = isTooMany ? withoutField(data, ['train']) : data;
  return {
    ...(task === 'regression' ? withoutField(kept, ['stratify']) : kept),
    ...Object.fromEntries(shares),
    ...(!hasTestPart && data['test'] === undefined && { test: startShare }),
  };
}
