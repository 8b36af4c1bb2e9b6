/** Rows of a data set as pictures: its bytes, or its numbers, as they are before they are normalised. */
import type { Dataset } from '../../src/data/dataset.ts';
import { elementCount } from '../../src/formats/shape.ts';
import { drawImage, extentOf } from './pixels.ts';
import type { Pixels } from './pixels.ts';

export type ImageShape = readonly [height: number, width: number, channels: number];

/** The shape of an image, undefined for rows of plain numbers. */
export function findImageShape({ inputShape }: Pick<Dataset, 'inputShape'>): ImageShape | undefined {
  const [height, width, channels] = inputShape;
  return height === undefined || width === undefined || channels === undefined ? undefined : [height, width, channels];
}

/** One row as float64, as the data files have it. */
export function inputRow({ inputs, inputShape }: Dataset, row: number): Float64Array {
  const features = elementCount(inputShape);
  return Float64Array.from(inputs.subarray(row * features, (row + 1) * features));
}

/** Several rows, one after the other. */
export function inputRows(dataset: Dataset, rows: readonly number[]): Float64Array {
  const features = elementCount(dataset.inputShape);
  const all = new Float64Array(rows.length * features);
  for (const [index, row] of rows.entries()) all.set(inputRow(dataset, row), index * features);
  return all;
}

/** Undefined where rows are no pictures. */
export function rowPixels(dataset: Dataset, row: number): Pixels | undefined {
  const shape = findImageShape(dataset);
  if (shape === undefined) return undefined;
  const values = inputRow(dataset, row);
  if (dataset.inputs instanceof Uint8Array) {
    const { largestByte = 255 } = dataset;
    return drawImage(values, shape, (value) => (255 * value) / largestByte);
  }
  const [least, most] = extentOf(values);
  return drawImage(values, shape, (value) => (255 * (value - least)) / (most > least ? most - least : 1));
}
