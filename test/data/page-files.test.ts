// Data files of a page: tried before they are kept, read from storage or server, listed with what is missing; pictures packed.
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadDataset } from '../../src/data/dataset.ts';
import { packImages, readImages } from '../../src/data/images.ts';
import { readTable } from '../../src/formats/csv.ts';
import { cifarRecordBytes } from '../../src/formats/cifar.ts';
import { openPageFiles } from '../../web/storage/data-files.ts';
import type { PageFiles } from '../../web/storage/data-files.ts';
import { openDatabase } from '../../web/storage/database.ts';
import type { Picture } from '../../web/protocol/data.ts';
import { addFiles } from '../../web/worker/add-files.ts';
import { listSets, previewTable, takeExamples } from '../../web/worker/data.ts';
import { openDatasets } from '../../web/worker/datasets.ts';
import { sayCure } from '../../web/worker/page-files.ts';
import { orderPictures, packPictures, writePixels } from '../../web/worker/pictures.ts';
import { dataRecipe, gzip, idx, memoryFiles } from './memory-files.ts';

function openFiles(dataUrl?: string): PageFiles {
  return openPageFiles({ dataUrl, database: openDatabase(), cure: sayCure });
}

const add = (files: PageFiles, contents: Readonly<Record<string, Uint8Array<ArrayBuffer> | string>>) =>
  addFiles(
    Object.entries(contents).map(([path, content]) => ({ path, bytes: new Blob([content]) })),
    files,
    () => undefined,
  );
const paths = async (files: PageFiles): Promise<string[]> => (await files.stored()).map(({ path }) => path).toSorted();

const trainImages = idx([6, 28, 28], (i) => i % 256);
const fashion = {
  'fashion-mnist/train-images-idx3-ubyte.gz': trainImages,
  'fashion-mnist/train-labels-idx1-ubyte.gz': await gzip(idx([6], (i) => i)),
  'fashion-mnist/t10k-images-idx3-ubyte.gz': await gzip(idx([4, 28, 28], (i) => i % 256)),
  'fashion-mnist/t10k-labels-idx1-ubyte.gz': await gzip(idx([4], (i) => i)),
};

test('Fashion-MNIST is kept file by file, packed where it came unpacked, and loads when it is complete', async () => {
  const files = openFiles();
  const { 'fashion-mnist/t10k-labels-idx1-ubyte.gz': last, ...first } = fashion;
  expect((await add(files, first)).faults).toEqual([]);
  const before = listSets(await files.stored(), []).find(({ source }) => source === 'fashion-mnist');
  expect(before).toMatchObject({ origin: 'missing', missing: [{ file: 'fashion-mnist/t10k-labels-idx1-ubyte.gz' }] });
  const { faults, notes } = await add(files, { 'fashion-mnist/t10k-labels-idx1-ubyte.gz': last });
  expect(faults).toEqual([]);
  expect(notes).toHaveLength(4);
  const after = listSets(await files.stored(), []).find(({ source }) => source === 'fashion-mnist');
  expect(after).toMatchObject({
    origin: 'stored',
    missing: [],
    storedPaths: expect.arrayContaining(Object.keys(fashion)),
  });
  const set = await loadDataset(dataRecipe({ source: 'fashion-mnist' }), files);
  expect(set.rowCount).toBe(10);
  expect(set.inputs.subarray(0, 784)).toEqual(trainImages.subarray(16, 800));
});

test('a file with a fault is not kept, and its sentence says why', async () => {
  const files = openFiles();
  const labels = 'fashion-mnist/t10k-labels-idx1-ubyte.gz';
  expect((await add(files, { [labels]: fashion[labels].slice(0, -5) })).faults).toEqual([
    expect.stringContaining(`${labels}: is corrupt or truncated`),
  ]);
  const wrong = { ...fashion, [labels]: await gzip(idx([4], () => 12)) };
  expect((await add(files, wrong)).faults).toEqual([expect.stringContaining('record 0 has label 12')]);
  const { paths: kept, faults } = await add(files, {
    'a.csv': 'x,y\n1,2\n',
    'b.csv': '1,2\n3,4\n',
    'one.csv': 'x\n1\n',
    'w.safetensors': 'no tensors',
    'cifar-10-batches-bin/data_batch_1.bin': new Uint8Array(100),
  });
  expect(kept).toEqual(['a.csv']);
  expect(faults).toEqual([
    expect.stringContaining('b.csv:1: holds numbers only'),
    expect.stringContaining('one.csv: has one column only'),
    expect.stringMatching(/^w\.safetensors: /),
    expect.stringContaining('data_batch_1.bin: has 100 bytes'),
  ]);
  expect(await paths(files)).toEqual(['a.csv']);
});

