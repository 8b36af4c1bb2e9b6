/**
 * What every data set looks like to the rest of the program, and the one way to load one. Images stay bytes; tables
 * stay float64 until they are normalised, because rounding first would lose small deviations from a large mean.
 */
import { sha256 } from '../formats/sha256.ts';
import type { DataRecipe } from '../recipe/schema.ts';

export { applyNormalization, normalize, normalizeRows } from './normalize.ts';
export type { NormalizedInputs, Normalization } from './normalize.ts';
export { splitDataset } from './split.ts';
export type { Split, SplitName } from './split.ts';

export interface RowRange {
  readonly from: number;
  /** The first row after the range. */
  readonly to: number;
}

export interface Dataset {
  readonly name: string;
  readonly task: 'classification' | 'regression';
  readonly rowCount: number;
  /** [features], or [height, width, channels] (NHWC). */
  readonly inputShape: readonly number[];
  /** Row-major, rowCount x product(inputShape). Before normalisation: take what `normalize` returns to compute with. */
  readonly inputs: Uint8Array | Float32Array | Float64Array;
  /** What counts as 1 when bytes are scaled to 0..1. Default: 255. */
  readonly largestByte?: number;
  /** Names of the inputs of a table, one per feature. */
  readonly inputNames?: readonly string[];
  /** Classification: [rowCount] of 0..outputCount-1. */
  readonly labels?: Uint32Array;
  /** Classification: [outputCount]. */
  readonly classNames?: readonly string[];
  /** Regression: [rowCount, outputCount]. */
  readonly targets?: Float32Array;
  /** Number of classes, or of regression outputs. */
  readonly outputCount: number;
  /** Named row ranges, such as `train`, `test`, `batch1`; empty if the set comes without a split. */
  readonly parts: Readonly<Record<string, RowRange>>;
  /** What a user should know about these files, such as that they are not the official ones. */
  readonly notes: readonly string[];
}

/** Files of data sets, handed in by node/ or web/. */
export interface DataFiles {
  /** The bytes of a file of a data folder, undefined if it has none. `path` has slashes; `./` is the current folder. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Where the file is, or where it was looked for: the place in messages. */
  describe(path: string): string;
  /** What to do where a file is missing. Default: what helps on the command line. */
  readonly cure?: (path: string) => string;
}

/**
 * Loads the data set that a recipe names, with the reader of its kind, which is fetched at its first use. Throws DataError for files that are missing, truncated, corrupt or out of
 * range, and RecipeError for a field that does not fit the set.
 */
export async function loadDataset(data: DataRecipe, files: DataFiles): Promise<Dataset> {
  switch (data.source) {
    case 'digits':
      return (await import('./digits.ts')).loadDigits();
    case 'two-peaks':
      return (await import('./two-peaks.ts')).loadTwoPeaks();
    case 'fashion-mnist':
      return (await import('./fashion-mnist.ts')).loadFashionMnist(files);
    case 'cifar10':
      return (await import('./cifar10.ts')).loadCifar10(data, files);
    case 'csv':
      return (await import('./csv.ts')).loadCsv(data, files);
    case 'spirals':
      return (await import('./spirals.ts')).loadSpirals(data);
    case 'points':
      return (await import('./points.ts')).loadPoints(data);
    case 'images':
      return (await import('./images.ts')).loadImages(data, files);
  }
  return data satisfies never;
}

/**
 * sha256 in hexadecimal over the rows of a dataset as they were read, their shape and their parts: all that a run's bits depend on.
 * Undefined where the platform offers none.
 */
export async function datasetSha256(dataset: Dataset): Promise<string | undefined> {
  const { inputs, labels, targets, inputShape, outputCount, parts } = dataset;
  const digests = await Promise.all(
    [inputs, labels, targets].map((values) => {
      if (values === undefined) return null;
      return sha256(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }),
  );
  if (digests.includes(undefined)) return undefined;
  return sha256(new TextEncoder().encode(JSON.stringify({ inputShape, outputCount, parts, digests })));
}
