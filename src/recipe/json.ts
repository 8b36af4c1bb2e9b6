/**
 * JSON that people write: a slip is named with its line and column, which JSON.parse tells in some engines and for some slips only.
 */
import { DataError } from '../errors.ts';

/** Parses JSON text. Throws DataError at `place` with line and column of the first character that is not JSON. */
export function parseJson(text: string, place: string): unknown {
  const source = text.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(source);
  } catch {
    const offset = faultOffset(source);
    const before = source.slice(0, offset).split('\n');
    const came = offset >= source.length ? 'the file ends too early' : `unexpected ${JSON.stringify(source[offset])}`;
    throw new DataError(
      place,
      `is not JSON: ${came} at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}. Mend it there; ` +
        'look for a missing comma, bracket or double quote.',
    );
  }
}

// A control character is what a string may not hold.
const scalar =
  /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;
const space = /[ \t\r\n]*/y;

/** Offset of the first token that breaks the grammar of JSON. */
export function faultOffset(text: string): number {
  let at = 0;
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return false;
    at += found[0].length;
    return true;
  };
  const take = (character: string): boolean => {
    match(space);
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  /** Items up to the closing bracket; false leaves `at` on the fault. */
  const list = (close: string, item: () => boolean): boolean => {
    if (take(close)) return true;
    do {
      if (!item()) return false;
    } while (take(','));
    return take(close);
  };
  const key = (): boolean => {
    match(space);
    return text[at] === '"' && match(scalar);
  };
  const value = (): boolean => {
    if (take('{')) return list('}', () => key() && take(':') && value());
    if (take('[')) return list(']', value);
    return match(scalar);
  };
  if (value()) match(space);
  return at;
}
