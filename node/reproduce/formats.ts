/** How the numbers of a row are written, on pages, in tables and on the terminal. */
import { formatNumber, formatShare } from '../../src/numbers.ts';
import type { ComparedNumber, RowOutcome } from './outcome.ts';

/** A number as published, or as ours. */
export function sayNumber(unit: ComparedNumber['unit'], value: number | undefined): string {
  if (value === undefined) return '';
  if (unit === 'exact') return value.toPrecision(6);
  return unit === 'share' ? formatShare(value) : formatNumber(value);
}

export function sayOurs({ unit, ours, deviation }: ComparedNumber): string {
  const spread = deviation === undefined ? '' : ` ± ${sayNumber(unit, deviation)}`;
  return `${sayNumber(unit, ours)}${spread}`;
}

/** Shares in points of a hundred, other numbers as they are, always with a sign. */
export function sayDifference({ unit, difference }: ComparedNumber): string {
  if (difference === undefined) return '';
  const size = Math.abs(difference);
  const text = unit === 'share' ? `${(100 * size).toFixed(2)} points` : formatNumber(size);
  return `${difference < 0 ? '−' : '+'}${text}`;
}

/** The numbers of a row in one line of a narrow table. */
export function sayAll(numbers: readonly ComparedNumber[], say: (number: ComparedNumber) => string): string[] {
  return numbers.flatMap((number) => {
    const text = say(number);
    return text === '' ? [] : [`${number.what} ${text}`];
  });
}

/** What is to be known of the data behind several rows: each once, and none that another says word for word and more. */
export function dataNotes(outcomes: readonly RowOutcome[]): string[] {
  const notes = [...new Set(outcomes.flatMap(({ notes: own = [] }) => own))];
  const words = (note: string): Set<string> => new Set(note.split(/[\s,]+/));
  const isWithin = (note: string, other: string): boolean => {
    const more = words(other);
    return note !== other && [...words(note)].every((word) => more.has(word));
  };
  return notes.filter((note) => !notes.some((other) => isWithin(note, other)));
}
