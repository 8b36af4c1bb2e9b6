/** Recipes as text: written as people write them, and where in a text a field stands. */

/** JSON with two spaces, in which whatever fits a line of `width` characters stands on one. */
export function formatJson(value: unknown, width: number): string {
  return format(value, width, '', 0);
}

/** `used`: characters of the line that come before the value. */
function format(value: unknown, width: number, indent: string, used: number): string {
  const flat = flatten(value);
  const isRoot = used === 0;
  if (typeof value !== 'object' || value === null || (!isRoot && used + flat.length < width)) return flat;
  const deeper = `${indent}  `;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  if (entries.length === 0) return flat;
  const lines = entries.map(([key, entry]) => {
    const start = Array.isArray(value) ? deeper : `${deeper}${JSON.stringify(key)}: `;
    return `${start}${format(entry, width, deeper, start.length)}`;
  });
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

function flatten(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatten).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (fields.length === 0) return '{}';
  return `{ ${fields.map(([key, field]) => `${JSON.stringify(key)}: ${flatten(field)}`).join(', ')} }`;
}

interface Frame {
  readonly path: string;
  readonly isList: boolean;
  /** Of the next item. */
  index: number;
  /** Of the value that comes; undefined while its key is awaited. */
  key: string | undefined;
}

/**
 * Offset of the value at a path such as `model.layers[2].units` in a text that is right JSON; of the nearest value around it where there is
 * none.
 */
export function offsetOfPlace(text: string, path: string): number {
  const offsets = offsetsByPath(text);
  for (let place = path; place !== ''; place = place.replace(/(?:\.?[^.[\]]+|\[\d+\])$/, '')) {
    const offset = offsets.get(place);
    if (offset !== undefined) return offset;
  }
  return 0;
}

function offsetsByPath(text: string): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  const open: Frame[] = [];
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    const frame = open.at(-1);
    if (token === ':') continue;
    if (token === '}' || token === ']') open.pop();
    else if (token === ',') {
      if (frame !== undefined) {
        frame.index++;
        frame.key = undefined;
      }
    } else if (frame !== undefined && !frame.isList && frame.key === undefined) frame.key = JSON.parse(token) as string;
    else {
      const path = pathIn(frame);
      offsets.set(path, index);
      if (token === '{' || token === '[') open.push({ path, isList: token === '[', index: 0, key: undefined });
    }
  }
  return offsets;
}

function pathIn(frame: Frame | undefined): string {
  if (frame === undefined) return '';
  if (frame.isList) return `${frame.path}[${frame.index}]`;
  return frame.path === '' ? (frame.key ?? '') : `${frame.path}.${frame.key ?? ''}`;
}

/** Line of an offset, from 0. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length - 1;
}
