/** How the fields of a search and their values are written in figures. */
import { formatNumber } from '../../../src/numbers.ts';
import { sayInFull } from '../../../src/recipe/search-axes.ts';
import type { Field, NumberField } from '../../../src/recipe/search-axes.ts';
import { numberFormat } from '../figures/figure.ts';
import { textWidth } from '../font.ts';

/** A value in a table or beside a name: numbers that were drawn with six digits. */
export function sayShort(value: unknown): string {
  if (typeof value !== 'number') return sayInFull(value);
  const short = Number(value.toPrecision(6));
  return Number.isInteger(short) && Math.abs(short) < 1e6 ? String(short) : sayDigits(short);
}

function sayDigits(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential() : String(value);
}

/** The values of a trial in one line: `l2 0.00878, batch 100`. */
export function sayValues(values: Readonly<Record<string, unknown>>, fields: readonly Field[]): string {
  return fields
    .map(({ path, shortName }) => {
      const value = values[path];
      return `${shortName} ${typeof value === 'number' ? formatNumber(value) : sayInFull(value)}`;
    })
    .join(', ');
}

/** How the numbers of an axis are written. */
export function axisFormat({ isLog, domain }: Pick<NumberField, 'isLog' | 'domain'>): string {
  return isLog ? '~g' : numberFormat(domain);
}

/** A label as lines of at most `width` pixels, broken at spaces and dots, or cut where there is no such place. */
export function wrapLabel(label: string, width: number, fontSize: number, mostLines: number): string[] {
  const lines: string[] = [];
  for (const word of label.match(/[^ .]*[ .]?/g)?.filter((piece) => piece !== '') ?? []) {
    const joined = `${lines.at(-1) ?? ''}${word}`;
    if (lines.length > 0 && textWidth(joined.trimEnd(), fontSize) <= width) lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  const shown = lines.slice(0, mostLines).map((line) => cut(line.trimEnd(), width, fontSize));
  if (lines.length > mostLines) shown[mostLines - 1] = cut(`${shown[mostLines - 1]}…`, width, fontSize);
  return shown.length === 0 ? [''] : shown;
}

function cut(line: string, width: number, fontSize: number): string {
  if (textWidth(line, fontSize) <= width) return line;
  let kept = line.replace(/…$/, '');
  while (kept.length > 1 && textWidth(`${kept}…`, fontSize) > width) kept = kept.slice(0, -1);
  return `${kept.trimEnd()}…`;
}
