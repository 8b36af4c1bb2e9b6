/** The fields of the recipe, read from its one schema: their kinds, choices and defaults; and a recipe without what is a default. */
import type * as v from 'valibot';
import { recipeDifferences } from './differences.ts';
import { recipeSchema } from './schema.ts';

export type FieldKind =
  | { readonly type: 'number' | 'boolean' | 'text' }
  | { readonly type: 'choice'; readonly options: readonly string[] }
  /** One whole number for height and width, or [height, width]. */
  | { readonly type: 'extent' }
  /** Rows: a number, or a part of the set. */
  | { readonly type: 'share' }
  /** A word or a list of numbers. */
  | { readonly type: 'weights' }
  /** A list of texts. */
  | { readonly type: 'texts' }
  /** An object with fields of its own, perhaps in several types. */
  | { readonly type: 'section' }
  | { readonly type: 'other' };

export interface RecipeField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  /** What holds where the recipe says nothing; undefined where no single value does. */
  readonly preset: unknown;
}

/** What this file reads of a schema. */
interface Schema {
  readonly type: string;
  readonly wrapped?: Schema;
  readonly default?: unknown;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly options?: readonly Schema[] | readonly string[];
  readonly item?: Schema;
  readonly key?: string;
  readonly literal?: unknown;
}

const root = recipeSchema as v.GenericSchema as unknown as Schema;

/**
 * The fields of a section by its dotted path: `''`, `data`, `model.layers` (of one of them), `augmentation.noise`. Of a section that comes in
 * several types, those of one of them, without the field that names it.
 */
export function fieldsOf(section: string, option?: string): readonly RecipeField[] {
  const schema = schemaOf(section);
  const chosen = schema.type === 'variant' ? optionOf(schema, option) : schema;
  return Object.entries(chosen?.entries ?? {})
    .filter(([name]) => name !== schema.key)
    .map(([name, entry]) => ({
      name,
      kind: kindOf(unwrap(entry)),
      required: entry.type !== 'optional',
      preset: entry.default,
    }));
}

/** The types in which a section comes: layers, optimizers, schedules, data sources. */
export function typesOf(section: string): readonly string[] {
  const schema = schemaOf(section);
  return schema.type === 'variant' ? optionsOf(schema).map((option) => typeName(schema, option)) : [];
}

/** The field of a section that names its type: `type`, or `source` of the data. */
export function typeFieldOf(section: string): string {
  return schemaOf(section).key ?? 'type';
}

/** A right recipe without the fields that only say what holds anyway. */
export function withoutDefaults(recipe: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return strip(recipe, root) as Readonly<Record<string, unknown>>;
}

function strip(value: unknown, wrapped: Schema): unknown {
  const schema = unwrap(wrapped);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const { item } = schema;
    return item === undefined ? value : value.map((each) => strip(each, item));
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const entries = objectOf(schema, fields)?.entries;
  if (entries === undefined) return value;
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]) => {
      const entry = entries[name];
      if (entry === undefined || field === undefined) return field === undefined ? [] : [[name, field]];
      const kept = strip(field, entry);
      const isDefault = entry.default !== undefined && recipeDifferences(kept, entry.default).length === 0;
      return isDefault ? [] : [[name, kept]];
    }),
  );
}

/** The schema of an object's fields, among the types or the alternatives that a schema allows. */
function objectOf(schema: Schema, value: Readonly<Record<string, unknown>>): Schema | undefined {
  if (schema.type === 'variant') return optionOf(schema, value[schema.key ?? '']);
  if (schema.type === 'union') return optionsOf(schema).find(({ type }) => type === 'strict_object');
  return schema.type === 'strict_object' ? schema : undefined;
}

function schemaOf(section: string): Schema {
  const names = section === '' ? [] : section.split('.');
  return names.reduce((schema, name) => {
    const entry = unwrap(schema.entries?.[name] ?? missing(section));
    return entry.item ?? entry;
  }, root);
}

function missing(section: string): never {
  throw new Error(`the recipe has no section "${section}"`);
}

/** What is behind `optional`. */
function unwrap(schema: Schema): Schema {
  return schema.wrapped === undefined ? schema : unwrap(schema.wrapped);
}

const optionsOf = (schema: Schema): readonly Schema[] => (schema.options ?? []) as readonly Schema[];
const typeName = (variant: Schema, option: Schema): string => String(option.entries?.[variant.key ?? '']?.literal);
const optionOf = (variant: Schema, type: unknown): Schema | undefined =>
  optionsOf(variant).find((option) => typeName(variant, option) === type);

function kindOf(schema: Schema): FieldKind {
  switch (schema.type) {
    case 'number':
    case 'boolean':
      return { type: schema.type };
    case 'string':
      return { type: 'text' };
    case 'picklist':
      return { type: 'choice', options: schema.options as readonly string[] };
    case 'array':
      return { type: schema.item?.type === 'string' ? 'texts' : 'other' };
    case 'strict_object':
    case 'variant':
      return { type: 'section' };
    case 'union':
      return unionKind(
        optionsOf(schema)
          .map(({ type }) => type)
          .join(' '),
      );
    default:
      return { type: 'other' };
  }
}

function unionKind(types: string): FieldKind {
  switch (types) {
    case 'number tuple':
      return { type: 'extent' };
    case 'number strict_object':
      return { type: 'share' };
    case 'literal array':
      return { type: 'weights' };
    default:
      return { type: 'other' };
  }
}
