/**
 * Losses fused with their gradients. They find labels and targets of a batch in the resident dataset by the chunk's table of indices.
 * Each row of a batch also leaves its loss (and whether it was right) in `rows`, which `batch_metrics` adds up on the device.
 */
import { defineKernel, launchLinear, linearVariants } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { orderedSum } from './product.ts';

/**
 * dlogits[p,m,c] = (softmax(logits[p,m])[c] - (c == label[m])) · inverseBatch
 * rows[p,m] = (loss, 1 if the first largest logit is the label's else 0); loss = log Σ exp(logit - max) - (logit[label] - max)
 * logits [population, batch, classes], labels [rows of the set], indices [population or 1, chunk rows, batch] → dlogits like logits,
 * rows [chunk rows, population, batch, 2]. indexStride: elements of the indices from one member to the next, 0 where all share them.
 * Rows at or after validRows give zeros. Subtracting the largest logit keeps it stable for logits of 1e4.
 * Longest sum: classes terms.
 */
export const softmaxCrossEntropy = defineKernel({
  name: 'softmax_cross_entropy',
  reads: { logits: 'f32', labels: 'u32', indices: 'u32' },
  writes: { dlogits: 'f32', rows: 'f32' },
  params: { batch: 'u32', classes: 'u32', indexStride: 'u32', inverseBatch: 'f32', population: 'u32' },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(p.batch, p.population, tile),
  longestSum: (p) => p.classes,
  twin(
    { logits, labels, indices, dlogits, rows },
    { batch, classes, indexStride, inverseBatch, population },
    { math, step },
  ) {
    const { round } = math;
    for (let member = 0; member < population; member++) {
      for (let row = 0; row < batch; row++) {
        const start = (member * batch + row) * classes;
        const out = ((step.row * population + member) * batch + row) * 2;
        if (row >= step.validRows) {
          dlogits.fill(0, start, start + classes);
          rows[out] = rows[out + 1] = 0;
          continue;
        }
        const label = labels[indices[member * indexStride + step.row * batch + row]!]!;
        let best = 0;
        for (let c = 1; c < classes; c++) if (logits[start + c]! > logits[start + best]!) best = c;
        const max = logits[start + best]!;
        for (let c = 0; c < classes; c++) dlogits[start + c] = math.exp(round(logits[start + c]! - max));
        const sum = orderedSum(math, classes, (total, c) => round(total + dlogits[start + c]!));
        for (let c = 0; c < classes; c++) {
          const probability = round(dlogits[start + c]! / sum);
          dlogits[start + c] = math.flush(round(round(probability - (c === label ? 1 : 0)) * inverseBatch));
        }
        rows[out] = round(math.log(sum) - round(logits[start + label]! - max));
        rows[out + 1] = best === label ? 1 : 0;
      }
    }
  },
});

/**
 * rows[p,m] = (lossScale · Σ over o of (y - t)², 1 if the first largest y is at the largest t else 0);
 * dy[p,m,o] = gradientScale · (y - t).  mse: lossScale 1/outputs, gradientScale 2/(batch·outputs). quadratic: 1/2 and 1/batch.
 * y [population, batch, outputs], targets [rows of the set, outputs], indices [population or 1, chunk rows, batch] → dy like y,
 * rows [chunk rows, population, batch, 2].
 * Longest sum: outputs terms.
 */
export const squaredError = defineKernel({
  name: 'squared_error',
  reads: { y: 'f32', targets: 'f32', indices: 'u32' },
  writes: { dy: 'f32', rows: 'f32' },
  params: {
    batch: 'u32',
    outputs: 'u32',
    indexStride: 'u32',
    lossScale: 'f32',
    gradientScale: 'f32',
    population: 'u32',
  },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(p.batch, p.population, tile),
  longestSum: (p) => p.outputs,
  twin(
    { y, targets, indices, dy, rows },
    { batch, outputs, indexStride, lossScale, gradientScale, population },
    { math, step },
  ) {
    const { round } = math;
    for (let member = 0; member < population; member++) {
      for (let row = 0; row < batch; row++) {
        const start = (member * batch + row) * outputs;
        const target = indices[member * indexStride + step.row * batch + row]! * outputs;
        const out = ((step.row * population + member) * batch + row) * 2;
        if (row >= step.validRows) {
          dy.fill(0, start, start + outputs);
          rows[out] = rows[out + 1] = 0;
          continue;
        }
        let best = 0;
        let wanted = 0;
        for (let o = 1; o < outputs; o++) {
          if (y[start + o]! > y[start + best]!) best = o;
          if (targets[target + o]! > targets[target + wanted]!) wanted = o;
        }
        rows[out + 1] = best === wanted ? 1 : 0;
        const difference = (o: number) => round(y[start + o]! - targets[target + o]!);
        for (let o = 0; o < outputs; o++) dy[start + o] = math.flush(round(difference(o) * gradientScale));
        rows[out] = round(
          orderedSum(math, outputs, (sum, o) => math.mulAdd(difference(o), difference(o), sum)) * lossScale,
        );
      }
    }
  },
});

const sizes = [
  [1, 1, 1],
  [7, 2, 3],
  [33, 10, 2],
  [257, 7, 1],
  [5, 600, 1],
  // Sums of more than 65,536 terms: the third level of the rule.
  [2, 65_793, 1],
] as const;

export const lossCases: readonly KernelCase[] = sizes.flatMap(([batch, width, population], index): KernelCase[] => {
  // In every second case all members see the same rows.
  const copies = index % 2 === 0 ? population : 1;
  const elements = population * batch * width;
  const setRows = batch + 3;
  const indexStride = 2 * batch;
  const shared = {
    indices: { elements: copies * indexStride, fill: { kind: 'below', bound: setRows } },
    rows: { elements: 2 * population * batch * 2 },
  } as const;
  const y = { elements, fill: { kind: 'normal', scale: 3 } } as const;
  const step = { row: 1, validRows: Math.max(1, batch - 2) };
  const name = `${batch}x${width}, population ${population}`;
  return [
    {
      kernel: softmaxCrossEntropy,
      name,
      params: {
        batch,
        classes: width,
        indexStride: copies === 1 ? 0 : indexStride,
        inverseBatch: Math.fround(1 / batch),
        population,
      },
      step,
      tensors: {
        logits: y,
        labels: { elements: setRows, fill: { kind: 'below', bound: width } },
        dlogits: { elements },
        ...shared,
      },
    },
    {
      kernel: squaredError,
      name,
      params: {
        batch,
        outputs: width,
        indexStride: copies === 1 ? 0 : indexStride,
        lossScale: Math.fround(1 / width),
        gradientScale: Math.fround(2 / (batch * width)),
        population,
      },
      step,
      tensors: { y, targets: { ...y, elements: setRows * width }, dy: { elements }, ...shared },
    },
  ];
});

/** Logits of 1e4: the loss must stay finite and right. */
export const extremeLogitCase: KernelCase = {
  kernel: softmaxCrossEntropy,
  name: 'logits of 1e4',
  params: { batch: 4, classes: 3, indexStride: 0, inverseBatch: 0.25, population: 1 },
  step: { validRows: 4 },
  tensors: {
    logits: {
      elements: 12,
      fill: { kind: 'values', values: [1e4, -1e4, 0, -1e4, -1e4, -1e4, 1e4, 9999, 0, 0, 1e-4, -1e4] },
    },
    labels: { elements: 4, fill: { kind: 'values', values: [1, 2, 0, 1] } },
    indices: { elements: 4, fill: { kind: 'values', values: [0, 1, 2, 3] } },
    dlogits: { elements: 12 },
    rows: { elements: 8 },
  },
};
