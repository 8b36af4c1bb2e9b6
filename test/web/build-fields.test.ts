// The editor and the schema: no field of the recipe is forgotten, and what the editor starts sections with is right.
import { expect, test } from 'vitest';
import { builtInRecipes } from '../../src/recipe/built-in.ts';
import { fieldsOf, typeFieldOf, typesOf, withoutDefaults } from '../../src/recipe/fields.ts';
import { parseRecipe } from '../../src/recipe/parse.ts';
import { recipeSchema } from '../../src/recipe/schema.ts';
import { firstLayerFields, placeOfField, spokenPaths, startValues } from '../../web/build/field-words.ts';
import { changeType, startSection } from '../../web/build/recipe-edits.ts';

const variants = ['data', 'model.layers', 'optimizer', 'schedule'];
const plain = ['', 'augmentation', 'augmentation.noise', 'evaluation', 'earlyStopping'];
const sections = [
  ...variants.flatMap((section) => typesOf(section).map((type) => ({ section, type }))),
  ...plain.map((section) => ({ section, type: undefined })),
];
const allFields = sections.flatMap(({ section, type }) =>
  fieldsOf(section, type).map((field) => ({
    ...field,
    path: section === '' ? field.name : `${section}.${field.name}`,
  })),
);

test('the schema is read whole: its sections come in the types that are known', () => {
  expect(typesOf('optimizer')).toEqual(['sgd', 'momentum', 'rmsprop', 'adam', 'adamw']);
  expect(typesOf('model.layers')).toContain('conv2d');
  expect(typeFieldOf('data')).toBe('source');
  expect(fieldsOf('optimizer', 'rmsprop')).toContainEqual({
    name: 'alpha',
    kind: { type: 'number' },
    required: false,
    preset: 0.99,
  });
  expect(fieldsOf('model.layers', 'conv2d').find(({ name }) => name === 'kernel')?.kind).toEqual({ type: 'extent' });
});

type Field = (typeof allFields)[number];

/** Sentences about fields that the editor would leave out in silence. */
function findForgotten(fields: readonly Field[], places: Readonly<Record<string, string>>): string[] {
  const isElsewhere = (path: string): boolean => ['only in JSON', 'search view'].includes(places[path] ?? '');
  return fields.flatMap(({ path, kind, required }) => [
    ...(path.includes('.') || path in places ? [] : [`${path} has no place`]),
    ...(kind.type === 'other' && !isElsewhere(path) ? [`${path} is of a kind that the editor does not show`] : []),
    ...(required && path.includes('.') && !(path in startValues)
      ? [`${path} must be there and has no first value`]
      : []),
  ]);
}

test('every field of the recipe is shown, or said to be edited elsewhere, and starts with a value if it must be there', () => {
  expect(findForgotten(allFields, placeOfField)).toEqual([]);
  expect(Object.keys(placeOfField).filter((name) => !(name in recipeSchema.entries))).toEqual([]);
});

test('a field that the schema gains is found to be forgotten', () => {
  const planted = (path: string, type: 'number' | 'other'): Field => ({
    path,
    name: path,
    kind: { type },
    required: true,
    preset: undefined,
  });
  expect(findForgotten([planted('precision', 'number')], placeOfField)).toEqual(['precision has no place']);
  expect(findForgotten([planted('schedule.table', 'other')], placeOfField)).toEqual([
    'schedule.table is of a kind that the editor does not show',
    'schedule.table must be there and has no first value',
  ]);
});

test('every section with fields of its own is one that the editor has', () => {
  const nested = allFields.filter(({ kind }) => kind.type === 'section').map(({ path }) => path);
  const known = [...variants, ...plain, 'model', 'search'];
  expect(nested.filter((path) => !known.includes(path))).toEqual([]);
});

test('words and first values are about fields that there are', () => {
  const paths = new Set(allFields.map(({ path }) => path));
  expect(spokenPaths.filter((path) => !paths.has(path))).toEqual([]);
  for (const [type, names] of Object.entries(firstLayerFields)) {
    const known = fieldsOf('model.layers', type).map(({ name }) => name);
    expect(known, type).toEqual(expect.arrayContaining([...names]));
  }
});

const base = {
  data: { source: 'digits' },
  model: { layers: [{ type: 'dense', units: 10 }] },
  epochs: 1,
};

function withSection(section: string, value: unknown): Readonly<Record<string, unknown>> {
  if (section === 'model.layers') return { ...base, model: { layers: [value] } };
  return { ...base, [section]: value };
}

test.each(variants.flatMap((section) => typesOf(section).map((type) => ({ section, type }))))(
  '$section may be changed to $type from every other type, and is a right section',
  ({ section, type }) => {
    for (const from of typesOf(section)) {
      const before = startSection(section, from);
      expect(() => parseRecipe(withSection(section, before)), from).not.toThrow();
      const after = changeType(section, before, type);
      expect(() => parseRecipe(withSection(section, after)), `${from} to ${type}`).not.toThrow();
      expect(after[typeFieldOf(section)]).toBe(type);
    }
  },
);

test('another type of a section keeps what both types know', () => {
  const momentum = { type: 'momentum', learningRate: 0.05, nesterov: true };
  expect(changeType('optimizer', momentum, 'adam')).toEqual({ type: 'adam', learningRate: 0.05 });
});

test.each(Object.keys(builtInRecipes))('%s without its defaults is the same recipe, and names none of them', (name) => {
  const full = parseRecipe(builtInRecipes[name]);
  const sparse = withoutDefaults(full);
  expect(parseRecipe(sparse)).toEqual(full);
  expect(withoutDefaults(sparse)).toEqual(sparse);
  expect(JSON.stringify(sparse).length).toBeLessThanOrEqual(JSON.stringify(builtInRecipes[name]).length);
});

test('a default of one type is kept where it is none of another', () => {
  const recipe = { ...base, optimizer: { type: 'sgd', learningRate: 0.01 }, schedule: { type: 'constant' } };
  expect(withoutDefaults(recipe)).toEqual({ ...base, optimizer: { type: 'sgd', learningRate: 0.01 } });
  const decayed = { ...base, optimizer: { type: 'adamw', weightDecay: 0 } };
  expect(withoutDefaults(decayed)).toEqual(decayed);
});
