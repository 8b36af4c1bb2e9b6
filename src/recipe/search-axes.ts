/**
 * The fields of a search as axes: which lie along numbers, which are categories, what they are called, and where their values stand. Numbers
 * that many trials share are categories, in the order of the numbers: their marks would lie on each other otherwise.
 */
import type { Dimension, SearchRecipe } from './search-schema.ts';

interface FieldBase {
  /** Dotted path in the recipe. */
  readonly path: string;
  /** As much of its end as tells it from the others. */
  readonly shortName: string;
  /** For names of files and figures. */
  readonly slug: string;
}

export interface NumberField extends FieldBase {
  readonly kind: 'number';
  readonly isLog: boolean;
  /** What was searched and what was drawn, whichever is wider. */
  readonly domain: readonly [least: number, most: number];
  /** Its values in order, where they are few. */
  readonly values?: readonly number[];
}

export interface CategoryField extends FieldBase {
  readonly kind: 'category';
  /** In the order of the numbers, else of the space. */
  readonly labels: readonly string[];
}

export type Field = NumberField | CategoryField;

/** At most so many values have a mark of their own at the axis. */
const mostMarkedValues = 12;
/** More categories than these have no room, so that numbers lie along a numeric axis even if it hides the small ones. */
const mostCategories = 24;

/** The fields of the space, in its order. */
export function searchFields({
  search,
  table,
}: {
  readonly search: Pick<SearchRecipe, 'space'>;
  readonly table: readonly { readonly values: Readonly<Record<string, unknown>> }[];
}): readonly Field[] {
  const slugs = new Set<string>();
  const names = shortNames(Object.keys(search.space));
  return Object.entries(search.space).map(([path, dimension], index) => {
    const values = table.map((trial) => trial.values[path]);
    const plain = path.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '') || 'field';
    let slug = plain;
    for (let number = 2; slugs.has(slug); number++) slug = `${plain}-${number}`;
    slugs.add(slug);
    return describeField({ path, shortName: names[index] ?? path, slug }, dimension, values);
  });
}

function describeField(base: FieldBase, dimension: Dimension, values: readonly unknown[]): Field {
  const numbers = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  const listed = dimension.grid ?? dimension.choice;
  if (numbers.length < values.length || numbers.length === 0) return categoryField(base, listed ?? [], values);
  const different = new Set(numbers).size;
  const hidesSmall = Math.min(...numbers) <= 0 && spansDecades(numbers.filter((value) => value > 0));
  const isCounted = listed !== undefined || dimension.int !== undefined;
  const share = values.length >= 2 * different && different <= mostMarkedValues;
  if (isCounted && (share || (hidesSmall && different <= mostCategories))) {
    return categoryField(base, listed ?? [], values);
  }
  const range = dimension.logUniform ?? dimension.uniform ?? dimension.int ?? [];
  const searched = [...numbers, ...range];
  const [least, most] = [Math.min(...searched), Math.max(...searched)];
  const isLog = least > 0 && (dimension.logUniform !== undefined || spansDecades([least, most]));
  const few = isCounted && different <= mostMarkedValues;
  return {
    ...base,
    kind: 'number',
    isLog,
    domain: widen(least, most, isLog),
    ...(few && { values: [...new Set(numbers)].toSorted((one, other) => one - other) }),
  };
}

/** A little room at both ends; around a value that is the only one, since an axis of no length has no marks. */
function widen(least: number, most: number, isLog: boolean): [number, number] {
  if (isLog) {
    const room = most > least ? (most / least) ** 0.03 : 2;
    return [least / room, most * room];
  }
  const room = most > least ? 0.03 * (most - least) : 0.2 * Math.abs(most) || 1;
  return [least - room, most + room];
}

function categoryField(base: FieldBase, listed: readonly unknown[], values: readonly unknown[]): CategoryField {
  const all = new Map([...listed, ...values].map((value) => [sayInFull(value), value]));
  const isNumeric = [...all.values()].every((value) => typeof value === 'number');
  const labels = [...all.keys()];
  return { ...base, kind: 'category', labels: isNumeric ? labels.toSorted((a, b) => Number(a) - Number(b)) : labels };
}

/** A value as people write it: numbers at full length, objects without quotation marks. */
export function sayInFull(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `[${value.map(sayInFull).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, each]) => `${name}: ${sayInFull(each)}`)
      .join(', ')}}`;
  }
  return value === undefined ? '' : JSON.stringify(value);
}

/** Where a value stands along a field: the number itself, or the place of its category from 0. Undefined for what the field has not. */
export function placeOf(field: Field, value: unknown): number | undefined {
  if (field.kind === 'number') return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  const place = field.labels.indexOf(sayInFull(value));
  return place < 0 ? undefined : place;
}

/** Marks of a numeric axis: its values where they are few, else at least three round numbers, however narrow a logarithmic axis is. */
export function axisTicks(
  { isLog, domain, values }: Pick<NumberField, 'isLog' | 'domain' | 'values'>,
  most: number,
): readonly number[] {
  if (values !== undefined) return values;
  const [from, to] = domain;
  if (isLog) {
    const ticks = logTicks(from, to);
    if (ticks.length >= 3) return ticks;
  }
  const step = roundStep((to - from) / most);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // Through text, so that three tenths are no 0.30000000000000004.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/** The next 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
}

/** The last names of dotted paths, as many of each as tell it from the others and do not begin with a number. */
export function shortNames(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const keys = path.split('.');
    const tails = keys.map((_, index) => keys.slice(index).join('.')).reverse();
    const isClear = (tail: string): boolean =>
      /^[a-z]/i.test(tail) && paths.every((other) => other === path || !`.${other}`.endsWith(`.${tail}`));
    return tails.find(isClear) ?? path;
  });
}

/** Whether positive values spread so far that a linear axis hides the small ones. */
export function spansDecades(values: readonly number[]): boolean {
  const least = values.reduce((one, other) => Math.min(one, other), Infinity);
  const most = values.reduce((one, other) => Math.max(one, other), -Infinity);
  return least > 0 && most / least >= 20;
}

/** Marks of a logarithmic axis: 1, 2 and 5 times powers of ten over few decades, else powers of ten alone. */
export function logTicks(least: number, most: number): number[] {
  const first = Math.floor(Math.log10(least));
  const last = Math.ceil(Math.log10(most));
  const decades = last - first;
  const factors = decades <= 3 ? [1, 2, 5] : [1];
  const step = Math.max(1, Math.ceil(decades / 8));
  const ticks: number[] = [];
  for (let power = first; power <= last; power += step) {
    for (const factor of factors) ticks.push(Number(`${factor}e${power}`));
  }
  return ticks.filter((tick) => tick >= least && tick <= most);
}
