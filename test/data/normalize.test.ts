// Normalisation: what is measured, on which rows, and how exactly it is applied.
import { expect, test } from 'vitest';
import { normalize, normalizeRows } from '../../src/data/dataset.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { DataError } from '../../src/errors.ts';

function datasetOf(inputShape: readonly number[], inputs: Dataset['inputs'], more: Partial<Dataset> = {}): Dataset {
  const rowCount = inputs.length / inputShape.reduce((product, length) => product * length, 1);
  const targets = new Float32Array(rowCount);
  return {
    name: 'small',
    task: 'regression',
    rowCount,
    inputShape,
    inputs,
    targets,
    outputCount: 1,
    parts: {},
    notes: [],
    ...more,
  };
}
const rows = (...train: number[]) => ({ train: Uint32Array.from(train) });

test('features are standardised by the training rows alone; one without variance is divided by 1', () => {
  const dataset = datasetOf([2], Float64Array.of(1, 0.1, 3, 0.1, 100, 0.1));
  const { inputs, scale, shift, normalization } = normalize(dataset, rows(0, 1), 'feature');
  expect(normalization).toEqual({ center: [2, 0.1], spread: [1, 1] });
  expect([...inputs]).toEqual([-1, 0, 1, 0, 98, 0]);
  expect([...scale, ...shift]).toEqual([1, 1, 0, 0]);
});

test('a constant feature stays exactly 0 whatever its value and the number of rows', () => {
  const dataset = datasetOf([1], new Float64Array(1000).fill(0.1));
  expect(
    new Set(normalize(dataset, { train: Uint32Array.from({ length: 1000 }, (_, i) => i) }, 'feature').inputs),
  ).toEqual(new Set([0]));
});

test('a large mean cancels nothing', () => {
  const values = Float64Array.from({ length: 1001 }, (_, i) => 1.7e9 + (i - 500));
  const { inputs, normalization } = normalize(
    datasetOf([1], values),
    { train: Uint32Array.from({ length: 1001 }, (_, i) => i) },
    'feature',
  );
  const deviation = Math.sqrt((500 * 501) / 3);
  expect(normalization.center[0]).toBeCloseTo(1.7e9, 5);
  expect(normalization.spread[0]).toBeCloseTo(deviation, 6);
  for (const i of [0, 1, 499, 500, 1000]) expect(inputs[i]).toBeCloseTo((i - 500) / deviation, 6);
});

test('bytes stay bytes, with a scale and a shift per feature', () => {
  const bytes = Uint8Array.of(0, 7, 255, 200, 200, 200, 10, 7, 0);
  const { inputs, scale, shift, normalization } = normalize(datasetOf([3], bytes), rows(0, 2), 'feature');
  expect(inputs).toBe(bytes);
  expect(normalization).toEqual({ center: [5, 7, 127.5], spread: [5, 1, 127.5] });
  expect(scale).toEqual(Float32Array.of(0.2, 1, 1 / 127.5));
  expect(shift).toEqual(Float32Array.of(-1, -7, -1));
});

test('channels share mean and deviation over all pixels and rows', () => {
  const bytes = Uint8Array.of(0, 100, 10, 100, 20, 100, 30, 100);
  const dataset = datasetOf([1, 2, 2], bytes);
  const { scale, shift, normalization } = normalize(dataset, rows(0, 1), 'channel');
  const deviation = Math.sqrt((225 + 25 + 25 + 225) / 4);
  expect(normalization).toEqual({ center: [15, 100], spread: [deviation, 1] });
  expect(scale).toEqual(Float32Array.of(1 / deviation, 1, 1 / deviation, 1));
  expect(shift).toEqual(Float32Array.of(-15 / deviation, -100, -15 / deviation, -100));
  const asNumbers = normalize(datasetOf([1, 2, 2], Float64Array.from(bytes)), rows(0, 1), 'channel');
  expect(asNumbers.normalization).toEqual(normalization);
});

test('unit divides bytes by the largest byte, and other numbers by the range of the training rows', () => {
  const digits = normalize(datasetOf([1], Uint8Array.of(3, 16), { largestByte: 16 }), rows(0), 'unit');
  expect([...digits.scale, ...digits.shift]).toEqual([1 / 16, 0]);
  expect([...normalize(datasetOf([1], Uint8Array.of(3)), rows(0), 'unit').scale]).toEqual([Math.fround(1 / 255)]);
  const numbers = normalize(datasetOf([2], Float64Array.of(-1, 5, 3, 5, 7, 6)), rows(0, 1), 'unit');
  expect([...numbers.inputs]).toEqual([0, 0, 1, 0, 2, 1]);
});

test('none changes nothing', () => {
  const { inputs, scale, shift } = normalize(datasetOf([2], Float64Array.of(0.1, -5)), rows(0), 'none');
  expect([...inputs]).toEqual([Math.fround(0.1), -5]);
  expect([...scale, ...shift]).toEqual([1, 1, 0, 0]);
});

test('new rows get the same bits through JSON as the rows of the set', () => {
  const values = Float64Array.from({ length: 60 }, (_, i) => Math.sqrt(i + 1) * 1e5);
  const { inputs, normalization } = normalize(datasetOf([3], values), rows(0, 1, 2, 5, 8), 'feature');
  const stored = JSON.parse(JSON.stringify(normalization)) as typeof normalization;
  expect(normalizeRows(values, stored)).toEqual(inputs);
});

test('NaN and infinity are refused with row and column', () => {
  const dataset = datasetOf([2], Float32Array.of(1, 2, 3, NaN), { inputNames: ['a', 'width'] });
  expect(() => normalize(dataset, rows(0), 'none')).toThrow(DataError);
  expect(() => normalize(dataset, rows(0), 'none')).toThrow('small: row 1, column width is NaN');
  const targets = Float32Array.of(0, Infinity);
  expect(() => normalize(datasetOf([1], Float32Array.of(1, 2), { targets }), rows(0), 'none')).toThrow(
    'row 1 has the target Infinity',
  );
});

test('channels of a table are refused', () => {
  expect(() => normalize(datasetOf([2], Float32Array.of(1, 2)), rows(0), 'channel')).toThrow(
    'data.normalize: "channel" needs images',
  );
});
