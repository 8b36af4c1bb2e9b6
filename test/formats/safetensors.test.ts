// Safetensors: what is written is read back to the bit, the layout is the published one, and damage is told.
import { expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { DataError } from '../../src/errors.ts';

const tensors = [
  { name: 'flags', shape: [3], data: Uint8Array.of(1, 2, 3) },
  { name: 'dense1.w', shape: [2, 3], data: Float32Array.of(1, -0, 1e-40, Infinity, NaN, 3.25) },
  { name: 'step', shape: [], data: Uint32Array.of(4_000_000_000) },
  { name: 'mean', shape: [2], data: Float64Array.of(0.1, -1e300) },
  { name: 'offset', shape: [1, 1], data: Int32Array.of(-7) },
  { name: 'none', shape: [0, 5], data: new Float32Array() },
];

/** A file with a header written by hand. */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setUint32(0, json.length, true);
  file.set(json, 8);
  return file;
}

test('what is written is read back to the bit, in order and with its metadata', () => {
  const { tensors: read, metadata } = readSafetensors(writeSafetensors(tensors, { step: '12', who: 'ä' }), 'x');
  expect(metadata).toEqual({ step: '12', who: 'ä' });
  expect([...read.keys()].sort()).toEqual(tensors.map((tensor) => tensor.name).sort());
  for (const { name, shape, data } of tensors) {
    const stored = read.get(name);
    expect(stored?.shape).toEqual(shape);
    expect(stored?.data.constructor).toBe(data.constructor);
    expect(new Uint8Array(stored?.data.buffer ?? new ArrayBuffer())).toEqual(new Uint8Array(data.buffer));
  }
});

test('the file is a length, a header padded to 8 bytes with blanks, and the values without gaps', () => {
  const file = writeSafetensors([{ name: 'w', shape: [2], data: Float32Array.of(1, 2) }]);
  const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
  expect(headerBytes % 8).toBe(0);
  const header = new TextDecoder().decode(file.subarray(8, 8 + headerBytes));
  expect(header.trimEnd()).toBe('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
  expect([...file.subarray(8 + headerBytes)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
});

test('a view into a larger buffer is written as itself, and a file at an odd offset is read', () => {
  const parameters = Float32Array.of(9, 1, 2, 9);
  const file = writeSafetensors([{ name: 'w', shape: [2], data: parameters.subarray(1, 3) }]);
  const shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  expect(readSafetensors(shifted.subarray(3), 'x').tensors.get('w')?.data).toEqual(Float32Array.of(1, 2));
});

test('a file cut short anywhere is refused', () => {
  const file = writeSafetensors(tensors, { step: '12' });
  for (const length of [0, 7, 8, 50, file.length - 20, file.length - 1]) {
    expect(() => readSafetensors(file.slice(0, length), 'w.safetensors')).toThrow(DataError);
    expect(() => readSafetensors(file.slice(0, length), 'w.safetensors')).toThrow('w.safetensors: is truncated');
  }
});

const w = (dtype: string, shape: unknown, offsets: readonly number[]) => ({ dtype, shape, data_offsets: offsets });

test.each([
  ['bad JSON', fileOf('{"w": ', 0), 'its header is no JSON'],
  ['no object', fileOf('[1]', 0), 'its header is wrong at'],
  ['a missing field', fileOf({ w: { dtype: 'F32', shape: [1] } }, 4), 'its header is wrong at "w.data_offsets"'],
  ['a negative length', fileOf({ w: w('F32', [-1], [0, 4]) }, 4), 'its header is wrong at "w.shape.0"'],
  [
    'metadata that are no texts',
    fileOf({ __metadata__: { step: 3 } }, 0),
    'its header is wrong at "__metadata__.step"',
  ],
  [
    'an unknown dtype',
    fileOf({ w: w('BF16', [2], [0, 4]) }, 4),
    'tensor "w" is of dtype BF16; read are F64, F32, I32, U32, U8',
  ],
  ['a shape that is not its bytes', fileOf({ w: w('F32', [2], [0, 4]) }, 4), 'should take 8 bytes, not 4'],
  [
    'overlapping tensors',
    fileOf({ a: w('F32', [2], [0, 8]), b: w('F32', [1], [4, 8]) }, 8),
    'tensor "b" overlaps another',
  ],
  [
    'a gap',
    fileOf({ a: w('F32', [1], [0, 4]), b: w('F32', [1], [8, 12]) }, 12),
    'tensor "b" overlaps another or leaves a gap',
  ],
  ['bytes after the last tensor', fileOf({ a: w('F32', [1], [0, 4]) }, 5), '1 bytes follow the last tensor'],
  ['another format', new TextEncoder().encode('PK this is a zip file, not weights'), 'is no safetensors file'],
])('a file with %s is refused', (_, bytes, message) => {
  expect(() => readSafetensors(bytes, 'w.safetensors')).toThrow(DataError);
  expect(() => readSafetensors(bytes, 'w.safetensors')).toThrow(message);
});

test('writing a wrong shape or a name twice is a fault', () => {
  const data = Float32Array.of(1, 2);
  expect(() => writeSafetensors([{ name: 'w', shape: [3], data }])).toThrow('has 2 values');
  expect(() =>
    writeSafetensors([
      { name: 'w', shape: [2], data },
      { name: 'w', shape: [2], data },
    ]),
  ).toThrow('twice');
});

test('tensors of a Node buffer are copies of their own, though its slice shares memory', () => {
  const file = Buffer.from(writeSafetensors(tensors));
  const { tensors: read } = readSafetensors(file, 'x');
  file.fill(0);
  expect(read.get('flags')?.data).toEqual(Uint8Array.of(1, 2, 3));
  expect(read.get('mean')?.data).toEqual(Float64Array.of(0.1, -1e300));
});
