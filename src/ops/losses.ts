/**
 * Losses fused with their gradients. They find labels and targets of a batch in the resident dataset by the chunk's table of indices.
 * Each row of a batch also leaves its loss and two measures of success in `rows`, which `batch_metrics` adds up on the device.
 */
import type { Arithmetic } from '../arithmetic/arithmetic.ts';
import { defineKernel, launchLinear, linearVariants } from './kernel.ts';
import type { KernelCase } from './kernel.ts';
import { orderedSum } from './product.ts';
import { bitsOfFloat, floatOfBits, lossColumns, memberColumns } from './tables.ts';

/**
 * loss = w · ((1-s)·nll(label) + s · mean over c of nll(c)), nll(c) = log Σ exp(logit - max) - (logit[c] - max), w = classWeights[label];
 * dlogits[p,m,c] = (softmax(logits[p,m])[c] - target[c]) · w · inverseBatch, target[c] = (1-s)·(c == label) + s/classes;
 * rows[p,m] = (loss, 1 if the first largest logit is the label's else 0, 1 if fewer than topK classes come before the label else 0):
 * before it come those with a larger logit, and those with an equal one and a lower index.
 * logits [population, batch, classes], labels [rows of the set], indices [population or 1, chunk rows, batch], members (see tables.ts, s
 * is the smoothing), classWeights [population or 1, classes] → dlogits like logits, rows [chunk rows, population, batch, 3].
 * indexStride, weightStride: elements from one member to the next, 0 where all share them. Rows at or after validRows give zeros.
 * Subtracting the largest logit keeps it stable for logits of 1e4. Smoothing as torch.nn.CrossEntropyLoss (Szegedy et al., Rethinking
 * the Inception architecture, 2015, section 7); weights multiply each row, and the mean is over the rows, as in Keras.
 * Longest sum: classes terms.
 */
export const softmaxCrossEntropy = defineKernel({
  name: 'softmax_cross_entropy',
  reads: { logits: 'f32', labels: 'u32', indices: 'u32', members: 'u32', classWeights: 'f32' },
  writes: { dlogits: 'f32', rows: 'f32' },
  params: {
    batch: 'u32',
    classes: 'u32',
    indexStride: 'u32',
    weightStride: 'u32',
    columns: 'u32',
    /** 0 leaves the third number of the rows at 0. */
    topK: 'u32',
    inverseBatch: 'f32',
    population: 'u32',
  },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(p.batch, p.population, tile),
  longestSum: (p) => p.classes,
  twin(
    { logits, labels, indices, members, classWeights, dlogits, rows },
    { batch, classes, indexStride, weightStride, columns, topK, inverseBatch, population },
    { math, step },
  ) {
    const { round } = math;
    for (let member = 0; member < population; member++) {
      const smoothing = floatOfBits(members[member * columns + memberColumns.smoothing]!);
      const other = round(smoothing / classes);
      const own = round(round(1 - smoothing) + other);
      for (let row = 0; row < batch; row++) {
        const start = (member * batch + row) * classes;
        const out = ((step.row * population + member) * batch + row) * lossColumns;
        if (row >= step.validRows) {
          dlogits.fill(0, start, start + classes);
          rows.fill(0, out, out + lossColumns);
          continue;
        }
        const label = labels[indices[member * indexStride + step.row * batch + row]!]!;
        const weight = classWeights[member * weightStride + label]!;
        const labelLogit = logits[start + label]!;
        let best = 0;
        let before = 0;
        for (let c = 0; c < classes; c++) {
          const logit = logits[start + c]!;
          if (logit > logits[start + best]!) best = c;
          if (logit > labelLogit || (logit === labelLogit && c < label)) before++;
        }
        const max = logits[start + best]!;
        const shifted = (c: number) => round(logits[start + c]! - max);
        for (let c = 0; c < classes; c++) dlogits[start + c] = math.exp(shifted(c));
        const sum = orderedSum(math, classes, (total, c) => round(total + dlogits[start + c]!));
        const scale = round(inverseBatch * weight);
        for (let c = 0; c < classes; c++) {
          const probability = round(dlogits[start + c]! / sum);
          dlogits[start + c] = math.flush(round(round(probability - (c === label ? own : other)) * scale));
        }
        let loss = round(math.log(sum) - shifted(label));
        if (smoothing > 0) {
          const mean = round(orderedSum(math, classes, (total, c) => round(total + shifted(c))) / classes);
          loss = math.mulAdd(smoothing, round(shifted(label) - mean), loss);
        }
        rows[out] = round(loss * weight);
        rows[out + 1] = best === label ? 1 : 0;
        rows[out + 2] = before < topK ? 1 : 0;
      }
    }
  },
});

