// What dropped files are taken for, and the recipe that a set of one's own begins with.
import { expect, test } from 'vitest';
import { loadDataset } from '../../src/data/dataset.ts';
import { parseData, parseRecipe } from '../../src/recipe/parse.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import { prepare } from '../../src/train/session.ts';
import { filesOfDrop } from '../../web/data/dropped-files.ts';
import { recognise, storedPath } from '../../web/data/recognise.ts';
import { startingRecipe } from '../../web/data/starting-recipe.ts';
import type { DataDescription } from '../../web/protocol/data.ts';
import { describeDataset } from '../../web/worker/add-files.ts';
import { memoryFiles } from './memory-files.ts';

const drop = (...paths: readonly string[]) => recognise(paths.map((path) => ({ path, bytes: new Blob([path]) })));

test.each([
  ['train-images-idx3-ubyte.gz', 'fashion-mnist/train-images-idx3-ubyte.gz'],
  ['Downloads/fashion/t10k-labels-idx1-ubyte.gz', 'fashion-mnist/t10k-labels-idx1-ubyte.gz'],
  ['archive/t10k-images-idx3-ubyte', 'fashion-mnist/t10k-images-idx3-ubyte.gz'],
  ['train-labels.idx1-ubyte', 'fashion-mnist/train-labels-idx1-ubyte.gz'],
  ['cifar-10-binary.tar.gz', 'cifar-10-binary.tar.gz'],
  ['cifar-10-batches-bin/data_batch_3.bin', 'cifar-10-batches-bin/data_batch_3.bin'],
  ['test_batch.bin', 'cifar-10-batches-bin/test_batch.bin'],
  ['tables/Iris.csv', 'Iris.csv'],
  ['wine.csv.gz', 'wine.csv.gz'],
  ['pets.safetensors', 'pets.safetensors'],
  ['data_batch_6.bin', undefined],
  ['photo.png', undefined],
  ['other.gz', undefined],
])('%s is kept as %s', (path, expected) => {
  expect(storedPath(path)).toBe(expected);
});

test('runs, recipes and what systems leave in folders are told apart', () => {
  const { dataFiles, runZips, recipes, faults, pictures } = drop(
    'run.zip',
    'mine.json',
    'a.csv',
    '.DS_Store',
    'x/Thumbs.db',
    'x/__MACOSX/._a.csv',
  );
  expect(runZips.map(({ path }) => path)).toEqual(['run.zip']);
  expect(recipes.map(({ path }) => path)).toEqual(['mine.json']);
  expect(dataFiles.map(({ path }) => path)).toEqual(['a.csv']);
  expect([faults, pictures]).toEqual([[], undefined]);
});

test('files that are nothing known are told in one sentence', () => {
  expect(drop('talk.pdf').faults).toEqual([expect.stringMatching(/^talk\.pdf: not known here\. Drop the files of /)]);
  expect(drop('pets/annotations.json').recipes).toEqual([]);
  expect(drop('talk.pdf', 'a.docx', 'b.exe').faults).toEqual([expect.stringMatching(/^talk\.pdf and 2 more: not/)]);
});

test.each([
  ['the folder of the classes', ['pets/cat/1.png', 'pets/dog/1.JPG'], 'pets', ['cat', 'dog'], 0],
  ['the classes themselves', ['cat/1.png', 'dog/1.jpg'], 'pictures', ['cat', 'dog'], 0],
  [
    'folders for training and testing',
    ['my pets/train/cat/1.png', 'my pets/test/dog/1.png'],
    'my-pets',
    ['cat', 'dog'],
    1,
  ],
  ['train and test dropped side by side', ['train/a/1.png', 'test/b/1.png', 'test/a/2.png'], 'pictures', ['a', 'b'], 2],
] as const)('a class is a folder: %s', (_name, paths, name, classNames, testCount) => {
  const { pictures, faults } = drop(...paths);
  expect(faults).toEqual([]);
  expect(pictures).toMatchObject({ name, classNames });
  expect(pictures?.pictures.filter(({ isTest }) => isTest)).toHaveLength(testCount);
});

test.each([[['cat.png']], [['cat/1.png', 'cat/2.png']], [['cat/1.png', 'dog/1.png', 'loose.png']]])(
  'pictures without two classes are refused: %j',
  (paths) => {
    const { pictures, faults } = drop(...paths);
    expect(pictures).toBeUndefined();
    expect(faults).toEqual([expect.stringContaining('Put the pictures of each class into a folder of its own')]);
  },
);

