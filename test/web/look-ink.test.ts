/** A drawing becomes an input as the data was made: placed by its box or its mass, averaged over areas. */
import { expect, test } from 'vitest';
import { averageAreas, fitDrawing, middleRegion, toInput, usualFitting } from '../../web/look/ink.ts';
import type { Plane } from '../../web/look/ink.ts';

/** A rectangle of full ink on an empty plane. */
function rectangle(width: number, height: number, left: number, top: number, right: number, bottom: number): Plane {
  const values = Float32Array.from({ length: width * height }, (_, pixel) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    return x >= left && x < right && y >= top && y < bottom ? 1 : 0;
  });
  return { width, height, values };
}

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, value) => total + value, 0);

test('areas are averaged exactly, at fractions of pixels and beyond the edge', () => {
  const plane = { width: 2, height: 2, values: [1, 2, 3, 4].map((value) => value / 4) };
  expect([...averageAreas(plane, { x: 0, y: 0, width: 2, height: 2 }, 2, 2)]).toEqual([0.25, 0.5, 0.75, 1]);
  expect([...averageAreas(plane, { x: 0, y: 0, width: 2, height: 2 }, 1, 1)]).toEqual([0.625]);
  expect([...averageAreas(plane, { x: 0.5, y: 0.5, width: 1, height: 1 }, 1, 1)]).toEqual([0.625]);
  // Three quarters of this area are beyond the plane.
  expect([...averageAreas(plane, { x: -1, y: -1, width: 2, height: 2 }, 1, 1)]).toEqual([0.0625]);
});

test('averages keep the ink: what an area holds is what its cells hold', () => {
  const plane = rectangle(64, 64, 7, 11, 39, 50);
  const cells = averageAreas(plane, { x: 0, y: 0, width: 64, height: 64 }, 7, 9);
  expect((sum(cells) * 64 * 64) / 63).toBeCloseTo(32 * 39, 6);
});

test('a small drawing in a corner fills the height of an 8x8 digit, in the middle', () => {
  const plane = rectangle(256, 256, 10, 20, 30, 60);
  const region = fitDrawing(plane, 8, 8, usualFitting([8, 8, 1]));
  expect(region).toEqual({ x: 0, y: 20, width: 40, height: 40 });
  const input = toInput([averageAreas(plane, region, 8, 8)], 1, 16);
  const line = [0, 0, 16, 16, 16, 16, 0, 0];
  expect([...input]).toEqual(Array.from({ length: 8 }, () => line).flat());
});

test('a drawing for 28x28 is 20 high around its centre of mass', () => {
  const values = Float32Array.from(rectangle(280, 280, 100, 100, 140, 200).values);
  // A thin line to the right pulls the middle of the box, and hardly the mass.
  for (let x = 140; x < 180; x++) values[150 * 280 + x] = 1;
  const plane = { width: 280, height: 280, values };
  const region = fitDrawing(plane, 28, 28, usualFitting([28, 28, 1]));
  expect(region.width).toBe(140);
  const middle = region.x + region.width / 2;
  expect(middle).toBeGreaterThan(120);
  expect(middle).toBeLessThan(121);
});

test('an empty paper gives an empty input', () => {
  const plane = rectangle(100, 50, 0, 0, 0, 0);
  const region = fitDrawing(plane, 5, 10, usualFitting([5, 10, 3]));
  expect(region).toEqual({ x: 0, y: 0, width: 100, height: 50 });
  expect([...toInput([averageAreas(plane, region, 5, 10)], 3, 255)]).toEqual(Array.from({ length: 150 }, () => 0));
});

test('a wide picture is cropped to its middle', () => {
  expect(middleRegion({ width: 400, height: 100, values: [] }, 32, 32)).toEqual({
    x: 150,
    y: 0,
    width: 100,
    height: 100,
  });
});

test('grey goes into every channel, colours into their own, in whole numbers', () => {
  const [red, green, blue] = [[1], [0.5], [0]].map((level) => Float64Array.from(level));
  if (red === undefined || green === undefined || blue === undefined) throw new Error('three channels');
  expect([...toInput([green], 3, 16)]).toEqual([8, 8, 8]);
  expect([...toInput([red, green, blue], 3, 255)]).toEqual([255, 128, 0]);
});