/** The constant KIND of `regression_loss`. */
export const regressionKinds = { squared: 0, absolute: 1, huber: 2 } as const;

/** A difference's term of the loss, as two factors, and its slope. */
function errorTerm(
  { round, flush }: Arithmetic,
  kind: number | undefined,
  difference: number,
  delta: number,
): readonly [left: number, right: number, slope: number] {
  const size = Math.abs(difference);
  const large = flush(difference);
  const direction = large > 0 ? 1 : large < 0 ? -1 : large;
  if (kind === regressionKinds.absolute) return [1, size, direction];
  if (kind === regressionKinds.huber) {
    const near = size > delta ? delta : size;
    return [near, round(size - 0.5 * near), size > delta ? direction * delta : difference];
  }
  return [difference, difference, difference];
}

/**
 * rows[p,m] = (lossScale · Σ over o of term(d), 1 if the first largest y is at the largest t else 0, Σ over o of d²), d = y - t;
 * dy[p,m,o] = gradientScale · slope(d).
 * By KIND, squared: d², d; absolute: |d|, sign(d) with 0 at 0; huber: d²/2, d up to |d| = delta, then delta·(|d| - delta/2),
 * delta·sign(d), which is min(|d|, delta) · (|d| - min(|d|, delta)/2) (Huber, Robust estimation of a location parameter, 1964).
 * mse: squared with lossScale 1/outputs, gradientScale 2/(batch·outputs). quadratic: squared with 1/2 and 1/batch.
 * mae, huber: 1/outputs and 1/(batch·outputs), as torch.nn.L1Loss and HuberLoss.
 * y [population, batch, outputs], targets [rows of the set, outputs], indices [population or 1, chunk rows, batch] → dy like y,
 * rows [chunk rows, population, batch, 3]. Longest sum: outputs terms.
 */
