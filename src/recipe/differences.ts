/** What differs between two recipes, field by field. */

export interface FieldDifference {
  /** Such as `optimizer.learningRate`. */
  readonly place: string;
  /** `undefined` where the recipe says nothing there. */
  readonly first: unknown;
  readonly second: unknown;
}

/** Compares what JSON keeps of two values; fields in the order in which they are written. */
export function recipeDifferences(first: unknown, second: unknown): FieldDifference[] {
  return differences(toJson(first), toJson(second), '');
}

function differences(first: unknown, second: unknown, place: string): FieldDifference[] {
  if (!isObject(first) || !isObject(second)) return first === second ? [] : [{ place, first, second }];
  return [...new Set([...Object.keys(first), ...Object.keys(second)])].flatMap((key) =>
    differences(first[key], second[key], place === '' ? key : `${place}.${key}`),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
