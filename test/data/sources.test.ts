// The built-in sets: the embedded ones as they are, the file-based ones on files made here, sound and damaged.
import { createTar } from 'nanotar';
import { expect, test } from 'vitest';
import { datasetCatalogue } from '../../src/data/catalogue.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import { sineCosineOfTurns } from '../../src/data/spirals.ts';
import { DataError } from '../../src/errors.ts';
import { cifarRecordBytes } from '../../src/formats/cifar.ts';
import { dataRecipe, gzip, idx, memoryFiles } from './memory-files.ts';

const none = memoryFiles({});

test('the embedded digits are the 1,797 of UCI, as bytes from 0 to 16', async () => {
  const digits = await loadDataset(dataRecipe({ source: 'digits' }), none);
  expect(digits).toMatchObject({ rowCount: 1797, inputShape: [8, 8, 1], outputCount: 10, largestByte: 16, parts: {} });
  expect([...digits.inputs.subarray(0, 16)]).toEqual([0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]);
  expect(Math.max(...digits.inputs)).toBe(16);
  const counts = Array.from({ length: 10 }, () => 0);
  for (const label of digits.labels ?? []) counts[label] = (counts[label] ?? 0) + 1;
  // Counts per class as scikit-learn's load_digits has them.
  expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
});

test('the embedded two-peaks table has 100 training rows outside the gaps and 100 test rows', async () => {
  const set = await loadDataset(dataRecipe({ source: 'two-peaks' }), none);
  expect(set).toMatchObject({ task: 'regression', rowCount: 200, inputShape: [1], outputCount: 1 });
  expect(set.parts).toEqual({ train: { from: 0, to: 100 }, test: { from: 100, to: 200 } });
  const x = [...set.inputs];
  const inGap = (value: number): boolean => Math.abs(Math.abs(value) - 2) < 0.4;
  expect(x.slice(0, 100).filter(inGap)).toEqual([]);
  expect(x.slice(100).filter(inGap)).toHaveLength(15);
  // Mean squared error of the noiseless curve, from the description of the set.
  const f = (v: number): number =>
    1 + 3 * Math.exp(-((v + 2) ** 2)) + 5 * Math.exp(-(((v - 2) / 0.7) ** 2)) - 0.03 * v * v;
  const errors = x.map((value, row) => ((set.targets?.[row] ?? 0) - f(value)) ** 2);
  expect(errors.slice(100).reduce((sum, error) => sum + error, 0) / 100).toBeCloseTo(0.065, 4);
});

test('sine and cosine of the spirals agree with the platform to 1e-15 at every angle', () => {
  for (let turns = -3; turns <= 3; turns += 0.0137) {
    const { sine, cosine } = sineCosineOfTurns(turns);
    expect(Math.abs(sine - Math.sin(2 * Math.PI * turns))).toBeLessThan(5e-15);
    expect(Math.abs(cosine - Math.cos(2 * Math.PI * turns))).toBeLessThan(5e-15);
  }
  expect(sineCosineOfTurns(0.25)).toEqual({ sine: 1, cosine: -0 });
});

test('spirals without noise lie on their arms, and the seed decides the noise', async () => {
  const load = (more: object) => loadDataset(dataRecipe({ source: 'spirals', rows: 301, classes: 3, ...more }), none);
  const clean = await load({ noise: 0, turns: 1 });
  expect([...(clean.labels ?? [])].slice(0, 5)).toEqual([0, 1, 2, 0, 1]);
  for (let row = 0; row < 301; row++) {
    const armRows = [101, 100, 100][row % 3] ?? 0;
    const radius = Math.floor(row / 3) / (armRows - 1);
    expect(Math.hypot(clean.inputs[2 * row] ?? 0, clean.inputs[2 * row + 1] ?? 0)).toBeCloseTo(radius, 12);
  }
  const [a, again, b] = await Promise.all([load({ seed: 1 }), load({ seed: 1 }), load({ seed: 2 })]);
  expect(a.inputs).toEqual(again.inputs);
  expect(a.inputs).not.toEqual(b.inputs);
  await expect(load({ rows: 2 })).rejects.toThrow('data.rows: 2 rows cannot fill 3 classes');
});

