// Packed images: written, read back, and refused with the fault where they are damaged.
import { expect, test } from 'vitest';
import { loadDataset } from '../../src/data/dataset.ts';
import { packImages } from '../../src/data/images.ts';
import type { LabelledImages } from '../../src/data/images.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import type { NamedTensor } from '../../src/formats/safetensors.ts';
import { cpuDevice } from '../../src/train/device.ts';
import { train } from '../../src/train/trainer.ts';
import { dataRecipe, memoryFiles } from './memory-files.ts';

/** Images whose first pixel tells the class. */
function squares(rowCount: number, channels: number, testRowCount = 0): LabelledImages {
  const pixelCount = 5 * 4 * channels;
  const labels = Uint32Array.from({ length: rowCount }, (_, row) => row % 2);
  return {
    shape: [rowCount, 5, 4, channels],
    images: Uint8Array.from({ length: rowCount * pixelCount }, (_, index) =>
      index % pixelCount === 0 ? 200 * (Math.floor(index / pixelCount) % 2) : index % 251,
    ),
    labels,
    classNames: ['cat', 'dog, wet'],
    testRowCount,
  };
}

const recipe = { source: 'images', file: 'pets.safetensors' };
const load = (bytes: Uint8Array, path = 'pets.safetensors') =>
  loadDataset(dataRecipe(recipe), memoryFiles({ [path]: bytes }));

test.each([1, 3])('what is packed with %i channels is what is loaded', async (channels) => {
  const pets = squares(7, channels);
  const set = await load(packImages(pets));
  expect(set).toMatchObject({
    name: 'pets.safetensors',
    task: 'classification',
    rowCount: 7,
    outputCount: 2,
    parts: {},
  });
  expect(set.inputShape).toEqual([5, 4, channels]);
  expect(set.inputs).toEqual(pets.images);
  expect(set.labels).toEqual(pets.labels);
  expect(set.classNames).toEqual(pets.classNames);
  expect(packImages(pets)).toEqual(packImages(squares(7, channels)));
});

test('the rows for testing are the last ones', async () => {
  const { parts } = await load(packImages(squares(33, 1, 8)));
  expect(parts).toEqual({ train: { from: 0, to: 25 }, test: { from: 25, to: 33 } });
});

test.each(['pets.safetensors', 'images/pets.safetensors', './pets.safetensors'])(
  'the file is found at %s',
  async (path) => {
    expect((await load(packImages(squares(4, 1)), path)).rowCount).toBe(4);
  },
);

test('packed images train like any other set', async () => {
  const run = train(
    {
      data: { source: 'images', file: 'pets.safetensors', normalize: 'unit' },
      model: { layers: [{ type: 'dense', units: 2 }] },
      optimizer: { type: 'adam', learningRate: 0.05 },
      batch: 10,
      epochs: 20,
    },
    { device: cpuDevice(), files: memoryFiles({ 'pets.safetensors': packImages(squares(60, 3, 20)) }) },
  );
  expect((await run.result).test?.accuracy).toBe(1);
});

const images: NamedTensor = { name: 'images', shape: [2, 1, 2, 1], data: Uint8Array.of(1, 2, 3, 4) };
const labels: NamedTensor = { name: 'labels', shape: [2], data: Uint8Array.of(0, 1) };
const metadata = { classNames: '["a","b"]' };

test('labels may be bytes', async () => {
  expect((await load(writeSafetensors([images, labels], metadata))).labels).toEqual(Uint32Array.of(0, 1));
});

const float = { ...images, data: Float32Array.of(1, 2, 3, 4) };
const faults: readonly (readonly [string, readonly NamedTensor[], Readonly<Record<string, string>>, string])[] = [
  ['a file of weights', [{ ...float, name: 'dense1.weight' }], {}, 'has no tensor "images" (it has: "dense1.weight")'],
  ['a file without labels', [images], metadata, 'has no tensor "labels" (it has: "images")'],
  ['images of numbers', [float, labels], metadata, 'its images are F32 [2, 1, 2, 1], expected U8'],
  ['images of two channels', [{ ...images, shape: [1, 1, 2, 2] }, labels], metadata, 'its images are U8 [1, 1, 2, 2]'],
  ['images without channels', [{ ...images, shape: [2, 2] }, labels], metadata, 'its images are U8 [2, 2]'],
  [
    'no images',
    [
      { name: 'images', shape: [0, 4, 4, 1], data: new Uint8Array() },
      { ...labels, shape: [0], data: new Uint8Array() },
    ],
    metadata,
    'its images are [0, 4, 4, 1], which is none at all',
  ],
  ['too few labels', [images, { ...labels, shape: [1], data: Uint8Array.of(0) }], metadata, 'expected U32 or U8 [2]'],
  ['labels of numbers', [images, { ...labels, data: Float32Array.of(0, 1) }], metadata, 'its labels are F32 [2]'],
  [
    'a label too many',
    [images, { ...labels, data: Uint8Array.of(0, 2) }],
    metadata,
    'image 1 has label 2; there are the',
  ],
  [
    'no class names',
    [images, labels],
    {},
    '"classNames" should be a JSON list of two names or more, each another, and is nothing',
  ],
  ['class names that are no list', [images, labels], { classNames: 'a,b' }, 'and is a,b.'],
  ['two classes of one name', [images, labels], { classNames: '["a","a"]' }, 'and is ["a","a"].'],
  [
    'more test rows than rows',
    [images, labels],
    { ...metadata, testRows: '2' },
    'says "2" of its 2 rows are for testing',
  ],
];

test.each(faults)('%s is refused with the cure', async (_name, tensors, about, sentence) => {
  const fault = load(writeSafetensors(tensors, about));
  await expect(fault).rejects.toThrow(sentence);
  await expect(fault).rejects.toThrow(
    /^mem\/pets\.safetensors: .*Pack the pictures again by dropping their folder on the page\.$/,
  );
});

test('a file that is cut short or missing is told by name', async () => {
  await expect(load(packImages(squares(4, 1)).slice(0, -1))).rejects.toThrow('mem/pets.safetensors: is truncated');
  await expect(loadDataset(dataRecipe(recipe), memoryFiles({}))).rejects.toThrow(
    'pets.safetensors (looked in mem): not found, nor images/pets.safetensors (looked in mem), nor ./pets.safetensors ' +
      '(looked in mem). Correct the path in the recipe, or name its folder with --data DIR.',
  );
});

test('files of a page say what to do there', async () => {
  const files = { ...memoryFiles({}), cure: (path: string) => `Drop ${path} on the page.` };
  await expect(loadDataset(dataRecipe(recipe), files)).rejects.toThrow(
    'pets.safetensors (looked in mem): not found. Drop pets.safetensors on the page.',
  );
  await expect(loadDataset(dataRecipe({ source: 'cifar10' }), files)).rejects.toThrow(
    'not found. Drop cifar-10-batches-bin/data_batch_1.bin on the page.',
  );
});

test('images whose shape is not their data are a fault of the caller', () => {
  expect(() => packImages({ ...squares(4, 1), shape: [4, 5, 4, 3] })).toThrow(RangeError);
});
