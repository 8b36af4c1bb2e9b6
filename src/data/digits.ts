/**
 * The embedded handwritten digits: 1,797 images of 8x8 pixels from 0 to 16, in 10 classes, by 13 writers. E. Alpaydin
 * and C. Kaynak, UCI, doi 10.24432/C50P49, CC BY 4.0; see embedded/SOURCES.md. Imported dynamically, as its own chunk.
 */
import { numberCell, readTable } from '../formats/csv.ts';
import { gunzip } from '../formats/gzip.ts';
import type { Dataset } from './dataset.ts';
import digitsUrl from './embedded/digits.csv.gz?url&inline';

const pixelCount = 64;

/** The digits as bytes, [1797, 8, 8, 1]; they come without an official split. */
export async function loadDigits(): Promise<Dataset> {
  const place = 'the embedded digits';
  const base64 = digitsUrl.slice(digitsUrl.indexOf(',') + 1);
  const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const table = readTable(await gunzip(packed, place), place);
  const rowCount = table.rows.length;
  const inputs = new Uint8Array(rowCount * pixelCount);
  const labels = new Uint32Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    for (let pixel = 0; pixel < pixelCount; pixel++) inputs[row * pixelCount + pixel] = numberCell(table, row, pixel);
    labels[row] = numberCell(table, row, pixelCount);
  }
  return {
    name: 'digits',
    task: 'classification',
    rowCount,
    inputShape: [8, 8, 1],
    inputs,
    largestByte: 16,
    inputNames: table.columns.slice(0, pixelCount),
    labels,
    classNames: Array.from({ length: 10 }, (_, digit) => String(digit)),
    outputCount: 10,
    parts: {},
    notes: [],
  };
}