test('single batches of CIFAR-10 are kept before the set is complete', async () => {
  const files = openFiles();
  const batch = new Uint8Array(10_000 * cifarRecordBytes);
  const { faults } = await add(files, {
    'cifar-10-batches-bin/data_batch_1.bin': batch,
    'cifar-10-batches-bin/test_batch.bin': batch,
  });
  expect(faults).toEqual([]);
  const set = await loadDataset(dataRecipe({ source: 'cifar10', train: { part: 'batch1' } }), files);
  expect(set.rowCount).toBe(20_000);
  await expect(loadDataset(dataRecipe({ source: 'cifar10' }), files)).rejects.toThrow(
    'cifar-10-batches-bin/data_batch_2.bin: not found. Drop cifar-10-binary.tar.gz on the page, or fetch the set with ' +
      '"descent datasets fetch cifar10" and open the page with "descent serve".',
  );
});

const pets = packImages({
  shape: [4, 2, 2, 1],
  images: new Uint8Array(16),
  labels: Uint32Array.of(0, 1, 0, 1),
  classNames: ['cat', 'dog'],
  testRowCount: 1,
});

test('tables and packed images are listed with what is known of them, and can be deleted', async () => {
  const files = openFiles();
  expect((await add(files, { 'pets.safetensors': pets, 'a.csv': 'x,y\n1,0\n2,1\n' })).faults).toEqual([]);
  const own = listSets(await files.stored(), ['tables/b.csv', 'notes.gz']).filter(({ file }) => file !== undefined);
  expect(own.map(({ file, origin }) => [file, origin])).toEqual([
    ['a.csv', 'stored'],
    ['pets.safetensors', 'stored'],
    ['tables/b.csv', 'served'],
  ]);
  expect(own[1]).toMatchObject({ rowCount: 4, inputShape: [2, 2, 1], description: { hasTestPart: true } });
  await files.remove(['pets.safetensors']);
  expect(await paths(files)).toEqual(['a.csv']);
});

test('without files every set that needs some says which, and where they are', () => {
  for (const { source, origin, missing } of listSets([], [])) {
    const needs = ['fashion-mnist', 'cifar10'].includes(source);
    expect([source, origin]).toEqual([source, needs ? 'missing' : 'made']);
    expect(missing.length > 0).toBe(needs);
  }
  const served = Object.keys(fashion);
  expect(listSets([], served).find(({ source }) => source === 'fashion-mnist')).toMatchObject({ origin: 'served' });
});

/** A server that offers these files. */
function serve(contents: Readonly<Record<string, string>>): { asked: string[] } {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: URL) => {
    const path = decodeURIComponent(url.pathname.replace('/data/', ''));
    asked.push(path);
    if (path === 'index.json') {
      const files = Object.entries(contents).map(([each, text]) => ({ path: each, sizeBytes: text.length }));
      return Response.json({ files });
    }
    return new Response(contents[path], { status: path in contents ? 200 : 404 });
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  return { asked };
}

test('what is not stored is read from the server, and nothing that it does not offer is asked for', async () => {
  const { asked } = serve({ 'tables/my table.csv': 'x,y\n1,0\n2,1\n', 'a.csv': 'x,y\n9,0\n9,1\n' });
  const files = openFiles('http://localhost:1/data/');
  await add(files, { 'a.csv': 'x,y\n1,0\n2,1\n' });
  expect((await loadDataset(dataRecipe({ source: 'csv', file: 'my table.csv' }), files)).rowCount).toBe(2);
  expect([...(await loadDataset(dataRecipe({ source: 'csv', file: 'a.csv' }), files)).inputs]).toEqual([1, 2]);
  await expect(loadDataset(dataRecipe({ source: 'csv', file: 'no.csv' }), files)).rejects.toThrow(
    'no.csv: not found. Drop no.csv on the page, or correct the path in the recipe.',
  );
  expect(asked).toEqual(['index.json', 'tables/my table.csv']);
});

test('a server that is gone is told with the cure, and what is stored stays', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  onTestFinished(() => void vi.unstubAllGlobals());
  const files = openFiles('http://localhost:1/data/');
  expect((await add(files, { 'a.csv': 'x,y\n1,0\n2,1\n' })).faults).toEqual([]);
  expect(await files.read('a.csv')).toBeDefined();
  await expect(files.read('b.csv')).rejects.toThrow('cannot be reached. Start "descent serve" again');
});

