/**
 * Safetensors (https://github.com/huggingface/safetensors): a u64 length, that many bytes of JSON with name, dtype,
 * shape and offsets of every tensor, then the little-endian values without gaps. Spaces pad the header to 8 bytes.
 */
import { elementCount } from './shape.ts';
import * as v from 'valibot';
import { DataError } from '../errors.ts';

const arrayTypes = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
} as const;

export type TensorDtype = keyof typeof arrayTypes;
export type TensorData = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly dtype: TensorDtype;
  /** A copy of its own, of the array type that belongs to dtype. */
  readonly data: TensorData;
}

export interface Safetensors {
  /** By name, in the order of the data. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const size = v.pipe(v.number(), v.integer(), v.minValue(0));
const entrySchema = v.strictObject({ dtype: v.string(), shape: v.array(size), data_offsets: v.tuple([size, size]) });
const headerSchema = v.objectWithRest({ __metadata__: v.optional(v.record(v.string(), v.string()), {}) }, entrySchema);

/** A safetensors file with the tensors in the given order. Throws RangeError for a shape that is not its data's. */
export function writeSafetensors(
  tensors: readonly NamedTensor[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const header = new Map<string, unknown>(metadata === undefined ? [] : [['__metadata__', metadata]]);
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    if (header.has(name) || name === '__metadata__')
      throw new RangeError(`Tensor name "${name}" cannot be used twice.`);
    if (elementCount(shape) !== data.length) {
      throw new RangeError(
        `Tensor "${name}" has ${data.length} values, its shape [${shape.join(', ')}] another number.`,
      );
    }
    header.set(name, { dtype: dtypeOf(data), shape, data_offsets: [offset, offset + data.byteLength] });
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(json, 8);
  let to = 8 + headerBytes;
  for (const { data } of tensors) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), to);
    to += data.byteLength;
  }
  return file;
}

/** Reads and checks a safetensors file. Throws DataError at `place` for what is cut short, overlapping or unknown. */
export function readSafetensors(bytes: Uint8Array, place: string): Safetensors {
  const { header, dataStart } = readHeader(bytes, place);
  const { __metadata__: metadata, ...entries } = header;
  const sorted = Object.entries(entries).sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  const tensors = new Map<string, StoredTensor>();
  let end = 0;
  for (const [name, { dtype, shape, data_offsets: offsets }] of sorted) {
    if (!isKnownDtype(dtype)) {
      const known = Object.keys(arrayTypes).join(', ');
      throw new DataError(place, `tensor "${name}" is of dtype ${dtype}; read are ${known}. Convert it to F32 first.`);
    }
    const expectedBytes = elementCount(shape) * arrayTypes[dtype].BYTES_PER_ELEMENT;
    if (offsets[1] - offsets[0] !== expectedBytes) {
      throw corrupt(
        place,
        `tensor "${name}" of shape [${shape.join(', ')}] should take ${expectedBytes} bytes, not ` +
          `${offsets[1] - offsets[0]}`,
      );
    }
    if (offsets[0] !== end) throw corrupt(place, `tensor "${name}" overlaps another or leaves a gap before it`);
    end = offsets[1];
    if (dataStart + end > bytes.length) throw truncated(place, bytes.length, dataStart + end);
    // Not `slice`: that of Node's Buffer shares its memory.
    const copy = new Uint8Array(bytes.subarray(dataStart + offsets[0], dataStart + end));
    tensors.set(name, { shape, dtype, data: new arrayTypes[dtype](copy.buffer, 0, elementCount(shape)) });
  }
  if (dataStart + end !== bytes.length) {
    throw corrupt(place, `${bytes.length - dataStart - end} bytes follow the last tensor`);
  }
  return { tensors, metadata };
}

function readHeader(
  bytes: Uint8Array,
  place: string,
): { header: v.InferOutput<typeof headerSchema>; dataStart: number } {
  if (bytes.length < 8) throw truncated(place, bytes.length, 8);
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (headerBytes > 100_000_000) {
    throw new DataError(place, 'is no safetensors file: its first 8 bytes are no sensible header length.');
  }
  if (bytes.length < 8 + headerBytes) throw truncated(place, bytes.length, 8 + headerBytes);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerBytes)));
  } catch {
    throw corrupt(place, 'its header is no JSON');
  }
  const result = v.safeParse(headerSchema, json);
  if (!result.success) {
    const [issue] = result.issues;
    throw corrupt(place, `its header is wrong at "${v.getDotPath(issue) ?? 'the top'}": ${issue.message}`);
  }
  return { header: result.output, dataStart: 8 + headerBytes };
}

function dtypeOf(data: TensorData): TensorDtype {
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof Uint32Array) return 'U32';
  return 'U8';
}

function isKnownDtype(dtype: string): dtype is TensorDtype {
  return Object.hasOwn(arrayTypes, dtype);
}

function truncated(place: string, hasBytes: number, expectedBytes: number): DataError {
  return new DataError(
    place,
    `is truncated: ${hasBytes} bytes where at least ${expectedBytes} were expected. Copy or write the file again.`,
  );
}

function corrupt(place: string, fault: string): DataError {
  return new DataError(place, `is no sound safetensors file: ${fault}. Copy or write the file again.`);
}
