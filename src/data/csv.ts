/**
 * Tables of one's own: numeric columns as inputs, one column as target, by name or the last. Class labels are whole
 * numbers 0..k-1 or names, which get their numbers in sorted order.
 */
import { DataError, RecipeError } from '../errors.ts';
import { cellError, isNumber, numberCell, readTable, textCell } from '../formats/csv.ts';
import type { Table } from '../formats/csv.ts';
import { gunzipIfNeeded } from '../formats/gzip.ts';
import { nearest } from '../recipe/parse.ts';
import type { DataRecipe } from '../recipe/schema.ts';
import type { DataFiles, Dataset } from './dataset.ts';
import { fileName, findOwnFile } from './files.ts';

type CsvRecipe = Extract<DataRecipe, { source: 'csv' }>;

/** Inputs [rows, features]; parts `train` and `test` if the recipe names a second table, else none. */
export async function loadCsv(data: CsvRecipe, files: DataFiles): Promise<Dataset> {
  const table = await openTable(files, data.file);
  const target = targetColumn(table, data.target);
  const inputNames = table.columns.filter((_, column) => column !== target);
  const targetName = table.columns[target] ?? '';
  const tables = [table];
  if (data.testFile !== undefined) tables.push(await openTable(files, data.testFile));

  const inputs = joinInputs(tables.map((each) => readInputColumns(each, inputNames)));
  const rowCount = inputs.length / inputNames.length;
  const trainRows = table.rows.length;
  const parts: Dataset['parts'] =
    tables.length === 1 ? {} : { train: { from: 0, to: trainRows }, test: { from: trainRows, to: rowCount } };
  const shared = {
    name: fileName(data.file),
    rowCount,
    inputShape: [inputNames.length],
    inputs,
    inputNames,
    parts,
    notes: [],
  };
  if (data.task === 'regression') {
    const values = tables.flatMap((each) => {
      const column = columnNamed(each, targetName);
      return each.rows.map((_, row) => numberCell(each, row, column));
    });
    return { ...shared, task: 'regression', targets: Float32Array.from(values), outputCount: 1 };
  }
  const { labels, classNames } = readLabels(tables, targetName);
  return { ...shared, task: 'classification', labels, classNames, outputCount: classNames.length };
}

/**
 * The input rows of a table for predictions, [rows, features]: columns are found by name, others are ignored. Without
 * `inputNames` (images), the table has exactly `featureCount` columns. Throws DataError for whatever does not fit.
 */
export async function readInputRows(
  bytes: Uint8Array,
  place: string,
  featureCount: number,
  inputNames?: readonly string[],
): Promise<Float64Array> {
  const table = readTable(await gunzipIfNeeded(bytes, place), place);
  if (inputNames === undefined && table.columns.length !== featureCount) {
    throw new DataError(
      place,
      `has ${table.columns.length} columns, the model takes ${featureCount} inputs. Give one column per input.`,
    );
  }
  return readInputColumns(table, inputNames ?? table.columns);
}

async function openTable(files: DataFiles, path: string): Promise<Table> {
  const { bytes, place } = await findOwnFile(files, path, 'tables');
  return readTable(await gunzipIfNeeded(bytes, place), place);
}

function targetColumn(table: Table, name: string | undefined): number {
  if (table.columns.length < 2) {
    throw new DataError(table.place, 'has one column only, expected input columns and a target column.');
  }
  if (name === undefined) return table.columns.length - 1;
  const column = table.columns.indexOf(name);
  if (column < 0) {
    const near = nearest(name, table.columns);
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    throw new RecipeError(
      'data.target',
      `"${name}" is no column of ${table.place}.${hint} Its columns: ${sayColumns(table)}.`,
    );
  }
  return column;
}

function columnNamed(table: Table, name: string): number {
  const column = table.columns.indexOf(name);
  if (column < 0) {
    throw new DataError(
      table.place,
      `has no column "${name}", which the training table has. Its columns: ${sayColumns(table)}.`,
    );
  }
  return column;
}

function sayColumns(table: Table): string {
  const shown = table.columns.slice(0, 20).join(', ');
  return table.columns.length > 20 ? `${shown}, … (${table.columns.length} in all)` : shown;
}

function readInputColumns(table: Table, inputNames: readonly string[]): Float64Array {
  const columns = inputNames.map((name) => columnNamed(table, name));
  const inputs = new Float64Array(table.rows.length * columns.length);
  for (let row = 0; row < table.rows.length; row++) {
    for (const [feature, column] of columns.entries()) {
      inputs[row * columns.length + feature] = numberCell(table, row, column);
    }
  }
  return inputs;
}

function joinInputs(pieces: readonly Float64Array[]): Float64Array {
  const inputs = new Float64Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    inputs.set(piece, offset);
    offset += piece.length;
  }
  return inputs;
}

/** Labels of all tables together: all whole numbers, or all names, so that a slip does not become a class. */
function readLabels(
  tables: readonly Table[],
  targetName: string,
): { labels: Uint32Array; classNames: readonly string[] } {
  const cells = tables.flatMap((table) => {
    const column = columnNamed(table, targetName);
    return table.rows.map((_, row) => ({ table, row, column, text: textCell(table, row, column) }));
  });
  const numeric = isNumber(cells[0]?.text ?? '');
  for (const { table, row, column, text } of cells) {
    if (isNumber(text) !== numeric) {
      const [expected, cure] = numeric
        ? ['a class number', 'name every class']
        : ['a class name', 'number all of them'];
      throw cellError(
        table,
        row,
        column,
        `holds "${text}", expected ${expected} as in the first row. Correct it, or ${cure}.`,
      );
    }
    if (numeric && (!Number.isInteger(Number(text)) || Number(text) < 0)) {
      throw cellError(
        table,
        row,
        column,
        `holds ${text}, expected a class number 0, 1, 2, … For a measured quantity set data.task to "regression".`,
      );
    }
  }
  const texts = cells.map((cell) => (numeric ? String(Number(cell.text)) : cell.text));
  const distinct = [...new Set(texts)];
  const classNames = numeric ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
  const place = tables[0]?.place ?? '';
  if (classNames.length < 2) {
    throw new DataError(
      place,
      `column "${targetName}" holds one class only, "${classNames[0]}". Give at least two classes.`,
    );
  }
  const gap = numeric ? classNames.findIndex((name, label) => Number(name) !== label) : -1;
  if (gap >= 0) {
    throw new DataError(
      place,
      `column "${targetName}" holds class numbers up to ${classNames.at(-1)}, but no row has class ${gap}. Number ` +
        'the classes 0 to k-1 or name them; for a measured quantity set data.task to "regression".',
    );
  }
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  return { labels: Uint32Array.from(texts, (text) => labelOf.get(text) ?? 0), classNames };
}
