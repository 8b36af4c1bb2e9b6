/** Recipes as JSON: what they say at dotted paths such as `model.layers.0.units`. */

export type Json = Readonly<Record<string, unknown>>;

/** Whether a value is an object of JSON; a list is none. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What JSON says at a dotted path, undefined where it says nothing; at a `*`, the first that there is. */
export function valueAt(json: unknown, path: string): unknown {
  return path === '' ? json : valueAtKeys(json, path.split('.'));
}

function valueAtKeys(json: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return json;
  if (typeof json !== 'object' || json === null) return undefined;
  if (key !== '*') return valueAtKeys((json as Json)[key], rest);
  return Object.values(json)
    .map((each) => valueAtKeys(each, rest))
    .find((each) => each !== undefined);
}

/** Path of the learning rate that a schedule takes: its own highest one, or that of the optimizer. */
export function ratePath(schedule: unknown): string {
  switch (valueAt(schedule, 'type')) {
    case 'cyclic':
    case 'oneCycle':
      return 'schedule.etaMax';
    case 'rangeTest':
      return 'schedule.to';
    default:
      return 'optimizer.learningRate';
  }
}
