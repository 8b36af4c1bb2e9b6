// What only a browser can: pictures decoded by it, and files kept in its storage.

import { expect, test } from 'vitest';
import { readImages } from '../../src/data/images.ts';
import { openPageFiles } from '../../web/storage/data-files.ts';
import { openDatabase } from '../../web/storage/database.ts';
import type { Picture } from '../../web/protocol/data.ts';
import { packPictures } from '../../web/worker/pictures.ts';

/** A PNG of 40 x 20 pixels, its left half of one colour and its right half of another. */
async function halves(left: string, right: string): Promise<Blob> {
  const canvas = new OffscreenCanvas(40, 20);
  const context = canvas.getContext('2d')!;
  context.fillStyle = left;
  context.fillRect(0, 0, 20, 20);
  context.fillStyle = right;
  context.fillRect(20, 0, 20, 20);
  return canvas.convertToBlob({ type: 'image/png' });
}

const picture = (path: string, bytes: Blob): Picture => ({
  path,
  bytes,
  className: path.split('/')[0] ?? '',
  isTest: false,
});
const options = { signal: new AbortController().signal, onProgress: () => undefined };

test('pictures are cropped to their middle, scaled, and paper shows through what is transparent', async () => {
  const pictures = [
    picture('a/1.png', await halves('rgb(250 10 20)', 'rgb(10 20 250)')),
    picture('b/1.png', await halves('rgb(0 0 0 / 0)', 'black')),
  ];
  const bytes = await packPictures({ name: 'ab', pictures, edge: 8, channels: 3 }, options);
  const { shape, images } = readImages(bytes, 'ab');
  expect(shape).toEqual([2, 8, 8, 3]);
  const pixel = (row: number, y: number, x: number) =>
    [0, 1, 2].map((channel) => images[((row * 8 + y) * 8 + x) * 3 + channel]);
  expect([pixel(0, 0, 0), pixel(0, 4, 1), pixel(0, 7, 7)]).toEqual([
    [250, 10, 20],
    [250, 10, 20],
    [10, 20, 250],
  ]);
  expect([pixel(1, 3, 1), pixel(1, 3, 6)]).toEqual([
    [255, 255, 255],
    [0, 0, 0],
  ]);
  expect(await packPictures({ name: 'ab', pictures: pictures.toReversed(), edge: 8, channels: 3 }, options)).toEqual(
    bytes,
  );
  const grey = readImages(await packPictures({ name: 'ab', pictures, edge: 8, channels: 1 }, options), 'ab');
  expect([grey.shape, grey.images[0], grey.images[64 + 7]]).toEqual([[2, 8, 8, 1], 83, 0]);
});

test('a file that is no picture is told by name', async () => {
  const pictures = [picture('a/1.png', await halves('red', 'blue')), picture('b/broken.png', new Blob(['no picture']))];
  await expect(packPictures({ name: 'ab', pictures, edge: 8, channels: 3 }, options)).rejects.toThrow(
    'b/broken.png: is no picture that this browser can decode.',
  );
});

test('files are kept in the storage of the browser until they are deleted', async () => {
  const open = () => {
    const database = openDatabase('descent-test-data');
    return { database, files: openPageFiles({ dataUrl: undefined, database, cure: () => '' }) };
  };
  const first = open();
  await first.files.add([{ path: 'a.csv', bytes: new Blob(['x,y\n1,0\n']) }]);
  (await first.database)[Symbol.dispose]();
  const second = open();
  expect((await second.database).memoryOnly).toBeUndefined();
  expect(new TextDecoder().decode(await second.files.read('a.csv'))).toBe('x,y\n1,0\n');
  expect(await second.files.stored()).toEqual([expect.objectContaining({ path: 'a.csv', added: expect.any(String) })]);
  await second.files.remove(['a.csv']);
  expect(await second.files.read('a.csv')).toBeUndefined();
  (await second.database)[Symbol.dispose]();
});
