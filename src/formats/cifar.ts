/**
 * CIFAR-10's binary layout: records of one label byte, then 1,024 bytes each of red, green and blue, row by row.
 * The planes are woven into NHWC as they are read, because that is how every image tensor lies here.
 */
import { DataError } from '../errors.ts';

export const cifarRecordBytes = 3073;
const pixelCount = 32 * 32;

export interface CifarBatch {
  readonly rowCount: number;
  /** [rowCount] of 0..9. */
  readonly labels: Uint8Array;
  /** [rowCount, 32, 32, 3]. */
  readonly pixels: Uint8Array;
}

/** Reads one batch file. Throws DataError at `place` for a broken record or a label above 9, naming the record. */
export function readCifar(bytes: Uint8Array, place: string): CifarBatch {
  const rowCount = Math.floor(bytes.length / cifarRecordBytes);
  if (rowCount === 0 || bytes.length !== rowCount * cifarRecordBytes) {
    throw new DataError(
      place,
      `has ${bytes.length} bytes, not a whole number of records of ${cifarRecordBytes} bytes: it is truncated, or no ` +
        'CIFAR-10 file of the binary version. Fetch it again.',
    );
  }
  const labels = new Uint8Array(rowCount);
  const pixels = new Uint8Array(rowCount * 3 * pixelCount);
  for (let row = 0; row < rowCount; row++) {
    const record = row * cifarRecordBytes;
    const label = bytes[record] ?? 0;
    if (label > 9) {
      throw new DataError(
        place,
        `record ${row} has label ${label}; CIFAR-10 has the classes 0 to 9. Fetch the file again.`,
      );
    }
    labels[row] = label;
    let to = row * 3 * pixelCount;
    for (let pixel = record + 1; pixel <= record + pixelCount; pixel++) {
      pixels[to++] = bytes[pixel] ?? 0;
      pixels[to++] = bytes[pixel + pixelCount] ?? 0;
      pixels[to++] = bytes[pixel + 2 * pixelCount] ?? 0;
    }
  }
  return { rowCount, labels, pixels };
}
