/**
 * NumPy's file format for one array, version 1.0 (NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays"): magic, version,
 * a u16 length, a header that is a Python literal, then the values. The header is padded so that the values start at a multiple of 64.
 */
import { elementCount } from './shape.ts';

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const alignment = 64;

/** A .npy file of little-endian float32 values in C order. Throws RangeError for a shape that is not the data's. */
export function writeNpy(values: Float32Array, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  if (elementCount(shape) !== values.length) {
    throw new RangeError(`An array of shape [${shape.join(', ')}] cannot hold ${values.length} values.`);
  }
  // A tuple of one number has a comma in Python.
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const lead = magic.length + 2 + 2;
  const start = Math.ceil((lead + dictionary.length + 1) / alignment) * alignment;
  const file = new Uint8Array(start + values.length * 4);
  const view = new DataView(file.buffer);
  file.set([...magic, 1, 0]);
  view.setUint16(magic.length + 2, start - lead, true);
  file.set(new TextEncoder().encode(`${dictionary.padEnd(start - lead - 1)}\n`), lead);
  for (const [index, value] of values.entries()) view.setFloat32(start + index * 4, value, true);
  return file;
}
