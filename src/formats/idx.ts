/**
 * IDX, the format of MNIST and Fashion-MNIST: 00 00 <type> <dimensions>, a big-endian u32 per dimension, then the
 * values. Only type 08 (bytes) occurs in these sets and is read.
 */
import { elementCount } from './shape.ts';
import { DataError } from '../errors.ts';

export interface IdxArray {
  readonly shape: readonly number[];
  /** Row-major, one byte per value; a view of the file's bytes. */
  readonly data: Uint8Array;
}

/** Reads an unpacked IDX file of bytes. Throws DataError at `place` if it is another format, cut short or too long. */
export function readIdx(bytes: Uint8Array, place: string): IdxArray {
  const dimensions = bytes[3] ?? 0;
  const headerBytes = 4 + 4 * dimensions;
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || dimensions === 0) {
    throw new DataError(place, 'is no IDX file (it does not start with 00 00, a type and a count of dimensions).');
  }
  const type = bytes[2] ?? 0;
  if (type !== 0x08) {
    const hex = type.toString(16).padStart(2, '0');
    throw new DataError(place, `holds IDX values of type ${hex}; only bytes (type 08) are read.`);
  }
  if (bytes.length < headerBytes) {
    throw new DataError(
      place,
      `is truncated: ${bytes.length} bytes, its header alone has ${headerBytes}. Fetch it again.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const expectedBytes = headerBytes + elementCount(shape);
  if (bytes.length !== expectedBytes) {
    const fault = bytes.length < expectedBytes ? 'is truncated' : 'is too long';
    throw new DataError(
      place,
      `${fault}: ${bytes.length} bytes where ${shape.join(' x ')} values make ${expectedBytes}. Fetch it again.`,
    );
  }
  return { shape, data: bytes.subarray(headerBytes) };
}
