// The probe's judgement on planted results: an adapter that fuses, one that divides badly, one that flushes.

import { expect, test } from 'vitest';
import { fusedMultiplyAdd } from '../../src/arithmetic/fused-multiply-add.ts';
import { expectedResults, judgeArithmetic, probeOperands } from '../../src/gpu/probe.ts';

const operands = probeOperands();
const ieee = expectedResults(operands);
const exact = { contracts: false, flushesSubnormals: false, divideExact: true, sqrtExact: true, exact: true };

/** The next float32 above each value, in every hundredth lane. */
function nudge(values: Float32Array): Float32Array {
  const bits = new Uint32Array(values.slice().buffer);
  return new Float32Array(bits.map((word, lane) => (lane % 100 === 0 ? word + 1 : word)).buffer);
}

test('IEEE results are judged exact', () => {
  expect(judgeArithmetic(ieee, expectedResults(probeOperands()))).toEqual(exact);
});

test('a fused a*b+c shows in most lanes of the operands made for it', () => {
  const { a, b, c } = operands;
  const add = a.map((_, lane) => fusedMultiplyAdd(a[lane]!, b[lane]!, c[lane]!));
  const changed = add.filter((value, lane) => !Object.is(value, ieee.add[lane])).length;
  expect(changed).toBeGreaterThan(a.length / 5);
  expect(judgeArithmetic(ieee, { ...ieee, add })).toEqual({ ...exact, contracts: true, exact: false });
});

test.each(['add', 'subtract', 'twoProducts', 'chain'] as const)('one ulp in %s counts as contracting', (name) => {
  const probe = judgeArithmetic(ieee, { ...ieee, [name]: nudge(ieee[name]) });
  expect(probe).toEqual({ ...exact, contracts: true, exact: false });
});

test.each(['quotient', 'reciprocal'] as const)('one ulp in the %s is an inexact division', (name) => {
  const probe = judgeArithmetic(ieee, { ...ieee, [name]: nudge(ieee[name]) });
  expect(probe).toEqual({ ...exact, divideExact: false, exact: false });
});

test('a division by way of the reciprocal is inexact', () => {
  const quotient = operands.a.map((value, lane) => value * ieee.reciprocal[lane]!);
  expect(judgeArithmetic(ieee, { ...ieee, quotient }).divideExact).toBe(false);
});

test('one ulp in a root is an inexact root', () => {
  expect(judgeArithmetic(ieee, { ...ieee, root: nudge(ieee.root) })).toEqual({
    ...exact,
    sqrtExact: false,
    exact: false,
  });
});

test.each(['tiny', 'grown'] as const)(
  'zeros in %s are flushed subnormals, which alone leave the adapter exact',
  (name) => {
    const probe = judgeArithmetic(ieee, { ...ieee, [name]: ieee[name].map(() => 0) });
    expect(probe).toEqual({ ...exact, flushesSubnormals: true });
  },
);

test('the operands of the subnormal test are what it takes', () => {
  const smallestNormal = 2 ** -126;
  expect(ieee.tiny.every((value) => value > 0 && value < smallestNormal)).toBe(true);
  expect(ieee.grown.every((value) => value >= smallestNormal)).toBe(true);
});
