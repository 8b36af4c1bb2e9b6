/** Answers calls about data sets. */
import { datasetCatalogue, fileLayouts } from '../../src/data/catalogue.ts';
import type { CatalogueEntry } from '../../src/data/catalogue.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { isDataFile } from '../../src/data/files.ts';
import { DataError, DescentError } from '../../src/errors.ts';
import { isNumber, readTable } from '../../src/formats/csv.ts';
import type { Table } from '../../src/formats/csv.ts';
import { gunzipIfNeeded } from '../../src/formats/gzip.ts';
import { elementCount } from '../../src/formats/shape.ts';
import type { DataRecipe } from '../../src/recipe/schema.ts';
import type { Handlers } from '../protocol/calls.ts';
import type { DataCalls, DataListing, Examples, ListedSet, TableColumn, TablePreview } from '../protocol/data.ts';
import type { DataFile } from '../storage/database.ts';
import type { PageFiles } from '../storage/data-files.ts';
import { addFiles, describeDataset } from './add-files.ts';
import { sayCure, setOfFile } from './page-files.ts';
import { packPictures } from './pictures.ts';
import type { Workplace } from './workplace.ts';

const previewRows = 6;
/** Whole numbers from 0 are taken for class numbers up to so many. */
const mostGuessedClasses = 100;

export function dataHandlers({ files, dataset: load, forgetDatasets, database }: Workplace): Handlers<DataCalls> {
  /** Small sets are made anew, so that they do not push out the one that is trained on. */
  const read = (data: DataRecipe): Promise<Dataset> => (isMade(data) ? loadDataset(data, files) : load(data));
  return {
    async listData(): Promise<DataListing> {
      files.refresh();
      const { memoryOnly } = await database();
      const stored = await files.stored();
      const { served, serverFault } = await askServed(files);
      return {
        sets: listSets(stored, served),
        ...(memoryOnly !== undefined && { memoryOnly }),
        ...(serverFault !== undefined && { serverFault }),
      };
    },
    async addFiles({ files: added }, { emit }) {
      const outcome = await addFiles(added, files, emit);
      forgetDatasets();
      return outcome;
    },
    async unkeptFiles() {
      const { memoryOnly } = await database();
      return memoryOnly === undefined ? [] : (await files.stored()).map(({ path, bytes }) => ({ path, bytes }));
    },
    async removeData({ paths }) {
      await files.remove(paths);
      forgetDatasets();
    },
    async packPictures(request, { emit, signal }) {
      const path = `${request.name}.safetensors`;
      const bytes = new Blob([await packPictures(request, { signal, onProgress: emit })]);
      const { faults } = await addFiles([{ path, bytes }], files, () => undefined);
      if (faults[0] !== undefined) throw new DataError(path, faults[0]);
      forgetDatasets();
      return { path };
    },
    async previewTable({ path }) {
      const bytes = await files.read(path);
      if (bytes === undefined) throw new DataError(path, `not found. ${sayCure(path)}`);
      return previewTable(readTable(await gunzipIfNeeded(bytes, path), path));
    },
    describeData: async ({ data }) => describeDataset(await read(data)),
    examples: async ({ data, count }) => takeExamples(await read(data), count),
  };
}

/** Embedded, or drawn from a seed. */
function isMade({ source }: DataRecipe): boolean {
  return (
    source !== 'csv' &&
    source !== 'images' &&
    datasetCatalogue.some((entry) => entry.name === source && needsNoFiles(entry))
  );
}

const needsNoFiles = (entry: CatalogueEntry): boolean => fileLayouts(entry).length === 0;

async function askServed(files: PageFiles): Promise<{ served: readonly string[]; serverFault?: string }> {
  try {
    return { served: (await files.served()).map(({ path }) => path) };
  } catch (cause) {
    if (!(cause instanceof DescentError)) throw cause;
    return { served: [], serverFault: cause.message };
  }
}

/** The sets of the catalogue, then the tables and packed images that are stored or served. */
export function listSets(stored: readonly DataFile[], served: readonly string[]): readonly ListedSet[] {
  const known = datasetCatalogue
    .filter(({ name }) => name !== 'csv' && name !== 'images')
    .map((entry) => listKnown(entry, stored, served));
  const paths = new Set([...stored.map(({ path }) => path), ...served]);
  const own = [...paths].filter((path) => isOwn(path)).toSorted();
  return [...known, ...own.map((path) => listOwn(path, stored))];
}

