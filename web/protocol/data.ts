/** Calls about data sets: which there are, files that are added and taken away, pictures that are packed, first looks at their rows. */
import type { Download } from '../../src/data/catalogue.ts';
import type { DataRecipe, DataSource } from '../../src/recipe/schema.ts';
import type { Call } from './calls.ts';

/** What a model has to know of a data set. */
export interface DataDescription {
  readonly task: 'classification' | 'regression';
  readonly rowCount: number;
  /** [features], or [height, width, channels]. */
  readonly inputShape: readonly number[];
  readonly outputCount: number;
  readonly classNames?: readonly string[];
  /** The set comes with rows for testing. */
  readonly hasTestPart: boolean;
  /** What a user should know about the files. */
  readonly notes: readonly string[];
}

/** `made`: embedded or drawn from a seed; `stored`: in this browser; `served`: by `descent serve`. */
export type DataOrigin = 'made' | 'stored' | 'served' | 'missing';

export interface ListedSet {
  readonly source: DataSource;
  readonly title: string;
  readonly origin: DataOrigin;
  /** Where known before loading. */
  readonly rowCount?: number;
  readonly inputShape?: readonly number[];
  /** Of tables and packed images: what the recipe names. */
  readonly file?: string;
  readonly description?: DataDescription;
  /** In this browser. */
  readonly storedBytes: number;
  readonly storedPaths: readonly string[];
  /** Files that are needed and not there. */
  readonly missing: readonly Download[];
  readonly licence: string;
  readonly from: string;
}

export interface DataListing {
  readonly sets: readonly ListedSet[];
  /** Why nothing is kept when the page is closed, where that is so. */
  readonly memoryOnly?: string;
  /** Why the files of `descent serve` cannot be had, where that is so. */
  readonly serverFault?: string;
}

export interface NewFile {
  /** Where it is kept, such as `fashion-mnist/t10k-labels-idx1-ubyte.gz` or `prices.csv`. */
  readonly path: string;
  readonly bytes: Blob;
}

export interface AddedFiles {
  /** Kept in the browser. */
  readonly paths: readonly string[];
  /** A sentence for each file or set that was not kept, and what a user should know of the others. */
  readonly faults: readonly string[];
  readonly notes: readonly string[];
}

export interface AddProgress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

export interface Picture {
  /** In the folder that was dropped; decides the order. */
  readonly path: string;
  readonly className: string;
  readonly isTest: boolean;
  readonly bytes: Blob;
}

export interface PackRequest {
  /** Of the file that is made, without its ending. */
  readonly name: string;
  readonly pictures: readonly Picture[];
  /** Height and width that every picture is cropped and scaled to. */
  readonly edge: number;
  readonly channels: 1 | 3;
}

/** What a column can be as a target. */
export interface TableColumn {
  readonly name: string;
  readonly task: 'classification' | 'regression';
  readonly distinctCount: number;
}

export interface TablePreview {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly string[])[];
  readonly rowCount: number;
}

/** Some rows as they are in the files, before any scaling. */
export interface Examples {
  readonly inputShape: readonly number[];
  /** Row-major. */
  readonly inputs: Uint8Array | Float32Array;
  readonly largestByte: number;
  readonly labels?: Uint32Array;
  readonly targets?: Float32Array;
  readonly classNames?: readonly string[];
}

export interface DataCalls {
  readonly listData: Call<null, DataListing>;
  /** Keeps files that load without a fault; of the others it says what is wrong. */
  readonly addFiles: Call<{ readonly files: readonly NewFile[] }, AddedFiles, AddProgress>;
  readonly removeData: Call<{ readonly paths: readonly string[] }, void>;
  /** The files that another worker does not find, where the browser keeps nothing. */
  readonly unkeptFiles: Call<null, readonly NewFile[]>;
  /** Decodes pictures, keeps them as one file of packed images, and tells its path. */
  readonly packPictures: Call<PackRequest, { readonly path: string }, AddProgress>;
  readonly previewTable: Call<{ readonly path: string }, TablePreview>;
  /** Loads a set. Fails as `train` would. */
  readonly describeData: Call<{ readonly data: DataRecipe }, DataDescription>;
  /** So many rows, spread over the whole set. */
  readonly examples: Call<{ readonly data: DataRecipe; readonly count: number }, Examples>;
}
