/** Augmentation of images against what each change should leave: crops, mirrors, colours and squares, row by row. */
import { expect, test } from 'vitest';
import { float64 } from '../../src/arithmetic/arithmetic.ts';
import { augmentImage } from '../../src/ops/gather.ts';

const [height, width, channels, batch] = [6, 7, 3, 400];
const plain = { flip: 0, padding: 0, cutout: 0, brightness: 0, contrast: 0 };
const imageSize = height * width * channels;
/** Every value of an image is another, and none is 0. */
const x = Float64Array.from({ length: batch * imageSize }, (_, index) => 1 + (index % imageSize) / imageSize);

function augmented(fields: object, values: Float64Array = x): Float64Array {
  const y = new Float64Array(values.length);
  augmentImage.twin(
    { x: values, seeds: Uint32Array.of(5), y },
    { batch, height, width, channels, ...plain, ...fields, members: 1 },
    { math: float64, step: { step: 3, row: 0, validRows: batch }, constants: {}, stepCount: 1 },
  );
  return y;
}

const imageOf = (y: Float64Array, m: number) => y.subarray(m * imageSize, (m + 1) * imageSize);
const images = (y: Float64Array) => Array.from({ length: batch }, (_, m) => imageOf(y, m));
/** Rows and columns of the pixels that are all zeros. */
function zeros(image: Float64Array): { row: number; col: number }[] {
  const pixels = Array.from({ length: height * width }, (_, index) => index);
  const isZero = (pixel: number) => image.subarray(pixel * channels, (pixel + 1) * channels).every((v) => v === 0);
  return pixels.filter(isZero).map((pixel) => ({ row: Math.floor(pixel / width), col: pixel % width }));
}
const share = (count: number) => count / batch;

test('without a field that changes anything every bit stays, -0 and NaN included', () => {
  const odd = Float64Array.from(x, (value, index) => [value, -0, NaN][index % 3]!);
  const y = augmented({}, odd);
  expect(y.every((value, index) => Object.is(value, odd[index]))).toBe(true);
});

test('a crop with padding moves whole images by up to the padding, each way alike', () => {
  const moves = new Map<string, number>();
  for (const image of images(augmented({ padding: 2 }))) {
    const fits: string[] = [];
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) {
        const matches = image.every((value, index) => {
          const [row, col] = [Math.floor(index / channels / width) + dy, (Math.floor(index / channels) % width) + dx];
          const inside = row >= 0 && row < height && col >= 0 && col < width;
          return value === (inside ? x[(row * width + col) * channels + (index % channels)] : 0);
        });
        if (matches) fits.push(`${dy},${dx}`);
      }
    }
    expect(fits).toHaveLength(1);
    moves.set(fits[0]!, (moves.get(fits[0]!) ?? 0) + 1);
  }
  expect(moves.size).toBe(25);
  // 16 of 400 on average; a deviation of 4 standard deviations has a chance of 1e-3 over the 25.
  for (const count of moves.values()) expect(Math.abs(count - 16)).toBeLessThan(4 * Math.sqrt(16));
});

test('about half of the images are mirrored, whole', () => {
  const mirrored = images(augmented({ flip: 1 })).filter((image) => image[0] !== x[0]);
  for (const image of mirrored) {
    for (let index = 0; index < imageSize; index++) {
      const [row, col] = [Math.floor(index / channels / width), Math.floor(index / channels) % width];
      expect(image[index]).toBe(x[(row * width + width - 1 - col) * channels + (index % channels)]);
    }
  }
  expect(Math.abs(share(mirrored.length) - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / batch));
});

test('brightness adds one number to all values of an image, contrast multiplies them by one', () => {
  for (const { fields, changeOf } of [
    { fields: { brightness: 0.5 }, changeOf: (value: number, before: number) => (value - before) / 0.5 },
    { fields: { contrast: 0.5 }, changeOf: (value: number, before: number) => (value / before - 1) / 0.5 },
  ]) {
    const changes = images(augmented(fields)).map((image) => {
      const [first = 0, ...others] = Array.from(image, (value, index) => changeOf(value, x[index]!));
      for (const other of others) expect(other).toBeCloseTo(first, 12);
      return first;
    });
    // Uniform within -1 to 1: mean 0, variance 1/3.
    expect(Math.max(...changes.map(Math.abs))).toBeLessThan(1);
    expect(Math.max(...changes)).toBeGreaterThan(0.95);
    expect(Math.min(...changes)).toBeLessThan(-0.95);
    expect(Math.abs(changes.reduce((sum, change) => sum + change, 0) / batch)).toBeLessThan(
      4 * Math.sqrt(1 / 3 / batch),
    );
  }
});

test.each([1, 2, 3, 4, 9])(
  'a cutout of edge %d is a square of zeros around any pixel, clipped at the edges',
  (cutout) => {
    const half = Math.floor(cutout / 2);
    const centres = new Map<string, number>();
    const clip = (start: number, size: number) => [Math.max(0, start), Math.min(size, start + cutout) - 1].join();
    const possible = new Map<string, string[]>();
    for (let row = 0; row < height; row++) {
      for (let col = 0; col < width; col++) {
        const square = `${clip(row - half, height)};${clip(col - half, width)}`;
        possible.set(square, [...(possible.get(square) ?? []), `${row},${col}`]);
      }
    }
    for (const image of images(augmented({ cutout }))) {
      const hidden = zeros(image);
      const rows = hidden.map(({ row }) => row);
      const cols = hidden.map(({ col }) => col);
      const square = `${Math.min(...rows)},${Math.max(...rows)};${Math.min(...cols)},${Math.max(...cols)}`;
      expect(possible.has(square)).toBe(true);
      expect(hidden).toHaveLength(
        (Math.max(...rows) - Math.min(...rows) + 1) * (Math.max(...cols) - Math.min(...cols) + 1),
      );
      expect(image.filter((value, index) => value !== x[index])).toHaveLength(hidden.length * channels);
      centres.set(square, (centres.get(square) ?? 0) + 1);
    }
    // Each square as often as its centres are drawn.
    for (const [square, drawn] of possible) {
      const expected = (batch * drawn.length) / (height * width);
      expect(Math.abs((centres.get(square) ?? 0) - expected)).toBeLessThan(4 * Math.sqrt(expected) + 1);
    }
  },
);

test('the changes come in order: crop and mirror, contrast, brightness, cutout', () => {
  const all = { flip: 1, padding: 1, cutout: 3, brightness: 0.5, contrast: 0.5 };
  const moved = augmented({ ...all, cutout: 0, brightness: 0, contrast: 0 });
  const contrasted = augmented({ contrast: 0.5 }, moved);
  const bright = augmented({ brightness: 0.5 }, contrasted);
  const y = augmented(all);
  const last = augmented({ cutout: 3 }, bright);
  for (const [index, value] of y.entries()) expect(value).toBeCloseTo(last[index]!, 12);
  // What came in at the edge has been shifted too, and only the square is 0.
  for (const image of images(y)) expect(zeros(image).length).toBeLessThanOrEqual(9);
});