const isOwn = (path: string): boolean =>
  isDataFile(path) && /\.(csv|csv\.gz|safetensors)$/i.test(path) && setOfFile(path) === undefined;

function listKnown(entry: CatalogueEntry, stored: readonly DataFile[], served: readonly string[]): ListedSet {
  const layouts = fileLayouts(entry);
  const kept = stored.filter(({ path }) => layouts.some((layout) => layout.includes(path)));
  const isStored = (path: string): boolean => kept.some((file) => file.path === path);
  const isThere = (path: string): boolean => isStored(path) || served.includes(path);
  const { name: source, title, rowCount, inputShape, licence, source: from, downloads } = entry;
  const isComplete = layouts.length === 0 || layouts.some((layout) => layout.every(isThere));
  const origin = () => {
    if (layouts.length === 0) return 'made';
    if (!isComplete) return 'missing';
    return layouts.some((layout) => layout.every(isStored)) ? 'stored' : 'served';
  };
  return {
    source,
    title,
    origin: origin(),
    ...(rowCount !== undefined && { rowCount }),
    ...(inputShape !== undefined && { inputShape }),
    storedBytes: kept.reduce((sum, { bytes }) => sum + bytes.size, 0),
    storedPaths: kept.map(({ path }) => path),
    missing: isComplete ? [] : downloads.filter(({ file }) => !isThere(file)),
    licence,
    from,
  };
}

function listOwn(path: string, stored: readonly DataFile[]): ListedSet {
  const file = stored.find((each) => each.path === path);
  const isTable = !path.endsWith('.safetensors');
  return {
    source: isTable ? 'csv' : 'images',
    title: isTable ? 'a table of yours' : 'pictures of yours',
    origin: file === undefined ? 'served' : 'stored',
    file: path,
    ...(file?.about && {
      description: file.about,
      rowCount: file.about.rowCount,
      inputShape: file.about.inputShape,
    }),
    storedBytes: file?.bytes.size ?? 0,
    storedPaths: file === undefined ? [] : [path],
    missing: [],
    licence: 'yours',
    from: 'yours',
  };
}

/** The first rows, and for every column what it would be as a target. */
export function previewTable(table: Table): TablePreview {
  return {
    columns: table.columns.map((name, column) =>
      describeColumn(
        name,
        table.rows.map((row) => row[column] ?? ''),
      ),
    ),
    rows: table.rows.slice(0, previewRows),
    rowCount: table.rows.length,
  };
}

function describeColumn(name: string, cells: readonly string[]): TableColumn {
  const distinct = new Set(cells);
  const numbers = [...distinct].map(Number);
  const isClassNumber = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < distinct.size;
  const isClasses =
    cells.some((cell) => !isNumber(cell)) ||
    (distinct.size <= Math.min(mostGuessedClasses, cells.length / 2) && numbers.every(isClassNumber));
  return { name, task: isClasses ? 'classification' : 'regression', distinctCount: distinct.size };
}

/** Rows at equal distances. */
export function takeExamples(
  { inputs, inputShape, largestByte = 255, labels, targets, ...set }: Dataset,
  count: number,
): Examples {
  const featureCount = elementCount(inputShape);
  const taken = Math.min(count, set.rowCount);
  const rows = Array.from({ length: taken }, (_, index) => Math.floor((index * set.rowCount) / taken));
  const values =
    inputs instanceof Uint8Array ? new Uint8Array(taken * featureCount) : new Float32Array(taken * featureCount);
  for (const [index, row] of rows.entries()) {
    values.set(inputs.subarray(row * featureCount, (row + 1) * featureCount), index * featureCount);
  }
  return {
    inputShape,
    inputs: values,
    largestByte,
    ...(labels && { labels: Uint32Array.from(rows, (row) => labels[row] ?? 0) }),
    ...(targets && { targets: Float32Array.from(rows, (row) => targets[row * set.outputCount] ?? 0) }),
    ...(set.classNames && { classNames: set.classNames }),
  };
}
