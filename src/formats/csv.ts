/**
 * Tables with a header line and commas (RFC 4180, through csv-parse). Every row keeps the line it came from, so that
 * whatever is wrong with a cell can be told as file, line and column.
 */
import { CsvError, parse } from 'csv-parse/browser/esm/sync';
import { DataError } from '../errors.ts';

export interface Table {
  /** The file, for messages. */
  readonly place: string;
  readonly columns: readonly string[];
  /** Cells by row; every row has one cell per column. */
  readonly rows: readonly (readonly string[])[];
  /** The line of the file on which each row ends, counted from 1. */
  readonly lines: readonly number[];
}

interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** A decimal number as files have it; hexadecimal, "1,5" and blanks are none. */
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const nonFinite = /^[+-]?(nan|inf|infinity)$/i;
const largestFloat32 = 3.4028234663852886e38;

/** Reads a table. Throws DataError for a missing header, no rows, a row of another length or broken quotes. */
export function readTable(bytes: Uint8Array, place: string): Table {
  const [header, ...body] = parseRecords(bytes, place);
  if (header === undefined || body.length === 0) {
    throw new DataError(place, 'needs a header line with the column names and at least one row below it.');
  }
  const columns = header.record;
  checkHeader(columns, place);
  for (const { record, info } of body) {
    if (record.length !== columns.length) {
      throw new DataError(
        `${place}:${info.lines}`,
        `has ${record.length} ${record.length === 1 ? 'cell' : 'cells'}, the header names ${columns.length} columns. ` +
          'Complete the row, or quote a cell that holds a comma.',
      );
    }
  }
  return { place, columns, rows: body.map((row) => row.record), lines: body.map((row) => row.info.lines) };
}

function parseRecords(bytes: Uint8Array, place: string): readonly ParsedRecord[] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // UTF-16 without a byte order mark is UTF-8 full of zeros.
    if (text.includes('\0')) throw new TypeError('zeros in the text');
    const options = { info: true, trim: true, skip_empty_lines: true, relax_column_count: true } as const;
    return parse(text, options) as unknown as readonly ParsedRecord[];
  } catch (error) {
    if (error instanceof CsvError) {
      const cure = 'Close every quote that is opened, and write a quote inside a quoted cell twice.';
      throw new DataError(place, `is no readable CSV: ${error.message.replace(/\.$/, '')}. ${cure}`);
    }
    if (error instanceof TypeError) {
      throw new DataError(place, 'is no UTF-8 text; it may be UTF-16 or binary. Save the table as CSV in UTF-8.');
    }
    throw error;
  }
}

function checkHeader(columns: readonly string[], place: string): void {
  const first = `${place}:1`;
  const unnamed = columns.indexOf('');
  if (unnamed >= 0)
    throw new DataError(first, `column ${unnamed + 1} has no name in the header line. Name every column.`);
  if (columns.every((name) => decimal.test(name))) {
    throw new DataError(first, 'holds numbers only. Put a header line with the column names above the rows.');
  }
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined)
    throw new DataError(first, `the column name "${twice}" occurs twice. Give each column its own.`);
  if (columns.length === 1 && /[;\t]/.test(columns[0] ?? '')) {
    throw new DataError(first, 'has no commas. Separate the cells by commas, not by semicolons or tabs.');
  }
}

/** The text of one cell. Throws DataError if it is empty. */
export function textCell(table: Table, row: number, column: number): string {
  const cell = table.rows[row]?.[column] ?? '';
  if (cell === '') throw cellError(table, row, column, 'is empty. Fill in the value or remove the row.');
  return cell;
}

/** The number in one cell. Throws DataError if it is empty, no decimal number, NaN, infinite or beyond float32. */
export function numberCell(table: Table, row: number, column: number): number {
  const cell = textCell(table, row, column);
  if (nonFinite.test(cell)) {
    throw cellError(
      table,
      row,
      column,
      `is ${cell}. Only finite numbers can be learnt from: remove the row or fill in a value.`,
    );
  }
  if (!decimal.test(cell)) {
    throw cellError(
      table,
      row,
      column,
      `holds "${cell}", expected a number. Encode it as a number or remove the column.`,
    );
  }
  const value = Number(cell);
  if (Math.abs(value) > largestFloat32) {
    throw cellError(table, row, column, `holds ${cell}, beyond what float32 can hold. Use another unit.`);
  }
  return value;
}

/** An error about one cell: file, line and column name. */
export function cellError(table: Table, row: number, column: number, message: string): DataError {
  return new DataError(`${table.place}:${table.lines[row]}`, `column "${table.columns[column]}" ${message}`);
}

/** True if the text is a decimal number. */
export function isNumber(cell: string): boolean {
  return decimal.test(cell);
}