test('a set is loaded anew only where the rows that are read differ', async () => {
  let reads = 0;
  const files = memoryFiles({ 'a.csv': 'x,y\n1,0\n2,1\n' });
  const counting = {
    ...files,
    read: (path: string) => {
      reads++;
      return files.read(path);
    },
  };
  const { load, forget } = openDatasets(counting);
  const recipe = (more: object) => dataRecipe({ source: 'csv', file: 'a.csv', ...more });
  const first = await load(recipe({}));
  expect(await load(recipe({ test: 0.5, normalize: 'feature', seed: 3, shuffle: false }))).toBe(first);
  expect(reads).toBe(1);
  expect(await load(recipe({ task: 'regression' }))).not.toBe(first);
  forget();
  await load(recipe({ task: 'regression' }));
  expect(reads).toBe(3);
  const moons = (seed: number) => load(dataRecipe({ source: 'points', shape: 'moons', seed }));
  expect((await moons(1)).inputs).not.toEqual((await moons(2)).inputs);
  await expect(load(recipe({ file: 'no.csv' }))).rejects.toThrow('not found');
});

test('a preview tells for each column whether it holds classes or a quantity', () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i / 7},${i % 3},${i * 10},${i % 2 === 0 ? 'yes' : 'no'}`);
  const table = readTable(new TextEncoder().encode(['a,b,c,d', ...rows].join('\n')), 't.csv');
  const { columns, rows: shown, rowCount } = previewTable(table);
  expect(columns).toEqual([
    { name: 'a', task: 'regression', distinctCount: 40 },
    { name: 'b', task: 'classification', distinctCount: 3 },
    { name: 'c', task: 'regression', distinctCount: 40 },
    { name: 'd', task: 'classification', distinctCount: 2 },
  ]);
  expect([shown.length, rowCount]).toEqual([6, 40]);
});

test('examples are spread over the whole set', async () => {
  const set = await loadDataset(dataRecipe({ source: 'digits' }), memoryFiles({}));
  const { inputs, labels, largestByte, inputShape } = takeExamples(set, 3);
  expect([inputs.length, largestByte, inputShape]).toEqual([192, 16, [8, 8, 1]]);
  expect(inputs.subarray(64, 128)).toEqual(set.inputs.subarray(599 * 64, 600 * 64));
  expect([...(labels ?? [])]).toEqual([0, 599, 1198].map((row) => set.labels?.[row]));
  expect(takeExamples(set, 1_000_000).labels).toHaveLength(1797);
});

function pictures(...all: readonly string[]): Picture[] {
  return all.map((path) => ({
    path,
    bytes: new Blob([path]),
    className: path.split('/').at(-2) ?? '',
    isTest: path.startsWith('test/'),
  }));
}

test('pictures are ordered by their paths alone, classes in turns, those for testing last', () => {
  const given = pictures('test/b/1', 'b/2', 'a/4', 'a/1', 'b/1', 'a/3', 'a/2', 'test/a/9');
  const expected = ['a/1', 'b/1', 'a/2', 'a/3', 'b/2', 'a/4', 'test/a/9', 'test/b/1'];
  expect(orderPictures(given).map(({ path }) => path)).toEqual(expected);
  expect(orderPictures(given.toReversed()).map(({ path }) => path)).toEqual(expected);
});

test('packed pictures are a set with the classes of their folders', async () => {
  const decode = async ({ path }: Picture, edge: number) => new Uint8ClampedArray(4 * edge * edge).fill(path.length);
  const seen: number[] = [];
  const options = {
    decode,
    signal: new AbortController().signal,
    onProgress: ({ done }: { done: number }) => void seen.push(done),
  };
  const request = { name: 'ab', pictures: pictures('b/long', 'a/1', 'a/2', 'test/a/3'), edge: 2, channels: 3 } as const;
  const packed = readImages(await packPictures(request, options), 'ab');
  expect(packed).toMatchObject({ shape: [4, 2, 2, 3], classNames: ['a', 'b'], testRowCount: 1 });
  expect([...packed.labels]).toEqual([0, 1, 0, 0]);
  expect([0, 1, 2, 3].map((row) => packed.images[row * 12])).toEqual([3, 6, 3, 8]);
  expect(seen).toEqual([0]);
  expect(await packPictures(request, options)).toEqual(await packPictures(request, options));
  await expect(packPictures({ ...request, pictures: pictures('a/1', 'a/2') }, options)).rejects.toThrow(
    'of one class only, "a"',
  );
  await expect(packPictures({ ...request, edge: 16_384 }, options)).rejects.toThrow('take more than 1 GiB');
  await expect(packPictures(request, { ...options, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});

test('grey is the luma of the colours', () => {
  const out = new Uint8Array(3);
  writePixels(Uint8ClampedArray.of(255, 0, 0, 255, 0, 255, 0, 255, 255, 255, 255, 255), 1, out);
  expect([...out]).toEqual([76, 150, 255]);
});
