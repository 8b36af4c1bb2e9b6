/** Values of a field in cells: numbers as `sayNumber` writes them, and of objects and lists only what tells them apart. */
import { isObject } from './paths.ts';

type SayNumber = (value: number) => string;

const mostCharacters = 28;

/** A value of a field: numbers short, objects and lists as JSON. */
export function sayValue(value: unknown, sayNumber: SayNumber): string {
  const text = sayInJson(value, sayNumber);
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text;
}

/** The same at full length. */
export function sayInJson(value: unknown, sayNumber: SayNumber): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return sayNumber(value);
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll(`"${same}"`, same);
}

/** The values of a column as cells: what tells them apart, at full length where they are alike when they are cut. */
export function sayValues(values: readonly unknown[], sayNumber: SayNumber): readonly string[] {
  const apart = tellApart(values);
  const short = apart.map((value) => sayValue(value, sayNumber));
  return countDifferent(short) < countDifferent(values) ? apart.map((value) => sayInJson(value, sayNumber)) : short;
}

/** Stands for an entry of a list that all have. */
const same = '…';

/**
 * Values as they are, but of objects only the first fields that tell them apart, and of lists of one length `…` in place of what all have:
 * `{"type":"adam"}` where another is `{"type":"sgd", …}`.
 */
export function tellApart(values: readonly unknown[]): readonly unknown[] {
  const present = values.filter((value) => value !== undefined);
  const different = countDifferent(present);
  if (different < 2) return values;
  if (present.every(isList)) {
    const [first] = present;
    if (present.some(({ length }) => length !== first?.length)) return values;
    const columns = (first ?? []).map((_, index) => {
      const entries = present.map((list) => list[index]);
      return countDifferent(entries) < 2 ? entries.map(() => same) : tellApart(entries);
    });
    return spread(
      values,
      present.map((_, row) => columns.map((column) => column[row])),
    );
  }
  if (!present.every(isObject)) return values;
  const parts: Record<string, unknown>[] = present.map(() => ({}));
  for (const name of new Set(present.flatMap((object) => Object.keys(object)))) {
    const before = countDifferent(parts);
    if (before === different) break;
    const fields = present.map((object) => object[name]);
    const longer = parts.map((part, index) => ({ ...part, [name]: fields[index] }));
    if (countDifferent(longer) === before) continue;
    for (const [index, field] of tellApart(fields).entries()) {
      const part = parts[index];
      if (part !== undefined && field !== undefined) part[name] = field;
    }
  }
  return spread(values, parts);
}

/** `parts` in the places of the values that are not undefined. */
function spread(values: readonly unknown[], parts: readonly unknown[]): readonly unknown[] {
  let next = 0;
  return values.map((value) => (value === undefined ? undefined : parts[next++]));
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function countDifferent(values: readonly unknown[]): number {
  return new Set(values.map((value) => JSON.stringify(value))).size;
}
