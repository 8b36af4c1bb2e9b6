/**
 * The numbers of docs/worked-example.md through the project's own plan. In float64 the data is written to the plan's buffers unrounded
 * (0.1 is no float32), so that only the order of operations is left to differ.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { float32, float64 } from '../../src/arithmetic/arithmetic.ts';
import type { Arithmetic } from '../../src/arithmetic/arithmetic.ts';
import { createCpuExecutor } from '../../src/cpu/executor.ts';

import { createFeed, prepare, uploadData } from '../../src/train/session.ts';
import { arenaOf, datasetOf, denseNetwork, denseValues, recipeOf, valuesOf, weightDistance } from '../oracle/follow.ts';
import type { LayerValues } from '../oracle/follow.ts';

interface WorkedExample {
  readonly x: readonly number[];
  readonly target: readonly number[];
  readonly learningRate: number;
  readonly layers: readonly LayerValues[];
  readonly forward: { readonly a: readonly (readonly number[])[]; readonly loss: number };
  readonly backward: { readonly delta: readonly (readonly number[])[]; readonly gradients: readonly LayerValues[] };
  readonly w1_11: { readonly before: number; readonly gradient: number; readonly after: number };
  readonly updatedLayers: readonly LayerValues[];
  readonly lossAfter: number;
}

const example = JSON.parse(readFileSync(new URL('worked-example.json', import.meta.url), 'utf8')) as WorkedExample;
const network = denseNetwork({
  sizes: [3, 2, 2],
  activations: ['sigmoid', 'sigmoid'],
  loss: 'quadratic',
  x: [example.x],
  targets: [example.target],
  initial: example.layers,
});

/** Two steps; of the first also the outputs before it, its gradients and updated layers. */
async function run(math: Arithmetic) {
  const optimizer = { type: 'sgd', learningRate: example.learningRate };
  const prepared = prepare(recipeOf(network, { optimizer, batch: 1, steps: 2 }), datasetOf(network), {
    shareSlots: false,
  });
  const { plan } = prepared;
  using executor = createCpuExecutor(plan, math);
  uploadData(prepared, executor);
  executor.write('inputs0', Float64Array.from(example.x));
  executor.write('targets', Float64Array.from(example.target));
  executor.write('parameters', arenaOf(plan.model, network.initial, math));
  const feed = createFeed(prepared, math);
  // In training, gradients take the place of outputs.
  executor.run('predict', { steps: feed.loadRows(executor, [Uint32Array.of(0)], 0).steps });
  const outputs: number[][] = [];
  for (const { tensor } of plan.activations) outputs.push([...(await executor.read(tensor.buffer))]);
  const step = async (index: number) => {
    executor.run('train', { steps: feed.loadTraining(executor, index, 1, [1]) });
    return (await executor.read('metrics'))[0]!;
  };
  const loss = await step(0);
  return {
    loss,
    outputs,
    gradients: valuesOf(plan.model, await executor.read('gradients')),
    updated: valuesOf(plan.model, await executor.read('parameters')),
    lossAfter: await step(1),
  };
}

// Float32: half an ulp is 6e-8, and a few roundings follow one another.
test.each([
  ['float64', float64, 1e-14],
  ['float32', float32, 5e-7],
] as const)('the plan computes the worked example in %s', async (_format, math, bound) => {
  const { loss, outputs, gradients, updated, lossAfter } = await run(math);
  const digits = -Math.log10(2 * bound);
  expect(loss).toBeCloseTo(example.forward.loss, digits);
  for (const [layer, values] of example.forward.a.entries()) {
    for (const [unit, value] of values.entries()) expect(outputs[layer]![unit]).toBeCloseTo(value, digits);
  }
  expect(weightDistance(gradients, denseValues(example.backward.gradients))).toBeLessThan(bound);
  expect(weightDistance(updated, denseValues(example.updatedLayers))).toBeLessThan(bound);
  expect(gradients['dense1.weight']![0]).toBeCloseTo(example.w1_11.gradient, digits);
  expect(updated['dense1.weight']![0]).toBeCloseTo(example.w1_11.after, digits);
  expect(lossAfter).toBeCloseTo(example.lossAfter, digits);
});

test('the text states what the plan computes', async () => {
  const text = readFileSync(new URL('../../docs/worked-example.md', import.meta.url), 'utf8');
  const { loss, gradients, updated, lossAfter } = await run(float64);
  for (const value of [loss, gradients['dense1.weight']![0]!, updated['dense1.weight']![0]!, lossAfter]) {
    expect(text).toContain(value.toPrecision(6));
  }
});
