// What is printed of numbers that JSON does not know.
import { expect, test } from 'vitest';
import { sayDifference } from '../../node/cli/verify.ts';
import { formatJson } from '../../node/output.ts';
import { compareValues } from '../../src/verify/compare.ts';

test('a comparison beyond all bounds keeps its infinity and its NaN in JSON', () => {
  const row = compareValues('relu', 'y', 'a case', Float32Array.of(1, 2), Float32Array.of(1, Number.NaN), 0);
  const text = formatJson({ adapter: 'x', kernels: [row] });
  expect(text.endsWith('}\n')).toBe(true);
  const { kernels } = JSON.parse(text) as { kernels: unknown[] };
  expect(kernels[0]).toMatchObject({ maxUlp: 'Infinity', bound: 0, firstDifference: { index: 1, cpu: 2, gpu: 'NaN' } });
});

test('zeros that differ in their sign alone are told apart', () => {
  const { firstDifference } = compareValues('relu', 'y', 'a case', Float32Array.of(0), Float32Array.of(-0), 0);
  expect(sayDifference(firstDifference!)).toBe('a case: y[0] is 0 on the CPU, -0 on the GPU');
});
