/** Values that are neither number nor word, as a person writes them in one line. The readers answer undefined for what is no value. */

/** `3`, or `3×5` as [3, 5]. */
export function readExtent(text: string): unknown {
  const numbers = text
    .split(/[x×, ]+/i)
    .filter((part) => part !== '')
    .map(Number);
  if (!numbers.every(Number.isFinite) || numbers.length === 0 || numbers.length > 2) return undefined;
  return numbers.length === 1 ? numbers[0] : numbers;
}

export const sayExtent = (value: unknown): string => (Array.isArray(value) ? value.join('×') : String(value));

/** `5000`, `0.2`, `20 %`, a part such as `batch1`, or `train first 100`. */
export function readShare(text: string): unknown {
  const percent = /^\s*([\d.]+)\s*%\s*$/.exec(text)?.[1];
  if (percent !== undefined) return Number(percent) / 100;
  if (Number.isFinite(Number(text))) return Number(text);
  const [, part, first] = /^\s*([A-Za-z]\w*)(?:\s+first\s+(\d+))?\s*$/.exec(text) ?? [];
  if (part === undefined) return undefined;
  return { part, ...(first !== undefined && { first: Number(first) }) };
}

export function sayShare(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { part, first } = value as { readonly part?: unknown; readonly first?: unknown };
  return first === undefined ? String(part) : `${String(part)} first ${String(first)}`;
}

/** `balanced`, or a number for each class. */
export function readWeights(text: string): unknown {
  if (text.trim() === 'balanced') return 'balanced';
  const numbers = text
    .split(/[,\s]+/)
    .filter((part) => part !== '')
    .map(Number);
  return numbers.length > 0 && numbers.every(Number.isFinite) ? numbers : undefined;
}

export const sayList = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value));

/** Names with commas between them. */
export function readTexts(text: string): unknown {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.length > 0 ? names : undefined;
}