async function fashionFiles(changes: Readonly<Record<string, Uint8Array>> = {}, folder = 'fashion-mnist/') {
  const sound: Record<string, Uint8Array> = {
    'train-images-idx3-ubyte.gz': await gzip(idx([6, 28, 28], (i) => i % 256)),
    'train-labels-idx1-ubyte.gz': await gzip(idx([6], (i) => i)),
    't10k-images-idx3-ubyte.gz': await gzip(idx([4, 28, 28], (i) => (i + 7) % 256)),
    't10k-labels-idx1-ubyte.gz': await gzip(idx([4], (i) => 9 - i)),
  };
  const entries = Object.entries({ ...sound, ...changes }).map(([name, bytes]) => [folder + name, bytes]);
  return memoryFiles(Object.fromEntries(entries) as Record<string, Uint8Array>);
}

test.each(['fashion-mnist/', ''])('Fashion-MNIST is read from "%s" of the data folder', async (folder) => {
  const set = await loadDataset(dataRecipe({ source: 'fashion-mnist' }), await fashionFiles({}, folder));
  expect(set).toMatchObject({ rowCount: 10, inputShape: [28, 28, 1], outputCount: 10 });
  expect(set.parts).toEqual({ train: { from: 0, to: 6 }, test: { from: 6, to: 10 } });
  expect([...(set.labels ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 9, 8, 7, 6]);
  expect(set.inputs[6 * 784]).toBe(7);
  expect(set.notes).toHaveLength(4);
  expect(set.notes[0]).toBe(`mem/${folder}train-images-idx3-ubyte.gz differs from the official file of Fashion-MNIST.`);
});

test('faults of Fashion-MNIST files are told by file', async () => {
  const load = async (changes: Readonly<Record<string, Uint8Array>>) =>
    loadDataset(dataRecipe({ source: 'fashion-mnist' }), await fashionFiles(changes));
  await expect(loadDataset(dataRecipe({ source: 'fashion-mnist' }), none)).rejects.toThrow(
    'fashion-mnist/train-images-idx3-ubyte.gz (looked in mem): not found. Fetch the set with "descent datasets fetch ' +
      'fashion-mnist", or name the folder that holds it with --data DIR.',
  );
  await expect(load({ 't10k-labels-idx1-ubyte.gz': await gzip(idx([4], (i) => 8 + i)) })).rejects.toThrow(
    'mem/fashion-mnist/t10k-labels-idx1-ubyte.gz: record 2 has label 10',
  );
  await expect(load({ 'train-labels-idx1-ubyte.gz': await gzip(idx([5], () => 0)) })).rejects.toThrow(
    'holds 5 labels for the 6 images',
  );
  await expect(load({ 'train-images-idx3-ubyte.gz': await gzip(idx([6, 8, 8], () => 0)) })).rejects.toThrow(
    'holds 6 x 8 x 8 values, expected images of 28 x 28',
  );
  const packed = await gzip(idx([6, 28, 28], (i) => i % 251));
  await expect(load({ 'train-images-idx3-ubyte.gz': packed.slice(0, -9) })).rejects.toThrow('is corrupt or truncated');
});

/** A batch of 10,000 records with labels counting up and one marked pixel. */
function batch(mark: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(10_000 * cifarRecordBytes);
  for (let row = 0; row < 10_000; row++) bytes[row * cifarRecordBytes] = row % 10;
  bytes[1] = mark;
  return bytes;
}
const batch2 = batch(2);
const testBatch = batch(9);
const batchesRecipe = dataRecipe({ source: 'cifar10', train: { part: 'batch2' } });

test.each(['cifar-10-batches-bin/', ''])(
  'CIFAR-10 batches that a recipe names are read from "%s", and no others',
  async (folder) => {
    const files = memoryFiles({ [`${folder}data_batch_2.bin`]: batch2, [`${folder}test_batch.bin`]: testBatch });
    const set = await loadDataset(batchesRecipe, files);
    expect(set).toMatchObject({ rowCount: 20_000, inputShape: [32, 32, 3], outputCount: 10 });
    expect(set.parts).toEqual({ batch2: { from: 0, to: 10_000 }, test: { from: 10_000, to: 20_000 } });
    expect([set.inputs[0], set.inputs[10_000 * 3072]]).toEqual([2, 9]);
    expect(set.labels?.[10_003]).toBe(3);
    expect(set.notes).toEqual([
      'The pixels of data_batch_2.bin, test_batch.bin differ from the official CIFAR-10 files (as JPEG copies do).',
    ]);
    const whole = dataRecipe({ source: 'cifar10', train: { part: 'batch2' }, validation: 100 });
    await expect(loadDataset(whole, files)).rejects.toThrow('data_batch_1.bin (looked in mem): not found');
  },
);

test('CIFAR-10 is read from the official archive', async () => {
  const tar = createTar([
    { name: 'cifar-10-batches-bin/', attrs: {} },
    { name: 'cifar-10-batches-bin/test_batch.bin', data: testBatch },
    { name: 'cifar-10-batches-bin/data_batch_2.bin', data: batch2 },
  ]) as Uint8Array<ArrayBuffer>;
  const set = await loadDataset(batchesRecipe, memoryFiles({ 'cifar-10-binary.tar.gz': await gzip(tar) }));
  expect([set.inputs[0], set.inputs[10_000 * 3072]]).toEqual([2, 9]);

  const half = await gzip(tar.slice(0, 40_000_000));
  await expect(loadDataset(batchesRecipe, memoryFiles({ 'cifar-10-binary.tar.gz': half }))).rejects.toThrow(
    'mem/cifar-10-binary.tar.gz: is a truncated tar archive',
  );
  const other = await gzip(createTar([{ name: 'readme', data: 'hello' }]) as Uint8Array<ArrayBuffer>);
  await expect(loadDataset(batchesRecipe, memoryFiles({ 'cifar-10-binary.tar.gz': other }))).rejects.toThrow(
    'holds no file "data_batch_2.bin"',
  );
});

test('faults of CIFAR-10 files are told by file and record', async () => {
  const load = (bytes: Uint8Array) =>
    loadDataset(batchesRecipe, memoryFiles({ 'cifar-10-batches-bin/data_batch_2.bin': bytes }));
  await expect(loadDataset(batchesRecipe, none)).rejects.toThrow(DataError);
  await expect(loadDataset(batchesRecipe, none)).rejects.toThrow('"descent datasets fetch cifar10"');
  await expect(load(batch2.slice(0, -1))).rejects.toThrow(
    'mem/cifar-10-batches-bin/data_batch_2.bin: has 30729999 bytes',
  );
  await expect(load(batch2.slice(0, 9_999 * cifarRecordBytes))).rejects.toThrow('holds 9999 records, expected 10000');
  const mislabelled = batch2.slice();
  mislabelled[42 * cifarRecordBytes] = 200;
  await expect(load(mislabelled)).rejects.toThrow('record 42 has label 200');
});

test('the catalogue tells of each set what loading it gives', async () => {
  for (const name of ['digits', 'two-peaks'] as const) {
    const entry = datasetCatalogue.find((each) => each.name === name);
    const set = await loadDataset(dataRecipe({ source: name }), none);
    const { task, rowCount, inputShape, outputCount } = set;
    expect(entry).toMatchObject({ task, rowCount, inputShape, outputCount });
  }
  for (const { downloads } of datasetCatalogue) {
    for (const { sha256, url } of downloads)
      expect([sha256, url]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^https:/)]);
  }
});