export const regressionLoss = defineKernel({
  name: 'regression_loss',
  reads: { y: 'f32', targets: 'f32', indices: 'u32' },
  writes: { dy: 'f32', rows: 'f32' },
  params: {
    batch: 'u32',
    outputs: 'u32',
    indexStride: 'u32',
    lossScale: 'f32',
    gradientScale: 'f32',
    delta: 'f32',
    population: 'u32',
  },
  variants: linearVariants,
  launch: (p, tile) => launchLinear(p.batch, p.population, tile),
  longestSum: (p) => p.outputs,
  twin(
    { y, targets, indices, dy, rows },
    { batch, outputs, indexStride, lossScale, gradientScale, delta, population },
    { math, step, constants },
  ) {
    const { round } = math;
    for (let member = 0; member < population; member++) {
      for (let row = 0; row < batch; row++) {
        const start = (member * batch + row) * outputs;
        const target = indices[member * indexStride + step.row * batch + row]! * outputs;
        const out = ((step.row * population + member) * batch + row) * lossColumns;
        if (row >= step.validRows) {
          dy.fill(0, start, start + outputs);
          rows.fill(0, out, out + lossColumns);
          continue;
        }
        let best = 0;
        let wanted = 0;
        for (let o = 1; o < outputs; o++) {
          if (y[start + o]! > y[start + best]!) best = o;
          if (targets[target + o]! > targets[target + wanted]!) wanted = o;
        }
        const difference = (o: number) => round(y[start + o]! - targets[target + o]!);
        const term = (o: number) => errorTerm(math, constants.KIND, difference(o), delta);
        for (let o = 0; o < outputs; o++) dy[start + o] = math.flush(round(term(o)[2] * gradientScale));
        const sum = orderedSum(math, outputs, (total, o) => {
          const [left, right] = term(o);
          return math.mulAdd(left, right, total);
        });
        const squares = (total: number, o: number) => math.mulAdd(difference(o), difference(o), total);
        rows[out] = round(sum * lossScale);
        rows[out + 1] = best === wanted ? 1 : 0;
        rows[out + 2] = orderedSum(math, outputs, squares);
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

/** A table of members with these smoothings; the other columns are not read here. */
function smoothings(values: readonly number[]): readonly number[] {
  return values.flatMap((value) =>
    Array.from({ length: memberColumns.first }, (_, column) =>
      column === memberColumns.smoothing ? bitsOfFloat(value) : 1,
    ),
  );
}

export const lossCases: readonly KernelCase[] = /* @__PURE__ */ sizes.flatMap(
  ([batch, width, population], index): KernelCase[] => {
    // In every second case all members see the same rows, without weights; the first has no smoothing.
    const copies = index % 2 === 0 ? population : 1;
    const elements = population * batch * width;
    const setRows = batch + 3;
    const indexStride = 2 * batch;
    const shared = {
      indices: { elements: copies * indexStride, fill: { kind: 'below', bound: setRows } },
      rows: { elements: 2 * population * batch * lossColumns },
    } as const;
    const y = { elements, fill: { kind: 'normal', scale: 3 } } as const;
    const step = { row: 1, validRows: Math.max(1, batch - 2) };
    const name = `${batch}x${width}, population ${population}`;
    const members = smoothings(Array.from({ length: population }, (_, member) => (index + member) * 0.11));
    const regression: KernelCase = {
      kernel: regressionLoss,
      name,
      params: {
        batch,
        outputs: width,
        indexStride: copies === 1 ? 0 : indexStride,
        lossScale: Math.fround(1 / width),
        gradientScale: Math.fround(2 / (batch * width)),
        delta: 1.5,
        population,
      },
      step,
      tensors: { y, targets: { ...y, elements: setRows * width }, dy: { elements }, ...shared },
    };
    return [
      {
        kernel: softmaxCrossEntropy,
        name,
        params: {
          batch,
          classes: width,
          indexStride: copies === 1 ? 0 : indexStride,
          weightStride: copies === 1 ? 0 : width,
          columns: memberColumns.first,
          topK: 2,
          inverseBatch: Math.fround(1 / batch),
          population,
        },
        step,
        tensors: {
          logits: y,
          labels: { elements: setRows, fill: { kind: 'below', bound: width } },
          members: { elements: members.length, fill: { kind: 'values', values: members } },
          classWeights: {
            elements: copies * width,
            fill: index % 2 === 0 ? { kind: 'positive', scale: 1 } : { kind: 'values', values: [1] },
          },
          dlogits: { elements },
          ...shared,
        },
      },
      regression,
      ...(batch === 7 || width === 65_793
        ? [regressionKinds.absolute, regressionKinds.huber].map((KIND) => ({
            ...regression,
            name: `${name}, kind ${KIND}`,
            constants: { KIND },
          }))
        : []),
    ];
  },
);

/** Logits of 1e4: the loss must stay finite and right. Two of the rows have equal logits, before and after their label. */
export const extremeLogitCase: KernelCase = {
  kernel: softmaxCrossEntropy,
  name: 'logits of 1e4',
  params: {
    batch: 5,
    classes: 3,
    indexStride: 0,
    weightStride: 0,
    columns: memberColumns.first,
    topK: 2,
    inverseBatch: Math.fround(0.2),
    population: 1,
  },
  step: { validRows: 5 },
  tensors: {
    logits: {
      elements: 15,
      fill: { kind: 'values', values: [1e4, -1e4, 0, -1e4, -1e4, -1e4, 1e4, 9999, 0, 0, 1e-4, -1e4, 2, 2, 2] },
    },
    labels: { elements: 5, fill: { kind: 'values', values: [1, 2, 0, 1, 1] } },
    indices: { elements: 5, fill: { kind: 'values', values: [0, 1, 2, 3, 4] } },
    members: { elements: memberColumns.first, fill: { kind: 'values', values: smoothings([0.25]) } },
    classWeights: { elements: 3, fill: { kind: 'values', values: [0.5, 2, 0] } },
    dlogits: { elements: 15 },
    rows: { elements: 5 * lossColumns },
  },
};

/** Differences of 0, of delta and beside it: where slopes bend. */
export const kinkCases: readonly KernelCase[] = /* @__PURE__ */ [regressionKinds.absolute, regressionKinds.huber].map(
  (KIND) => ({
    kernel: regressionLoss,
    name: `at the kinks, kind ${KIND}`,
    params: { batch: 2, outputs: 5, indexStride: 0, lossScale: 0.25, gradientScale: 0.125, delta: 0.5, population: 1 },
    constants: { KIND },
    tensors: {
      y: {
        elements: 10,
        fill: { kind: 'values', values: [0, 0.5, -0.5, 0.50000006, -0.50000006, 2e-38, -2e-38, 7, -7, 1e19] },
      },
      targets: { elements: 5, fill: { kind: 'values', values: [0] } },
      indices: { elements: 2, fill: { kind: 'values', values: [0] } },
      dy: { elements: 10 },
      rows: { elements: 2 * lossColumns },
    },
  }),
);
