// The convolution's CPU twins against the sums written out, in float64, and the rule for sums at its third level.

import { expect, test } from 'vitest';
import { float32, float64 } from '../../src/arithmetic/arithmetic.ts';
import { conv2dBackwardInput, conv2dBackwardWeight, conv2dCases, conv2dForward } from '../../src/ops/conv2d.ts';
import type { KernelCase, TwinContext, Values } from '../../src/ops/kernel.ts';
import { orderedSum } from '../../src/ops/product.ts';

const context: TwinContext = {
  math: float64,
  step: { step: 0, row: 0, validRows: 0 },
  constants: {},
  stepCount: 1,
};

/** Numbers between -1 and 1 that repeat late. */
function someValues(count: number, salt: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => (((index + 1) * (7919 + 2 * salt)) % 1009) / 504.5 - 1);
}

function elementsOf({ tensors }: KernelCase, name: string): number {
  return tensors[name]?.elements ?? 0;
}

/** Calls `visit` for every product of the convolution, with where its factors and its sum lie. */
function eachTerm(params: KernelCase['params'], visit: (x: number, w: number, y: number) => void): void {
  const { batch = 0, inH = 0, inW = 0, inC = 0, outH = 0, outW = 0, outC = 0, population = 0 } = params;
  const {
    kernelH = 0,
    kernelW = 0,
    strideH = 0,
    strideW = 0,
    padTop = 0,
    padLeft = 0,
    wStride = 0,
    xStride = 0,
  } = params;
  for (let member = 0; member < population; member++) {
    for (let n = 0; n < batch; n++) {
      for (let oy = 0; oy < outH; oy++) {
        for (let ox = 0; ox < outW; ox++) {
          for (let r = 0; r < kernelH; r++) {
            for (let s = 0; s < kernelW; s++) {
              const iy = oy * strideH + r - padTop;
              const ix = ox * strideW + s - padLeft;
              if (iy < 0 || iy >= inH || ix < 0 || ix >= inW) continue;
              const x = member * xStride + ((n * inH + iy) * inW + ix) * inC;
              const w = member * wStride + (r * kernelW + s) * inC * outC;
              const y = (((member * batch + n) * outH + oy) * outW + ox) * outC;
              for (let ci = 0; ci < inC; ci++) {
                for (let co = 0; co < outC; co++) visit(x + ci, w + ci * outC + co, y + co);
              }
            }
          }
        }
      }
    }
  }
}

/** Index of the bias of filter 0 of a member. */
function biasStart({ kernelH = 0, kernelW = 0, inC = 0, outC = 0, wStride = 0 }: KernelCase['params'], member: number) {
  return member * wStride + kernelH * kernelW * inC * outC;
}

function expectNear(values: Values, wanted: Values): void {
  let worst = 0;
  for (let index = 0; index < wanted.length; index++) {
    worst = Math.max(worst, Math.abs(values[index]! - wanted[index]!) / (1 + Math.abs(wanted[index]!)));
  }
  // Sums of up to 70 thousand terms below 1, each rounded to 1e-16 of itself.
  expect(worst).toBeLessThan(1e-12);
}

const named = (kernel: KernelCase['kernel']) =>
  conv2dCases.filter((one) => one.kernel === kernel).map((one) => [one.name, one] as const);

test.each(named(conv2dForward))('the output is the sum written out: %s', (_, one) => {
  const { batch = 0, outH = 0, outW = 0, outC = 0, bias = 0 } = one.params;
  const x = someValues(elementsOf(one, 'x'), 1);
  const w = someValues(elementsOf(one, 'w'), 2);
  const y = new Float64Array(elementsOf(one, 'y'));
  conv2dForward.twin({ x, w, y }, one.params, context);
  const memberCount = batch * outH * outW * outC;
  const wanted = y.map((_, index) =>
    bias === 0 ? 0 : w[biasStart(one.params, Math.floor(index / memberCount)) + (index % outC)]!,
  );
  eachTerm(one.params, (xAt, wAt, yAt) => (wanted[yAt]! += x[xAt]! * w[wAt]!));
  expectNear(y, wanted);
});

test.each(named(conv2dBackwardInput))('the gradient of the input is the sum written out: %s', (_, one) => {
  const { batch = 0, inH = 0, inW = 0, inC = 0 } = one.params;
  const dy = someValues(elementsOf(one, 'dy'), 1);
  const w = someValues(elementsOf(one, 'w'), 2);
  const dx = new Float64Array(elementsOf(one, 'dx'));
  conv2dBackwardInput.twin({ dy, w, dx }, one.params, context);
  const wanted = new Float64Array(dx.length);
  const params = { ...one.params, xStride: batch * inH * inW * inC };
  eachTerm(params, (xAt, wAt, yAt) => (wanted[xAt]! += dy[yAt]! * w[wAt]!));
  expectNear(dx, wanted);
});

test.each(named(conv2dBackwardWeight))('the gradient of the weights is the sum written out: %s', (_, one) => {
  const { batch = 0, outH = 0, outW = 0, outC = 0, bias = 0 } = one.params;
  const x = someValues(elementsOf(one, 'x'), 1);
  const dy = someValues(elementsOf(one, 'dy'), 2);
  const dw = new Float64Array(elementsOf(one, 'dw'));
  conv2dBackwardWeight.twin({ x, dy, dw }, one.params, context);
  const wanted = new Float64Array(dw.length);
  eachTerm(one.params, (xAt, wAt, yAt) => (wanted[wAt]! += x[xAt]! * dy[yAt]!));
  const memberCount = batch * outH * outW * outC;
  for (let index = 0; index < dy.length && bias > 0; index++) {
    wanted[biasStart(one.params, Math.floor(index / memberCount)) + (index % outC)]! += dy[index]!;
  }
  expectNear(dw, wanted);
});

test('a gradient of more than 65,536 positions is added up by the rule, in float32', () => {
  const one = conv2dCases.find(({ kernel, name }) => kernel === conv2dBackwardWeight && name === 'many positions')!;
  const { batch = 0, inH = 0, inW = 0, outH = 0, outW = 0, kernelH = 0 } = one.params;
  const x = Float32Array.from(someValues(elementsOf(one, 'x'), 1));
  const dy = Float32Array.from(someValues(elementsOf(one, 'dy'), 2));
  const dw = new Float32Array(elementsOf(one, 'dw'));
  conv2dBackwardWeight.twin({ x, dy, dw }, one.params, { ...context, math: float32 });
  const positions = batch * outH * outW;
  expect(positions).toBeGreaterThan(65_536);
  for (let r = 0; r < kernelH; r++) {
    const wanted = orderedSum(float32, positions, (sum, index) => {
      const iy = (Math.floor(index / outW) % outH) + r;
      const value = iy < inH ? x[Math.floor(index / outW / outH) * inH * inW + iy * inW + (index % outW)]! : 0;
      return float32.mulAdd(value, dy[index]!, sum);
    });
    expect(dw[r]).toBe(wanted);
  }
  expect(dw[kernelH]).toBe(orderedSum(float32, positions, (sum, index) => Math.fround(sum + dy[index]!)));
});