/** A folder as a browser hands it over: its entries come in portions. */
function folderEntry(path: string, entries: readonly object[]): object {
  return {
    isFile: false,
    isDirectory: true,
    fullPath: path,
    createReader() {
      const left = [...entries];
      return { readEntries: (resolve: (some: object[]) => void) => resolve(left.splice(0, 2)) };
    },
  };
}
const fileEntry = (path: string): object => ({
  isFile: true,
  isDirectory: false,
  fullPath: path,
  file: (resolve: (file: File) => void) => resolve(new File([path], path)),
});

test('a dropped folder is read to its depth, in all its portions', async () => {
  const cats = ['/pets/cat/1.png', '/pets/cat/2.png', '/pets/cat/3.png', '/pets/cat/4.png', '/pets/cat/5.png'];
  const dropped = folderEntry('/pets', [
    folderEntry('/pets/cat', cats.map(fileEntry)),
    folderEntry('/pets/dog', [fileEntry('/pets/dog/1.png')]),
    folderEntry('/pets/none', []),
  ]);
  const items = [dropped, fileEntry('/a.csv')].map((entry) => ({ kind: 'file', webkitGetAsEntry: () => entry }));
  const files = await filesOfDrop({ items: [...items, { kind: 'string' }], files: [] } as unknown as DataTransfer);
  const expected = [...cats, '/pets/dog/1.png', '/a.csv'].map((path) => path.slice(1));
  expect(files.map(({ path }) => path)).toEqual(expected);
  expect(await files.at(-1)?.bytes.text()).toBe('/a.csv');
});

const description: DataDescription = {
  task: 'classification',
  rowCount: 150,
  inputShape: [4],
  outputCount: 3,
  hasTestPart: false,
  notes: [],
};
const csv = { source: 'csv', file: 'a.csv' } as const;

test.each([
  ['a small table', csv, description],
  [
    'a quantity',
    { ...csv, task: 'regression' as const },
    { ...description, task: 'regression' as const, outputCount: 1 },
  ],
  ['a large table', csv, { ...description, rowCount: 100_000 }],
  ['a table of four rows', csv, { ...description, rowCount: 4 }],
  [
    'pictures',
    { source: 'images', file: 'a' } as const,
    { ...description, inputShape: [32, 32, 3], hasTestPart: true },
  ],
] as const)('the recipe to begin with is a right one: %s', (_name, data, about) => {
  const recipe = parseRecipe(startingRecipe('mine', data, about));
  const { validation, test: tested } = recipe.data;
  if (about.rowCount > 20) expect([validation, tested]).toEqual([0.15, about.hasTestPart ? undefined : 0.15]);
  expect(recipe.batch).toBeLessThanOrEqual(about.rowCount);
  expect(recipe.loss).toBe(about.task === 'classification' ? 'crossEntropy' : 'mse');
  const stepsPerEpoch = Math.floor((0.7 * about.rowCount) / recipe.batch);
  if (about.rowCount > 20) expect(stepsPerEpoch * (recipe.epochs ?? 0)).toBeLessThan(5000);
});

test('what the recipe already says of its data stays', () => {
  const { data } = startingRecipe('mine', { ...csv, target: 'y', test: 0.3, normalize: 'none' }, description);
  expect(data).toMatchObject({ target: 'y', test: 0.3, normalize: 'none', validation: 0.15, stratify: true });
});

test('the recipe to begin with learns a table', async () => {
  const cells = Array.from({ length: 300 }, (_, i) => [((i * 37) % 101) / 50 - 1, ((i * 61) % 103) / 50 - 1] as const);
  const table = ['x,y,side', ...cells.map(([x, y]) => `${x},${y},${x * y > 0 ? 'same' : 'other'}`)].join('\n');
  const files = memoryFiles({ 'a.csv': table });
  const about = describeDataset(await loadDataset(parseData(csv), files));
  const recipe = parseRecipe(startingRecipe('mine', csv, about));
  const result = await train(recipe, { device: cpuDevice(), files }).result;
  expect(result.test?.accuracy).toBeGreaterThan(0.9);
  const { split } = prepare(recipe, await loadDataset(recipe.data, files)).views[0]!;
  expect([split.train.length, split.validation.length, split.test.length]).toEqual([210, 45, 45]);
});
