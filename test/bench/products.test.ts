// Products of the benchmark: their check sees one wrong element, and they are what the kernels of dense layers compute.
import { expect, test } from 'vitest';
import { isProduct, measureProduct, productElement, timeProduct } from '../../bench/products.ts';
import { leftElement, rightElement } from '../../bench/protocol.ts';
import type { ProductSize } from '../../bench/protocol.ts';
import { cpuDevice } from '../../src/train/device.ts';

const shapes: readonly ProductSize[] = [
  { kind: 'forward', m: 7, n: 5, k: 300 },
  { kind: 'input', m: 7, n: 33, k: 10 },
  { kind: 'weight', m: 33, n: 3, k: 7 },
];

test.each(shapes)('the check of a $kind product takes the right result and finds one wrong element', (shape) => {
  const y = Float32Array.from({ length: shape.m * shape.n }, (_, index) => productElement(shape, index));
  expect(isProduct(shape, y)).toBe(true);
  for (const index of [0, 6, y.length - 1]) {
    const faulty = y.slice();
    faulty[index] = (faulty[index] ?? 0) + 2 ** -12;
    expect(isProduct(shape, faulty)).toBe(false);
  }
});

test('an element of a product is the sum that its kind says', () => {
  const a = leftElement;
  const b = rightElement;
  const inner = { m: 2, n: 2, k: 2 };
  expect(productElement({ kind: 'forward', ...inner }, 1)).toBe(a(0) * b(1) + a(1) * b(3));
  expect(productElement({ kind: 'input', ...inner }, 1)).toBe(a(0) * b(2) + a(1) * b(3));
  expect(productElement({ kind: 'weight', ...inner }, 1)).toBe(a(0) * b(1) + a(2) * b(3));
});

test.each(shapes)('the kernel of a $kind product computes it', async (shape) => {
  const device = cpuDevice();
  const { y } = await timeProduct(device, shape, 1);
  expect(isProduct(shape, y)).toBe(true);
  const figures = await measureProduct(device, shape, 1);
  expect(figures).toEqual([
    { shape, variant: 'CPU twin', ms: expect.any(Object) as object, gflops: expect.any(Number) as number },
  ]);
});
