/**
 * The data sets by name, for `descent datasets`: what they are, under which terms, where their files are looked for and
 * whence they can be fetched. The sha256 are those of the official files.
 */
import type { DataSource } from '../recipe/schema.ts';

export interface Download {
  /** Path below the cache folder, and below a mirror. */
  readonly file: string;
  readonly url: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface CatalogueEntry {
  readonly name: DataSource;
  readonly title: string;
  /** Absent where the recipe decides. */
  readonly task?: 'classification' | 'regression';
  readonly rowCount?: number;
  readonly inputShape?: readonly number[];
  readonly outputCount?: number;
  readonly source: string;
  readonly licence: string;
  /** Where the rows come from: in words, or the files that are looked for in the data folder. */
  readonly files: string;
  /** Files that are taken as well, in place of those that are downloaded. */
  readonly otherFiles?: readonly string[];
  /** Empty for sets that need no download. */
  readonly downloads: readonly Download[];
}

const fashionUrl = 'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion';

function fashionFile(file: string, sizeBytes: number, sha256: string): Download {
  return { file: `fashion-mnist/${file}`, url: `${fashionUrl}/${file}`, sha256, sizeBytes };
}

export const datasetCatalogue: readonly CatalogueEntry[] = [
  {
    name: 'digits',
    title: 'handwritten digits, 8x8 pixels from 0 to 16',
    task: 'classification',
    rowCount: 1797,
    inputShape: [8, 8, 1],
    outputCount: 10,
    source: 'E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, doi 10.24432/C50P49 (test part)',
    licence: 'CC BY 4.0',
    files: 'embedded',
    downloads: [],
  },
  {
    name: 'fashion-mnist',
    title: 'articles of clothing, 28x28 grey pixels',
    task: 'classification',
    rowCount: 70_000,
    inputShape: [28, 28, 1],
    outputCount: 10,
    source: 'Zalando SE, https://github.com/zalandoresearch/fashion-mnist (Debian: dataset-fashion-mnist)',
    licence: 'MIT',
    files: 'fashion-mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz',
    downloads: [
      fashionFile(
        'train-images-idx3-ubyte.gz',
        26_421_880,
        '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
      ),
      fashionFile(
        'train-labels-idx1-ubyte.gz',
        29_515,
        'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
      ),
      fashionFile(
        't10k-images-idx3-ubyte.gz',
        4_422_102,
        '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
      ),
      fashionFile(
        't10k-labels-idx1-ubyte.gz',
        5_148,
        '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
      ),
    ],
  },
  {
    name: 'cifar10',
    title: 'photographs of animals and vehicles, 32x32 colour pixels',
    task: 'classification',
    rowCount: 60_000,
    inputShape: [32, 32, 3],
    outputCount: 10,
    source: 'A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html (to be cited)',
    licence: 'none stated',
    files: 'cifar-10-batches-bin/{data_batch_1..5,test_batch}.bin or cifar-10-binary.tar.gz',
    otherFiles: [1, 2, 3, 4, 5]
      .map((batch) => `cifar-10-batches-bin/data_batch_${batch}.bin`)
      .concat('cifar-10-batches-bin/test_batch.bin'),
    downloads: [
      {
        file: 'cifar-10-binary.tar.gz',
        url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
        sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
        sizeBytes: 170_052_171,
      },
    ],
  },
  {
    name: 'csv',
    title: 'any table: a header line, numeric columns, a target column',
    source: 'yours',
    licence: 'yours',
    files: 'the path in the recipe, in the data folder, its tables/ or the current folder',
    downloads: [],
  },
  {
    name: 'images',
    title: 'pictures of your own, one folder for each class, packed into one file by the page',
    task: 'classification',
    source: 'yours',
    licence: 'yours',
    files: 'the path in the recipe, in the data folder, its images/ or the current folder',
    downloads: [],
  },
  {
    name: 'points',
    title: 'points on circles or moons, in the quadrants of xor, or in blobs',
    task: 'classification',
    inputShape: [2],
    source: 'synthetic, drawn from data.seed',
    licence: 'MIT',
    files: 'none',
    downloads: [],
  },
  {
    name: 'spirals',
    title: 'points on interleaved spiral arms',
    task: 'classification',
    inputShape: [2],
    source: 'synthetic, drawn from data.seed',
    licence: 'MIT',
    files: 'none',
    downloads: [],
  },
  {
    name: 'two-peaks',
    title: 'a curve with two peaks in the gaps of its training rows',
    task: 'regression',
    rowCount: 200,
    inputShape: [1],
    outputCount: 1,
    source: 'synthetic, made for this project',
    licence: 'MIT',
    files: 'embedded',
    downloads: [],
  },
];

/** The sets of files, any of which is enough; none for sets that need no files. Each also counts without its folders. */
export function fileLayouts({ downloads, otherFiles = [] }: CatalogueEntry): readonly (readonly string[])[] {
  const layouts = [downloads.map(({ file }) => file), otherFiles].filter((layout) => layout.length > 0);
  return [...layouts, ...layouts.map((layout) => layout.map((path) => path.replace(/^.*\//, '')))];
}
