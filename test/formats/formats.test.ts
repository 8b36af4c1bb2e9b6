// IDX, CIFAR and gzip on small files made here, sound and damaged.
import { expect, test } from 'vitest';
import { cifarRecordBytes, readCifar } from '../../src/formats/cifar.ts';
import { gunzip, gunzipIfNeeded } from '../../src/formats/gzip.ts';
import { readIdx } from '../../src/formats/idx.ts';
import { gzip, idx } from '../data/memory-files.ts';

test('gzip gives back what was packed', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251);
  expect(await gunzip(await gzip(bytes), 'x.gz')).toEqual(bytes);
  expect(await gunzipIfNeeded(bytes, 'x')).toBe(bytes);
});

test('a gzip file cut short at any of several places is refused', async () => {
  const packed = await gzip(Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251));
  for (const length of [2, 9, 40, packed.length >> 1, packed.length - 8, packed.length - 1]) {
    await expect(gunzip(packed.slice(0, length), 'set/x.gz')).rejects.toThrow('set/x.gz: is corrupt or truncated');
  }
});

test('a gzip file with a flipped byte is refused', async () => {
  const packed = await gzip(Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251));
  const middle = packed.length >> 1;
  packed[middle] = (packed[middle] ?? 0) ^ 0x55;
  await expect(gunzip(packed, 'x.gz')).rejects.toThrow('is corrupt or truncated');
});

test('a file that is no gzip file is refused', async () => {
  await expect(gunzip(new TextEncoder().encode('<html>'), 'x.gz')).rejects.toThrow('x.gz: is no gzip file');
});

test('IDX gives shape and values, also from a view into a larger buffer', () => {
  const file = idx([3, 2, 2], (i) => i);
  const shifted = new Uint8Array(file.length + 5);
  shifted.set(file, 5);
  for (const bytes of [file, shifted.subarray(5)]) {
    const { shape, data } = readIdx(bytes, 'x');
    expect(shape).toEqual([3, 2, 2]);
    expect([...data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  }
});

test.each([
  ['one byte less', idx([3, 2, 2], () => 0).slice(0, -1), 'x: is truncated: 27 bytes where 3 x 2 x 2 values'],
  ['one byte more', Uint8Array.from([...idx([3, 2, 2], () => 0), 0]), 'x: is too long'],
  ['half a header', idx([3, 2, 2], () => 0).slice(0, 9), 'x: is truncated: 9 bytes, its header alone has 16'],
  ['floats', Uint8Array.from([0, 0, 0x0d, 1, 0, 0, 0, 0]), 'x: holds IDX values of type 0d'],
  ['text', new TextEncoder().encode('hello'), 'x: is no IDX file'],
  ['nothing', new Uint8Array(), 'x: is no IDX file'],
])('IDX with %s is refused', (_, bytes, message) => {
  expect(() => readIdx(bytes, 'x')).toThrow(message);
});

test('CIFAR planes are woven into pixels', () => {
  const file = new Uint8Array(2 * cifarRecordBytes);
  file[0] = 3;
  file[cifarRecordBytes] = 9;
  file.set([10, 11], 1);
  file.set([20, 21], 1 + 1024);
  file.set([30, 31], 1 + 2048);
  file[2 * cifarRecordBytes - 1] = 77;
  const { rowCount, labels, pixels } = readCifar(file, 'x');
  expect(rowCount).toBe(2);
  expect([...labels]).toEqual([3, 9]);
  expect([...pixels.subarray(0, 6)]).toEqual([10, 20, 30, 11, 21, 31]);
  expect(pixels.at(-1)).toBe(77);
});

test('CIFAR refuses half records, empty files and labels above 9, naming the record', () => {
  expect(() => readCifar(new Uint8Array(2 * cifarRecordBytes - 1), 'b.bin')).toThrow(
    'b.bin: has 6145 bytes, not a whole number',
  );
  expect(() => readCifar(new Uint8Array(), 'b.bin')).toThrow('not a whole number of records');
  const file = new Uint8Array(3 * cifarRecordBytes);
  file[2 * cifarRecordBytes] = 10;
  expect(() => readCifar(file, 'b.bin')).toThrow('b.bin: record 2 has label 10');
});
