/** The twins of the losses against formulae written down here in float64: ties, kinks, smoothing and weights. */
import { expect, test } from 'vitest';
import { float64 } from '../../src/arithmetic/arithmetic.ts';
import { regressionKinds, regressionLoss, softmaxCrossEntropy } from '../../src/ops/losses.ts';
import { bitsOfFloat, lossColumns, memberColumns } from '../../src/ops/tables.ts';

const context = (batch: number, constants = {}) => ({
  math: float64,
  step: { step: 0, row: 0, validRows: batch },
  constants,
  stepCount: 1,
});

interface ClassifierOptions {
  readonly smoothing?: number;
  readonly weights?: readonly number[];
  readonly topK?: number;
}

/** Rows and gradients of one member; the mean over the batch is in the gradients. */
function crossEntropy(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  { smoothing = 0, weights, topK = 0 }: ClassifierOptions = {},
) {
  const batch = logits.length;
  const classes = logits[0]!.length;
  const dlogits = new Float64Array(batch * classes);
  const rows = new Float64Array(batch * lossColumns);
  const members = new Uint32Array(memberColumns.first);
  members[memberColumns.smoothing] = bitsOfFloat(smoothing);
  softmaxCrossEntropy.twin(
    {
      logits: Float64Array.from(logits.flat()),
      labels: Uint32Array.from(labels),
      indices: Uint32Array.from(labels.keys()),
      members,
      classWeights: Float64Array.from(weights ?? Array.from({ length: classes }, () => 1)),
      dlogits,
      rows,
    },
    {
      batch,
      classes,
      indexStride: 0,
      weightStride: 0,
      columns: memberColumns.first,
      topK,
      inverseBatch: 1 / batch,
      population: 1,
    },
    context(batch),
  );
  const row = (index: number) => Array.from(rows.subarray(index * lossColumns, (index + 1) * lossColumns));
  const gradient = (index: number) => Array.from(dlogits.subarray(index * classes, (index + 1) * classes));
  return { row, gradient };
}

test.each([
  [0, undefined],
  [0.25, undefined],
  [0, [0.5, 4, 0]],
  [0.5, [2, 0.25, 3]],
])('smoothing %d and weights %j give the cross-entropy with the smoothed target', (smoothing, weights) => {
  const logits = [
    [1, -2, 0.5],
    [0, 0, 3],
    [-1, 4, 4],
  ];
  const labels = [1, 2, 0];
  const { row, gradient } = crossEntropy(logits, labels, { smoothing, weights });
  for (const [m, z] of logits.entries()) {
    const label = labels[m]!;
    const weight = weights?.[label] ?? 1;
    const exponentials = z.map(Math.exp);
    const sum = exponentials.reduce((a, b) => a + b);
    const target = z.map((_, c) => (c === label ? 1 - smoothing : 0) + smoothing / 3);
    const loss = z.reduce((total, logit, c) => total + target[c]! * (Math.log(sum) - logit), 0);
    expect(row(m)[0]).toBeCloseTo(weight * loss, 14);
    for (const [c, exponential] of exponentials.entries()) {
      expect(gradient(m)[c]).toBeCloseTo((weight * (exponential / sum - target[c]!)) / 3, 14);
    }
  }
});

test.each([
  // Label 2 has one larger logit and two equal ones before it, and one after it.
  [3, 0],
  [4, 1],
])('among the %d largest: equal logits of lower index count before the label', (topK, expected) => {
  const { row } = crossEntropy([[1, 1, 1, 1, 5]], [2], { topK });
  expect(row(0).slice(1)).toEqual([0, expected]);
});

test('the largest alone is what accuracy counts, ties included', () => {
  const logits = [
    [2, 2, 0],
    [2, 2, 0],
    [0, 1, 3],
  ];
  const { row } = crossEntropy(logits, [0, 1, 2], { topK: 1 });
  expect([0, 1, 2].map((m) => row(m).slice(1))).toEqual([
    [1, 1],
    [0, 0],
    [1, 1],
  ]);
});

function regression(kind: keyof typeof regressionKinds, differences: readonly number[], delta = 0.5) {
  const outputs = differences.length;
  const dy = new Float64Array(outputs);
  const rows = new Float64Array(lossColumns);
  regressionLoss.twin(
    {
      y: Float64Array.from(differences),
      targets: new Float64Array(outputs),
      indices: new Uint32Array(1),
      dy,
      rows,
    },
    { batch: 1, outputs, indexStride: 0, lossScale: 1, gradientScale: 1, delta, population: 1 },
    context(1, { KIND: regressionKinds[kind] }),
  );
  return { loss: rows[0], squares: rows[2], slopes: Array.from(dy) };
}

test('the absolute error has the slopes -1, 0 and 1, and leaves its squares too', () => {
  expect(regression('absolute', [-2, 0, 0.25, 7])).toEqual({
    loss: 9.25,
    squares: 4 + 0.0625 + 49,
    slopes: [-1, 0, 1, 1],
  });
});

test.each([0.25, 0.5, 0.75, 3, -0.5, -1])('the Huber loss of a difference of %d is right', (difference) => {
  const size = Math.abs(difference);
  const { loss, squares, slopes } = regression('huber', [difference]);
  expect(loss).toBeCloseTo(size < 0.5 ? size ** 2 / 2 : 0.5 * (size - 0.25), 15);
  expect(squares).toBe(difference ** 2);
  expect(slopes).toEqual([Math.sign(difference) * Math.min(size, 0.5)]);
});

test.each(['squared', 'absolute', 'huber'] as const)('a %s error that is not a number stays none', (kind) => {
  const { loss, slopes } = regression(kind, [Number.NaN]);
  expect([loss, ...slopes]).toEqual([NaN, NaN]);
});
